import { BUILT_FILTER } from '../demo/built-filter.ts'
import { envoyBootstrap, INGRESS_LISTENER } from '../demo/envoy-bootstrap.ts'
import { type Mesh, readMesh, withPluginConfig } from '../demo/mesh.ts'
import { EnvoyProcess } from '../tools/envoy-process.ts'

/** One way to run an Envoy; all do the same work but for the filter. */
export interface Contender {
  readonly name: string
  readonly mesh: Mesh
}

const mesh = readMesh({ destinationRule: 'destination-rules/http-header-name.yaml' })
const session = {}

/** The baseline comes first. */
export const CONTENDERS: readonly [Contender, ...Contender[]] = [
  { name: 'no filter', mesh: { ...mesh, wasmPlugin: undefined } },
  { name: 'session to key header', mesh: withPluginConfig(mesh, { session, key: {} }, {}) },
  { name: 'session alone, key skipped', mesh: withPluginConfig(mesh, { session, key: { skip: true } }, {}) },
  {
    name: 'claim that is absent, then session',
    mesh: withPluginConfig(mesh, { session, key: { from: [{ claim: 'sub' }, 'session'] } }, {}),
  },
]

/** An Envoy with one worker in front of one upstream. */
export interface RunningContender {
  readonly name: string
  readonly port: number
  readonly envoy: EnvoyProcess
}

export async function startContender(
  { name, mesh }: Contender,
  binary: string,
  upstream: number,
): Promise<RunningContender> {
  const envoy = await EnvoyProcess.start({
    binary,
    concurrency: 1,
    bootstrap: envoyBootstrap(mesh, { wasm: BUILT_FILTER, replicas: [upstream, upstream, upstream] }),
  })
  return { name, envoy, port: await envoy.port(INGRESS_LISTENER) }
}
