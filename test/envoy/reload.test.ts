import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap } from '../../demo/envoy-bootstrap.ts'
import { readMesh, withPluginConfig } from '../../demo/mesh.ts'
import { Replicas } from '../../demo/replica.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, type RawAnswer } from './raw-request.ts'

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })
}

/** An Envoy that reads its listeners from a file, and takes a new one whenever the file is replaced. */
async function startWatching(binary: string, replicas: readonly number[], first: unknown) {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-lds-'))
  const file = join(directory, 'lds.json')
  const port = await freePort()
  // Hashes the key header: a DestinationRule for a cookie of a fixed name would have Envoy mint it.
  const mesh = readMesh({ destinationRule: 'destination-rules/http-header-name.yaml' })
  const bootstrapWith = (pluginConfig: unknown) =>
    envoyBootstrap(withPluginConfig(mesh, pluginConfig, {}), {
      wasm: BUILT_FILTER,
      replicas,
      port,
    }) as { readonly static_resources: { readonly listeners: readonly object[] } }

  const apply = (pluginConfig: unknown) => {
    const resources = bootstrapWith(pluginConfig).static_resources.listeners.map((listener) => ({
      '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
      ...listener,
    }))
    // Envoy watches for the file to be moved into place, and so never reads half of it.
    writeFileSync(`${file}.new`, JSON.stringify({ resources }))
    renameSync(`${file}.new`, file)
  }
  apply(first)

  const bootstrap = bootstrapWith(first)
  const envoy = await EnvoyProcess.start({
    binary,
    bootstrap: {
      ...bootstrap,
      static_resources: { ...bootstrap.static_resources, listeners: [] },
      dynamic_resources: { lds_config: { path_config_source: { path: file } } },
    },
  })
  return {
    envoy,
    port,
    apply,
    stop: async () => {
      await envoy.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const mints = (name: string) => ({ session: { cookie: { name } } })
const minted = ({ setCookie }: RawAnswer) => setCookie[0]?.split('=')[0]

inEnvoy(({ binary }) => {
  test('configurations change under load without one failed request, and a bad one leaves the last in force', async () => {
    await using replicas = await Replicas.start()
    const gateway = await startWatching(binary, replicas.ports, mints('FIRST'))
    const answers: RawAnswer[] = []
    let loading = true
    const load = async () => {
      while (loading) answers.push(await rawRequest(gateway.port, []))
    }
    const until = async (what: string, holds: () => Promise<boolean>) => {
      const deadline = Date.now() + 30_000
      while (!(await holds())) {
        if (Date.now() > deadline) throw new Error(`${what} never came`)
        await sleep(20)
      }
    }
    const untilMinting = (name: string) =>
      until(name, () => Promise.resolve(answers.slice(-4).every((answer) => minted(answer) === name)))

    const loads = [load(), load(), load(), load()]
    try {
      await until('the first answer', () => Promise.resolve(answers.length > 20))
      for (const name of ['SECOND', 'THIRD']) {
        gateway.apply(mints(name))
        await untilMinting(name)
      }
      gateway.apply({ session: { coookie: {} } })
      await until('the refusal', async () => {
        const stats = await gateway.envoy.stats('lds.update_rejected')
        return stats.get('listener_manager.lds.update_rejected') === 1
      })
      const afterRefusal = answers.length
      await until('more answers', () => Promise.resolve(answers.length > afterRefusal + 40))
      expect(new Set(answers.slice(afterRefusal).map(minted))).toEqual(new Set(['THIRD']))
      expect(gateway.envoy.log).toContain(
        'unknown_field at /session/coookie: not known here; did you mean cookie?',
      )
      gateway.apply(mints('FOURTH'))
      await untilMinting('FOURTH')
    } finally {
      loading = false
      await Promise.all(loads)
      await gateway.stop()
    }
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(new Set(answers.map(minted))).toEqual(new Set(['FIRST', 'SECOND', 'THIRD', 'FOURTH']))
  })
})
