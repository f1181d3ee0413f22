/** Rotation of signing keys as docs/session.md says, over two proxies that are never at the same step at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Replicas } from '../../demo/replica.ts'
import { ENVIRONMENT, K1, K2 } from '../session/keys.ts'
import { readToken, tokenOf, type SigningKey } from '../session/token.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest } from './raw-request.ts'
import { IDLE, SCOPE, cookieOf, sessionSeen, sessionsSet, signing } from './signed.ts'
import type { ListenersFile } from '../../tools/listeners-file.ts'
import { startWatching } from './watching.ts'

type Ring = readonly [SigningKey, ...SigningKey[]]

/** One proxy goes first. */
const BEFORE_THE_END: readonly (readonly [Ring, Ring])[] = [
  [[K1], [K1]],
  [[K1, K2], [K1]],
  [
    [K1, K2],
    [K1, K2],
  ],
  [
    [K2, K1],
    [K1, K2],
  ],
  [
    [K2, K1],
    [K2, K1],
  ],
]
/** Once absoluteTimeout has passed, no session of k1 lives. */
const AT_THE_END: readonly (readonly [Ring, Ring])[] = [
  [[K2], [K2, K1]],
  [[K2], [K2]],
]
const JOINING = 8

/** `step` is the name of the cookie that /step mints, so that a test sees which configuration is in force. */
const configuration = (ring: Ring, step: number, key: object) => ({
  session: { signing: signing(...ring) },
  key,
  rules: [{ name: 'step', match: { paths: ['/step'] }, session: { cookie: { name: `step${step}` } } }],
})

class Client {
  token: string
  readonly pod: string | undefined
  readonly id: string | undefined

  private constructor(token: string, id: string | undefined, pod: string | undefined) {
    this.token = token
    this.id = id
    this.pod = pod
  }

  static async joining(port: number): Promise<Client> {
    const answer = await rawRequest(port, [])
    const [set] = sessionsSet(answer)
    if (set === undefined) throw new Error('no session was set')
    return new Client(set.value, sessionSeen(answer), answer.echo?.pod)
  }

  get kid(): string {
    return readToken(this.token)?.kid ?? ''
  }

  /** More than half of the idle time goes by. */
  age(): void {
    const token = readToken(this.token)
    const key = [K1, K2].find(({ kid }) => kid === token?.kid)
    if (token === undefined || key === undefined) throw new Error(`no token: ${this.token}`)
    const later = IDLE / 2 + 60
    this.token = tokenOf(key, SCOPE, { ...token, birth: token.birth - later, issued: token.issued - later })
  }

  /** One request; what was set is kept, and returned. */
  async visit(port: number): Promise<readonly string[]> {
    const answer = await rawRequest(port, cookieOf(this.token))
    expect([answer.status, sessionSeen(answer), answer.echo?.pod]).toEqual([200, this.id, this.pod])
    const set = sessionsSet(answer).map(({ value }) => value)
    expect(answer.setCookie).toHaveLength(set.length)
    this.token = set[0] ?? this.token
    return set
  }
}

inEnvoy(({ binary }) => {
  describe.each([
    ['the key header', 'destination-rules/http-header-name.yaml', { from: ['session'] }],
    ['the cookie', 'destination-rules/http-cookie-without-ttl.yaml', { skip: true }],
  ])('with a DestinationRule that hashes %s', (_, destinationRule, key) => {
    test('keys rotate in three steps, and nobody moves or loses a session', async () => {
      await using replicas = await Replicas.start()
      const proxies = await Promise.all(
        [0, 1].map(() =>
          startWatching({
            binary,
            replicas: replicas.ports,
            env: ENVIRONMENT,
            destinationRule,
            pluginConfig: configuration([K1], 0, key),
          }),
        ),
      )
      try {
        const [first, second] = proxies as [ListenersFile<unknown>, ListenersFile<unknown>]
        let clients: Client[] = []
        let step = 0

        const roll = async (rings: readonly [Ring, Ring]) => {
          step++
          for (const [i, proxy] of proxies.entries()) proxy.apply(configuration(rings[i] ?? [K1], step, key))
          await Promise.all(proxies.map((proxy) => untilAt(proxy, step)))

          clients.push(
            ...(await Promise.all(Array.from({ length: JOINING }, () => Client.joining(first.port)))),
          )
          clients.push(
            ...(await Promise.all(Array.from({ length: JOINING }, () => Client.joining(second.port)))),
          )
          // Both proxies know everybody, and have nothing to set.
          for (const { port } of proxies) {
            const set = await Promise.all(clients.map((client) => client.visit(port)))
            expect(set.flat()).toEqual([])
          }
          // Renewal is all that ever sets a cookie, by the key that signs where it happens.
          const aged = clients.filter((_client, i) => i % 3 === 0)
          for (const [i, client] of aged.entries()) {
            client.age()
            const birth = readToken(client.token)?.birth
            const set = await client.visit(proxies[i % 2]?.port ?? 0)
            expect(set.map((token) => readToken(token))).toMatchObject([
              { kid: rings[i % 2]?.[0].kid, birth },
            ])
          }
        }

        for (const rings of BEFORE_THE_END) await roll(rings)
        expect(new Set(clients.map(({ kid }) => kid))).toEqual(new Set(['k1', 'k2']))
        expect(new Set(clients.map(({ pod }) => pod)).size).toBe(3)
        clients = clients.filter(({ kid }) => kid === 'k2')
        for (const rings of AT_THE_END) await roll(rings)
      } finally {
        await Promise.all(proxies.map((proxy) => proxy.stop()))
      }
    })
  })
})

async function untilAt({ port }: ListenersFile<unknown>, step: number): Promise<void> {
  const deadline = Date.now() + 30_000
  while (sessionsSet(await rawRequest(port, [], { path: '/step' }), `step${step}`).length === 0) {
    if (Date.now() > deadline) throw new Error(`step ${step} never came`)
    await sleep(10)
  }
}
