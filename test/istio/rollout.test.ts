/** What goes wrong while a configuration is rolled out, in real Envoys that Istio configures over delta ADS. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { Client, oneConnection, type Exchange } from '../../demo/client.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { rawRequest, seen } from '../envoy/raw-request.ts'
import { TestMesh } from './control-plane.ts'
import { withGoTools } from './go-tools.ts'
import { TRAP, writeTrappingModule } from './trapping-module.ts'

interface WasmPlugin {
  readonly spec: {
    readonly vmConfig: { readonly env: readonly { readonly name: string; readonly value: string }[] }
    readonly pluginConfig: Readonly<Record<string, unknown>>
  }
}

const PLUGIN = parse(readFileSync('manifests/ingress-gateway/wasm-plugin.yaml', 'utf8')) as WasmPlugin

/** manifests/ingress-gateway/wasm-plugin.yaml with another pluginConfig, and what it does with a bad one. */
function plugin(pluginConfig: unknown, onBad: 'reject' | 'passThrough'): WasmPlugin {
  const env = [{ name: 'MOORING_ON_BAD_CONFIG', value: onBad }]
  return {
    ...PLUGIN,
    spec: { ...PLUGIN.spec, vmConfig: { env }, pluginConfig: pluginConfig as Record<string, unknown> },
  }
}

const BAD = { ...PLUGIN.spec.pluginConfig, session: { coookie: {} } }
const COMPLAINT = 'unknown_field at /session/coookie: not known here; did you mean cookie?'

const setCookieOf = async (mesh: TestMesh) => (await rawRequest(mesh.port, [])).setCookie[0]?.split('=')[0]

/** The sum of the counters of every filter's extension configuration that end like this. */
async function extensionCounter(mesh: TestMesh, name: string): Promise<number> {
  const stats = await mesh.envoy.stats(`extension_config_discovery.*${name}$`)
  return [...stats.values()].reduce((sum, value) => sum + value, 0)
}

withGoTools(['istio'], ({ istio }) => {
  inEnvoy(({ binary }) => {
    describe('a bad pluginConfig', () => {
      test('under reject is refused by a running proxy, which keeps the old one', async () => {
        await using mesh = await TestMesh.start({ binary, istio, set: 'reject-bad-configuration' })
        expect(await setCookieOf(mesh)).toBe('ISTIOID')
        await mesh.plane.apply(plugin(BAD, 'reject'))
        await expect.poll(() => extensionCounter(mesh, 'config_fail'), { timeout: 20_000 }).toBeGreaterThan(0)
        expect(mesh.envoy.log).toContain(COMPLAINT)
        const answer = await rawRequest(mesh.port, ['cookie', 'ISTIOID=somebody'])
        expect(answer.status).toBe(200)
        expect(seen(answer, 'x-mooring-key')).toHaveLength(1)
        expect(await setCookieOf(mesh)).toBe('ISTIOID')
        // The way out: a good one.
        await mesh.plane.apply(plugin({ session: { cookie: { name: 'NEXT' } } }, 'reject'))
        await expect.poll(() => setCookieOf(mesh), { timeout: 20_000 }).toBe('NEXT')
      })

      test('under reject makes a proxy that starts with it answer 500 to everything', async () => {
        await using mesh = await TestMesh.start({
          binary,
          istio,
          set: 'reject-bad-configuration',
          before: (plane) => plane.apply(plugin(BAD, 'reject')),
        })
        const answer = await rawRequest(mesh.port, [])
        expect(answer.status).toBe(500)
        expect([...mesh.replicas.values()].flatMap(({ log }) => log)).toEqual([])
        expect(mesh.envoy.log).toContain(COMPLAINT)
        await mesh.plane.apply(plugin({ session: {} }, 'reject'))
        await expect.poll(() => setCookieOf(mesh), { timeout: 20_000 }).toBe('ISTIOID')
      })

      test('under passThrough makes a proxy that starts with it work without affinity, and complain', async () => {
        await using mesh = await TestMesh.start({
          binary,
          istio,
          set: 'hash-header',
          before: (plane) => plane.apply(plugin(BAD, 'passThrough')),
        })
        const answer = await rawRequest(mesh.port, ['x-mooring-key', 'chosen'])
        expect(answer.status).toBe(200)
        expect(answer.setCookie).toEqual([])
        expect(seen(answer, 'x-mooring-key')).toEqual([])
        expect(mesh.envoy.log).toContain(COMPLAINT)
      })

      test('under passThrough takes the place of the old one in a running proxy too: affinity is lost', async () => {
        await using mesh = await TestMesh.start({ binary, istio, set: 'hash-header' })
        expect(await setCookieOf(mesh)).toBe('ISTIOID')
        await mesh.plane.apply(plugin(BAD, 'passThrough'))
        await expect.poll(() => setCookieOf(mesh), { timeout: 20_000 }).toBeUndefined()
        expect((await rawRequest(mesh.port, [])).status).toBe(200)
      })
    })

    test('a plugin, and its image, that are updated under load fail no request and move no session', async () => {
      await using mesh = await TestMesh.start({ binary, istio, set: 'hash-header' })
      const agents = Array.from({ length: 4 }, () => oneConnection())
      const clients = Array.from(
        { length: 24 },
        (_, index) =>
          new Client({
            name: `client ${index}`,
            port: mesh.port,
            agent: agents[index % agents.length] ?? oneConnection(),
          }),
      )
      const seenBy = new Map<Client, Exchange[]>(clients.map((client) => [client, []]))
      let loading = true
      const load = clients.map(async (client) => {
        while (loading) seenBy.get(client)?.push(await client.get())
      })
      try {
        // The debug build stands for another version: other bytes, so another VM.
        const other = resolve('build/mooring.debug.wasm')
        const updates = [
          ['one', BUILT_FILTER],
          ['two', BUILT_FILTER],
          ['three', other],
          ['four', other],
          ['five', BUILT_FILTER],
        ] as const
        for (const [instance, module] of updates) {
          await mesh.plane.module(module)
          const config = { ...PLUGIN.spec.pluginConfig, observe: { instance } }
          await mesh.plane.apply(plugin(config, 'passThrough'))
          // Its counter moves: the new configuration serves.
          const requests = `wasmcustom.wasm_filter.${instance}.mooring_requests`
          await expect
            .poll(async () => (await mesh.envoy.stats(requests)).get(requests) ?? 0, { timeout: 30_000 })
            .toBeGreaterThan(200)
          expect(await mesh.envoy.admin('/config_dump?resource=ecds_filters')).toContain(module)
        }
      } finally {
        loading = false
        await Promise.all(load)
        agents.forEach((agent) => {
          agent.destroy()
        })
      }
      const exchanges = [...seenBy.values()]
      expect(exchanges.flat().length).toBeGreaterThan(1_000)
      expect(exchanges.flat().filter(({ status }) => status !== 200)).toEqual([])
      expect(exchanges.map((own) => new Set(own.map(({ echo }) => echo?.pod)).size)).toEqual(
        clients.map(() => 1),
      )
      expect(exchanges.map((own) => own.flatMap(({ setCookie }) => setCookie).length)).toEqual(
        clients.map(() => 1),
      )
    })

    test('a plugin that is deleted takes affinity with it, and no request', async () => {
      await using mesh = await TestMesh.start({ binary, istio, set: 'hash-header' })
      expect(await setCookieOf(mesh)).toBe('ISTIOID')
      await mesh.plane.delete(PLUGIN)
      await expect.poll(() => setCookieOf(mesh), { timeout: 20_000 }).toBeUndefined()
      expect((await rawRequest(mesh.port, [])).status).toBe(200)
    })

    describe('a module that traps', () => {
      const directory = mkdtempSync(join(tmpdir(), 'mooring-trap-'))
      const module = join(directory, 'trap.wasm')

      beforeAll(() => {
        writeTrappingModule(module)
      })

      afterAll(() => {
        rmSync(directory, { recursive: true })
      })

      const status = async ({ port }: TestMesh, headers: readonly string[] = []) =>
        (await rawRequest(port, headers)).status

      test.each([
        ['hash-header', 'FAIL_OPEN', [200, 200, 200]],
        ['fail-close', 'FAIL_CLOSE', [503, 503, 503]],
      ])('%s: it is away until the configuration changes', async (set, failStrategy, meanwhile) => {
        await using mesh = await TestMesh.start({ binary, istio, set, module })
        expect([await status(mesh), await status(mesh, TRAP)]).toEqual([200, 503])
        expect([await status(mesh), await status(mesh, TRAP), await status(mesh)]).toEqual(meanwhile)
        const changed = plugin({ changed: true }, 'passThrough')
        await mesh.plane.apply({ ...changed, spec: { ...changed.spec, failStrategy } })
        await expect.poll(() => status(mesh, TRAP), { timeout: 20_000 }).toBe(503)
        if (failStrategy === 'FAIL_OPEN') expect(await status(mesh)).toBe(200)
      })

      test('fail-reload: it comes back by itself', async () => {
        await using mesh = await TestMesh.start({ binary, istio, set: 'fail-reload', module })
        expect([await status(mesh), await status(mesh, TRAP)]).toEqual([200, 503])
        await expect.poll(() => status(mesh), { timeout: 20_000 }).toBe(200)
        expect(await status(mesh, TRAP)).toBe(503)
      })
    })

    test('a module that cannot be fetched is replaced by what lets everything pass, until the next push', async () => {
      await using mesh = await TestMesh.start({ binary, istio, set: 'hash-header', module: '' })
      const answer = await rawRequest(mesh.port, [])
      expect({ status: answer.status, setCookie: answer.setCookie }).toEqual({ status: 200, setCookie: [] })
      // The registry is back: the next push of the plugin brings the module.
      await mesh.plane.module(BUILT_FILTER)
      const config = { ...PLUGIN.spec.pluginConfig, observe: { instance: 'again' } }
      await mesh.plane.apply(plugin(config, 'passThrough'))
      await expect.poll(() => setCookieOf(mesh), { timeout: 20_000 }).toBe('ISTIOID')
    })

    test.each(['fail-close', 'fail-reload'])(
      'under %s it is replaced by what denies everything',
      async (set) => {
        await using mesh = await TestMesh.start({ binary, istio, set, module: '' })
        expect((await rawRequest(mesh.port, [])).status).toBe(403)
      },
    )
  })
})
