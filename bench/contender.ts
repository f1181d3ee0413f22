import { BUILT_FILTER } from '../demo/built-filter.ts'
import { envoyBootstrap, type HttpFilter, INGRESS_LISTENER } from '../demo/envoy-bootstrap.ts'
import { type Mesh, readMesh, withPluginConfig } from '../demo/mesh.ts'
import { EnvoyProcess } from '../tools/envoy-process.ts'
import { HASH_SECRET, type Job, JOBS } from './job.ts'
import type { Load } from './load.ts'

/** One way to run an Envoy; all carry the same filters but for the one that is measured. */
export interface Contender {
  readonly name: string
  readonly mesh: Mesh
  /** The module that the mesh's WasmPlugin runs. */
  readonly wasm: string
  readonly job: Job
}

const mesh = readMesh({ destinationRule: 'destination-rules/http-header-name.yaml' })

/** What all costs are over. */
export const BASELINE: Contender = {
  name: 'no filter',
  mesh: { ...mesh, wasmPlugin: undefined },
  wasm: BUILT_FILTER,
  job: JOBS.untouched,
}

/** What Mooring's costs are compared with. */
export function rustContender(wasm: string): Contender {
  return {
    name: 'Rust SDK: cookie to key header',
    mesh: withPluginConfig(mesh, {}, {}),
    wasm,
    job: JOBS.cookieAsItIs,
  }
}

function mooring(name: string, pluginConfig: object, job: Job): Contender {
  const env = { MOORING_HASH_SECRET: HASH_SECRET }
  return { name, mesh: withPluginConfig(mesh, pluginConfig, env), wasm: BUILT_FILTER, job }
}

const session = {}
const CHAIN = {
  session,
  key: {
    from: [{ claim: 'sub' }, { all: [{ header: 'x-tenant' }, { path: '/carts/{cart}/**' }] }, 'session'],
    hashSecret: { env: 'MOORING_HASH_SECRET' },
  },
}

export const MOORINGS: readonly Contender[] = [
  mooring('session to key header', { session, key: {} }, JOBS.session),
  mooring('session alone, key skipped', { session, key: { skip: true } }, JOBS.untouched),
  mooring(
    'claim that is absent, then session',
    { session, key: { from: [{ claim: 'sub' }, 'session'] } },
    JOBS.sessionWithoutClaim,
  ),
  mooring('chain: the claim wins', CHAIN, JOBS.chainClaim),
  mooring('chain: tenant and path win', CHAIN, JOBS.chainComposite),
  mooring('chain: the session wins', CHAIN, JOBS.chainSession),
]

/**
 * Puts claims where jwt_authn leaves them, in every contender's Envoy: verifying a token costs several times what
 * is measured here.
 */
function claimsFilter(claims: Job['claims']): HttpFilter {
  return {
    name: 'envoy.filters.http.set_metadata',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config',
      metadata: [{ metadata_namespace: 'envoy.filters.http.jwt_authn', value: { payload: claims } }],
    },
  }
}

/** An Envoy with one worker in front of one upstream. */
export interface RunningContender extends Contender {
  readonly port: number
  readonly envoy: EnvoyProcess
}

export async function startContender(
  contender: Contender,
  binary: string,
  upstream: number,
): Promise<RunningContender> {
  const { mesh, wasm, job } = contender
  const envoy = await EnvoyProcess.start({
    binary,
    concurrency: 1,
    bootstrap: envoyBootstrap(mesh, {
      wasm,
      replicas: [upstream, upstream, upstream],
      jwtAuthn: claimsFilter(job.claims),
    }),
  })
  return { ...contender, envoy, port: await envoy.port(INGRESS_LISTENER) }
}

/** @throws {Error} unless the contender does its job: a filter that failed to load would look cheap */
export async function assertDoesItsJob(
  { name, port, job }: Pick<RunningContender, 'name' | 'port' | 'job'>,
  load: Load,
): Promise<void> {
  const key = await load.keyBehind(port, job.visit)
  if (key !== job.key) {
    throw new Error(`${name}: key header ${key ?? 'absent'}, expected ${job.key ?? 'absent'}`)
  }
}
