/** Several plugins of Mooring in one Envoy, and in one behind another: which of them acts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap } from '../../demo/envoy-bootstrap.ts'
import { readMesh } from '../../demo/mesh.ts'
import { Replicas } from '../../demo/replica.ts'
import type { WasmPlugin } from '../../demo/resources.ts'
import { ENVIRONMENT } from '../session/keys.ts'
import { plainKey, textNode } from '../filter/reference-key.ts'
import { inEnvoy } from './in-envoy.ts'
import { watchListeners } from '../../tools/listeners-file.ts'
import { type RawAnswer, rawRequest, seen } from './raw-request.ts'

const KEY = 'x-mooring-key'

/** A WasmPlugin by its full name, `<namespace>.<name>`. Only in 1.40 another environment means another VM. */
function plugin(
  fullName: string,
  configuration: object,
  env: Record<string, string> = ENVIRONMENT,
): WasmPlugin {
  const [namespace = '', name = ''] = fullName.split('.')
  return {
    name,
    namespace,
    selector: {},
    phase: 'AUTHZ',
    failStrategy: 'FAIL_OPEN',
    pluginName: name,
    env,
    configuration: JSON.stringify(configuration),
  }
}

/** An Envoy with these plugins, in order, in front of `upstreams`; others may take their place. */
async function startProxy(binary: string, upstreams: readonly number[], first: readonly WasmPlugin[]) {
  const mesh = readMesh({ destinationRule: 'destination-rules/http-header-name.yaml', filter: false })
  const { port, apply, stop } = await watchListeners({
    binary,
    concurrency: 2,
    bootstrapOf: (morePlugins: readonly WasmPlugin[], at) =>
      envoyBootstrap(mesh, { wasm: BUILT_FILTER, replicas: upstreams, port: at, morePlugins }),
    first,
  })
  return { port, apply, [Symbol.asyncDispose]: stop }
}

/** Waits until `holds` of 40 answers in a row, enough for both workers to have given some. */
async function until(port: number, holds: (answer: RawAnswer) => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  for (let inRow = 0; inRow < 40;) {
    if (Date.now() > deadline) throw new Error('it never came')
    const answer = await rawRequest(port, []).catch(() => undefined)
    inRow = answer !== undefined && holds(answer) ? inRow + 1 : 0
    if (inRow === 0) await sleep(20)
  }
}

const constant = (text: string): object => ({ from: [{ constant: text }] })
const keyOf = (text: string): string => plainKey(textNode('constant', text))
const signing = (env: string): object => ({ keys: [{ id: 'k1', env }], absoluteTimeout: '12h' })
const pair = (answer: RawAnswer): string => answer.setCookie[0]?.split(';')[0] ?? ''

inEnvoy(({ binary }) => {
  describe.each<[string, Record<string, string>]>([
    ['of one image', ENVIRONMENT],
    ['of one image with another environment', { ...ENVIRONMENT, OTHER: 'x' }],
  ])('two plugins %s', (_, env) => {
    test('unsigned: one cookie, by the first, and its key; no client makes them stand down', async () => {
      await using replicas = await Replicas.start()
      await using proxy = await startProxy(binary, replicas.ports, [
        plugin('shop.mooring', { session: {}, key: constant('first') }),
        plugin('root.mooring', { session: { cookie: { sameSite: 'Strict' } }, key: constant('second') }, env),
      ])
      await until(proxy.port, (answer) => seen(answer, KEY)[0] === keyOf('first'))

      const first = await rawRequest(proxy.port, [
        ...[KEY, 'forged', 'mooring', ' =ISTIOID x-mooring-key /', 'wasm.mooring', '/'],
        ...['cookie', 'mooring=/'],
      ])
      expect(first.setCookie).toEqual([expect.stringMatching(/^ISTIOID=[A-Za-z0-9_-]{22};.*SameSite=Lax$/)])
      expect(seen(first, 'cookie')).toEqual([`mooring=/; ${pair(first)}`])
      expect(seen(first, KEY)).toEqual([keyOf('first')])

      const later = await rawRequest(proxy.port, ['cookie', pair(first), KEY, 'forged'])
      expect(later.setCookie).toEqual([])
      expect(seen(later, 'cookie')).toEqual([pair(first)])
      expect(seen(later, KEY)).toEqual([keyOf('first')])
    })

    test('signed, by two secrets: the second keeps the id that the first has verified', async () => {
      await using replicas = await Replicas.start()
      await using proxy = await startProxy(binary, replicas.ports, [
        plugin('shop.mooring', { session: { signing: signing('MOORING_SIGNING_1') }, key: { skip: true } }),
        plugin('root.mooring', { session: { signing: signing('MOORING_SIGNING_2') } }, env),
      ])
      await until(proxy.port, ({ setCookie }) => setCookie.length === 1)

      const first = await rawRequest(proxy.port, [])
      expect(pair(first)).toMatch(/^ISTIOID=1\.k1\./)
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => rawRequest(proxy.port, ['cookie', pair(first)])),
      )
      for (const answer of answers) {
        expect(answer.setCookie).toEqual([])
        expect(seen(answer, 'cookie')).toEqual(seen(first, 'cookie'))
        expect(seen(answer, KEY)).toEqual(seen(first, KEY))
      }
      expect(seen(first, 'cookie')[0]).toMatch(/^ISTIOID=[A-Za-z0-9_-]{22}$/)
    })
  })

  test("a namespace's skip silences the plugin of the root namespace, for that request of the connection", async () => {
    await using replicas = await Replicas.start()
    const rules = [{ name: 'static', match: { paths: ['/static/**'] }, skip: true }]
    await using proxy = await startProxy(binary, replicas.ports, [
      plugin('shop.mooring', { session: {}, rules }),
      plugin('root.mooring', { session: { cookie: { name: 'ROOTID' } }, key: { header: 'x-root-key' } }),
    ])
    const skipped = { path: '/static/logo.svg' }
    const deadline = Date.now() + 30_000
    for (let silent = 0; silent < 40;) {
      const { setCookie } = await rawRequest(proxy.port, [], skipped)
      silent = setCookie.length === 0 ? silent + 1 : 0
      expect(Date.now()).toBeLessThan(deadline)
    }
    const answer = await rawRequest(proxy.port, ['x-root-key', 'forged', KEY, 'forged'], skipped)
    expect([seen(answer, 'x-root-key'), seen(answer, KEY), seen(answer, 'cookie')]).toEqual([[], [], []])
    expect((await rawRequest(proxy.port, [])).setCookie).toHaveLength(2)
  })

  test('a plugin that is added later is noticed, and so is its end', async () => {
    await using replicas = await Replicas.start()
    const [own, added] = [
      plugin('shop.mooring', { session: { signing: signing('MOORING_SIGNING_1') }, key: constant('own') }),
      plugin('root.mooring', { session: { signing: signing('MOORING_SIGNING_2') }, key: constant('added') }),
    ]
    await using proxy = await startProxy(binary, replicas.ports, [own])
    const isOwn = (answer: RawAnswer): boolean =>
      answer.setCookie.length === 1 && seen(answer, KEY)[0] === keyOf('own')
    await until(proxy.port, isOwn)
    proxy.apply([added, own])
    await until(
      proxy.port,
      (answer) => answer.setCookie.length === 1 && seen(answer, KEY)[0] === keyOf('added'),
    )
    proxy.apply([own])
    await until(proxy.port, isOwn)
  })

  test('behind a gateway readOnly reads the id that the gateway has verified, and needs no keys', async () => {
    await using replicas = await Replicas.start()
    await using sidecar = await startProxy(binary, replicas.ports, [
      plugin('shop.sidecar', { session: { readOnly: true }, key: { header: 'x-second-key' } }, {}),
    ])
    await using gateway = await startProxy(
      binary,
      [sidecar.port],
      [
        plugin('shop.mooring', { session: { signing: signing('MOORING_SIGNING_1') } }),
        plugin('root.mooring', { session: { signing: signing('MOORING_SIGNING_2') } }),
      ],
    )
    await until(gateway.port, ({ setCookie }) => setCookie.length === 1)
    const first = await rawRequest(gateway.port, ['x-second-key', 'forged'])
    expect(first.setCookie).toHaveLength(1)
    const later = await rawRequest(gateway.port, ['cookie', pair(first)])
    expect(later.setCookie).toEqual([])
    // The same id, unsigned, and so the same key in both hops.
    expect(seen(later, 'cookie')).toEqual(seen(first, 'cookie'))
    expect(seen(first, 'cookie')[0]).toMatch(/^ISTIOID=[A-Za-z0-9_-]{22}$/)
    for (const answer of [first, later]) expect(seen(answer, 'x-second-key')).toEqual(seen(first, KEY))
  })

  test('marks end with the proxy: a plugin of the next hop acts on its own', async () => {
    await using replicas = await Replicas.start()
    await using second = await startProxy(binary, replicas.ports, [
      plugin('shop.mooring', { session: { cookie: { name: 'SECONDID' } }, key: constant('second hop') }),
      plugin('root.mooring', { session: { cookie: { name: 'ROOTID' } } }),
    ])
    await using gateway = await startProxy(
      binary,
      [second.port],
      [
        plugin('shop.mooring', { session: { cookie: { name: 'SECONDID' } }, key: constant('first hop') }),
        plugin('root.mooring', { key: constant('root') }),
      ],
    )
    await until(gateway.port, (answer) => seen(answer, KEY)[0] === keyOf('second hop'))
    const { setCookie } = await rawRequest(gateway.port, [])
    expect(setCookie.map((line) => line.split('=')[0]).sort()).toEqual(['ROOTID', 'SECONDID'])
  })
})
