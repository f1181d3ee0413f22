/** Sessions that stay on their pod, as Istio generates them from manifests/strong, in real Envoys. */
import { expect, test } from 'vitest'
import { Replicas } from '../../demo/replica.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { type RawAnswer, rawRequest, seen } from '../envoy/raw-request.ts'
import { sessionSeen, sessionsSet } from '../envoy/signed.ts'
import { K1 } from '../session/keys.ts'
import { openSeal, sealOf } from '../session/sealed.ts'
import { idOf, readToken } from '../session/token.ts'
import { type Golden, runSet } from './golden.ts'

const HEADER = 'x-session-pod'
const SESSIONS = 16
const NONCE = Buffer.alloc(16, 3)

const tokenOf = (port: number): string => Buffer.from(`127.0.0.1:${port}`).toString('base64')

/** A cookie as its client holds it, and what it says. */
interface Session {
  readonly value: string
  readonly id: string
  readonly pod: string
  /** Envoy's token in it. */
  readonly place: string
}

const cookie = (value: string): string[] => ['cookie', `ISTIOID=${value}`]

function sessionOf(answer: RawAnswer): Session {
  const value = sessionsSet(answer)[0]?.value ?? ''
  const token = value.split('~')[0] ?? ''
  const id = readToken(token)?.id ?? Buffer.alloc(16)
  const opened = openSeal(K1, ['ISTIOID', ''], id, value)
  expect(opened?.rest).toBe(token)
  return { value, id: idOf(token), pod: answer.echo?.pod ?? '', place: opened?.pod ?? '' }
}

/** First visits. No answer shows where its pod is. */
async function begin({ port }: { readonly port: number }): Promise<readonly Session[]> {
  const answers = await Promise.all(Array.from({ length: SESSIONS }, () => rawRequest(port, [])))
  expect(answers.map(({ headers }) => headers[HEADER])).toEqual(answers.map(() => undefined))
  const sessions = answers.map(sessionOf)
  expect(new Set(sessions.map(({ pod }) => pod)).size).toBeGreaterThan(1)
  return sessions
}

type Clusters = Golden['static_resources']['clusters']

interface Endpoint {
  readonly endpoint: { address: { socket_address: { address: string; port_value: number } } }
  health_status?: string
}

/** The endpoints of the Service, in the order of the replicas. */
function endpointsOf(golden: Golden): Endpoint[] {
  const assigned = golden.static_resources.clusters.flatMap(
    ({ load_assignment }: Clusters[number]) => load_assignment?.endpoints ?? [],
  )
  const [first] = assigned.filter(({ lb_endpoints }) => lb_endpoints.length === 3)
  if (first === undefined) throw new Error('no cluster with three endpoints')
  return first.lb_endpoints as unknown as Endpoint[]
}

/** Changes every object of the bootstrap that has this field. */
function forEach(golden: unknown, field: string, change: (owner: Record<string, unknown>) => void): void {
  if (typeof golden !== 'object' || golden === null) return
  if (field in golden) change(golden as Record<string, unknown>)
  for (const value of Object.values(golden)) forEach(value, field, change)
}

/** Replicas that go on when the Envoy before them stops. */
const keep = (replicas: Replicas): Replicas =>
  Object.create(replicas, { [Symbol.asyncDispose]: { value: () => Promise.resolve() } }) as Replicas

/** Leaves the third pod out. */
const withoutThird = (golden: Golden): void => {
  endpointsOf(golden).pop()
}

inEnvoy(({ binary }) => {
  const run = (options: Partial<Parameters<typeof runSet>[0]> = {}) =>
    runSet({ binary, set: 'strong', ...options })

  test('the first answer names the pod to nobody but the cookie, and every later request goes there', async () => {
    await using set = await run()
    const sessions = await begin(set)
    const { ports, all } = set.replicas
    expect(sessions.map(({ place }) => place)).toEqual(
      sessions.map(({ pod }) => tokenOf(ports[all.findIndex(({ name }) => name === pod)] ?? 0)),
    )
    for (const { value, id, pod, place } of sessions) {
      const answer = await rawRequest(set.port, cookie(value))
      expect([answer.status, answer.echo?.pod, answer.setCookie]).toEqual([200, pod, []])
      expect([answer.headers[HEADER], sessionSeen(answer)]).toEqual([undefined, id])
      // Behind the gateway it is no secret: pods see it, as docs/strong.md says.
      expect(seen(answer, HEADER)).toEqual([place])
    }
  })

  test('that is the pod, not the hash: where nothing is hashed sessions stay all the same', async () => {
    await using set = await run({
      adjust: (golden) => {
        forEach(golden, 'hash_policy', (route) => delete route['hash_policy'])
        forEach(golden, 'lb_policy', (cluster) => {
          cluster['lb_policy'] = 'RANDOM'
          delete cluster['ring_hash_lb_config']
        })
      },
    })
    for (const { value, pod } of await begin(set)) {
      const pods = await Promise.all(
        Array.from({ length: 4 }, async () => (await rawRequest(set.port, cookie(value))).echo?.pod),
      )
      expect(pods).toEqual([pod, pod, pod, pod])
    }
  })

  test('nobody chooses a pod: what clients send in the header is gone, with a session and without', async () => {
    await using set = await run()
    const [session] = await begin(set)
    const others = set.replicas.all.filter(({ name }) => name !== session?.pod)
    for (const { port } of others) {
      const answer = await rawRequest(set.port, [...cookie(session?.value ?? ''), HEADER, tokenOf(port)])
      expect(answer.echo?.pod).toBe(session?.pod)
    }
    const wanted = set.replicas.all[0]
    const answers = await Promise.all(
      Array.from({ length: SESSIONS }, () => rawRequest(set.port, [HEADER, tokenOf(wanted?.port ?? 0)])),
    )
    expect(new Set(answers.map(({ echo }) => echo?.pod)).size).toBeGreaterThan(1)
    expect(answers.flatMap((answer) => seen(answer, HEADER))).toEqual([])
  })

  test('a pod that is gone loses its sessions to the hash, and each stays where it went; all others stay', async () => {
    await using replicas = await Replicas.start()
    const gone = replicas.all[2]?.name
    const sessions = await (async () => {
      await using set = await run({ replicas: keep(replicas) })
      const begun: Session[] = []
      // Where a new session goes is chance.
      while (!begun.some(({ pod }) => pod === gone)) begun.push(...(await begin(set)))
      return begun
    })()
    await using set = await run({ replicas: keep(replicas), adjust: withoutThird })
    for (const session of sessions) {
      const first = await rawRequest(set.port, cookie(session.value))
      expect(first.status).toBe(200)
      if (session.pod !== gone) {
        expect([first.echo?.pod, first.setCookie]).toEqual([session.pod, []])
        continue
      }
      const moved = sessionOf(first)
      expect([moved.id, moved.pod === gone]).toEqual([session.id, false])
      const second = await rawRequest(set.port, cookie(moved.value))
      expect([second.echo?.pod, second.setCookie]).toEqual([moved.pod, []])
    }
  })

  test('with strict, which Istio does not set, whose pod is gone gets 503 and keeps the cookie', async () => {
    await using replicas = await Replicas.start()
    const sessions = await (async () => {
      await using set = await run({ replicas: keep(replicas) })
      return await begin(set)
    })()
    await using set = await run({
      replicas: keep(replicas),
      adjust: (golden) => {
        withoutThird(golden)
        forEach(golden, 'session_state', (state) => (state['strict'] = true))
      },
    })
    const gone = replicas.all[2]?.name
    for (const { value, pod } of sessions) {
      const { status, setCookie } = await rawRequest(set.port, cookie(value))
      expect([status, setCookie]).toEqual([pod === gone ? 503 : 200, []])
    }
  })

  test('a pod that is draining keeps its sessions, and begins none', async () => {
    await using replicas = await Replicas.start()
    const sessions = await (async () => {
      await using set = await run({ replicas: keep(replicas) })
      return await begin(set)
    })()
    await using set = await run({
      replicas: keep(replicas),
      adjust: (golden) => {
        const third = endpointsOf(golden)[2]
        if (third !== undefined) third.health_status = 'DRAINING'
      },
    })
    for (const { value, pod } of sessions) {
      const { echo, setCookie } = await rawRequest(set.port, cookie(value))
      expect([echo?.pod, setCookie]).toEqual([pod, []])
    }
    const fresh = await begin(set)
    expect(fresh.filter(({ pod }) => pod === replicas.all[2]?.name)).toEqual([])
  })

  test('a pod that takes no connection is left by a retry, which goes by the hash, and the session stays where that went', async () => {
    await using set = await run({
      replicas: await Replicas.start(['one', 'two', 'three', 'dead']),
      adjust: (golden) => {
        const endpoints = endpointsOf(golden)
        const fourth = structuredClone(endpoints[0])
        if (fourth === undefined) return
        fourth.endpoint.address.socket_address.address = '10.0.0.4'
        endpoints.push(fourth)
      },
    })
    const dead = set.replicas.all[3]
    const place = tokenOf(dead?.port ?? 0)
    await dead?.stop()
    const answers = await Promise.all(Array.from({ length: 2 * SESSIONS }, () => rawRequest(set.port, [])))
    // Whose hash is the dead pod itself is lost with persistence as without it.
    const living = answers.filter(({ status }) => status === 200).map(sessionOf)
    expect(living.length).toBeGreaterThan(SESSIONS / 2)
    for (const { id, pod, value } of living) {
      const [token = ''] = value.split('~')
      const sealed = token + sealOf(K1, ['ISTIOID', ''], Buffer.from(id, 'base64url'), place, NONCE)
      const retried = await rawRequest(set.port, cookie(sealed))
      expect(retried.status).toBe(200)
      expect(sessionOf(retried)).toMatchObject({ id, pod })
    }
  })
})
