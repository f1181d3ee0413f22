import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { BUILT_FILTER } from '../demo/built-filter.ts'
import { envoyBootstrap, type HttpFilter, INGRESS_LISTENER } from '../demo/envoy-bootstrap.ts'
import { type Mesh, withPluginConfig } from '../demo/mesh.ts'
import type { WasmPlugin } from '../demo/resources.ts'
import { type Bootstrap, EnvoyProcess } from '../tools/envoy-process.ts'
import { HOLDING_FILTER } from './conditions/held-streams.ts'
import {
  ANSWER_SETS,
  CLAIMS,
  COOKIE,
  ENVIRONMENT,
  HASH_SECRET,
  type Job,
  type Outcome,
  SESSION,
  sessionIn,
  type Visit,
} from './jobs.ts'
import type { Load } from './load.ts'
import { peerSource } from './peers.ts'
import { configurationFor, shippedMesh } from './shipped.ts'
import { addressCookie, leadsHere, STATEFUL_SESSION } from './stateful-session.ts'

/** One way to run an Envoy for a job; all contenders of a job carry the same filters but for the one that is measured. */
export interface Contender {
  readonly name: string
  readonly mesh: Mesh
  /** The module that the mesh's WasmPlugin runs. */
  readonly wasm: string
  /** A filter of Envoy's own that stands in the plugin's place. */
  readonly filter?: HttpFilter
  /** What it is sent in place of the job's visit, where its cookie has another form; given the upstream's port. */
  readonly visit?: (upstream: number) => Visit
  /** What shows that it did its work, given what was seen. */
  readonly expected: (seen: Outcome) => Outcome
  /** Plugins of the module that stand one behind the other, with one configuration. Default: 1. */
  readonly plugins?: number
  /** Worker threads. Default: 1. */
  readonly workers?: number
  /** Whether requests that ask for it are held (conditions/held-streams.ts). */
  readonly holds?: boolean
}

/** The modules of the contenders that could be built. */
export interface PeerModules {
  readonly empty: string
  readonly floor: string
  /** By the letter of the job whose calls it makes. */
  readonly callsAlone: ReadonlyMap<string, string>
  readonly rustCookie?: string | undefined
  readonly rustSession?: string | undefined
  readonly assemblyScript?: string | undefined
}

/** What all costs are over. */
export const BASELINE = 'no filter'
/** Envoy itself mints the cookie that it hashes. */
export const NATIVE = 'httpCookie with ttl'
/** Envoy itself keeps the upstream's address in the cookie. */
export const STATEFUL = 'stateful_session cookie'
/** What it costs to be asked at all. */
export const EMPTY = 'empty Wasm filter'
/** The least that a Wasm filter can do. */
export const FLOOR = 'floor: one read, one write'
/** The least for a filter that asks and writes what Mooring does, in the callbacks that it has. */
export const CALLS_ALONE = "Mooring's calls alone"
/** The same work in Rust. */
export const RUST = 'Rust SDK'
/** Less work in Rust: the session's cookie copied into the key header, whatever the job is. */
export const RUST_COOKIE = 'Rust SDK, the cookie alone'
export const MOORING = 'Mooring'

/** Everyone who has something to show in a job; the baseline is first, Mooring last. */
export function contendersFor(job: Job, modules: PeerModules): readonly Contender[] {
  return [
    { ...withoutPlugin(BASELINE, job), expected: untouched(job) },
    ...nativeCookie(job),
    ...statefulSession(job),
    { ...wasm(EMPTY, job, modules.empty), expected: untouched(job) },
    ...lua(job),
    { ...wasm(FLOOR, job, modules.floor), expected: copiesStart(job) },
    ...callsAlone(job, modules),
    ...rust(job, modules),
    ...assemblyScript(job, modules.assemblyScript),
    mooring(job),
  ]
}

function mooring(job: Job): Contender {
  const mesh = withPluginConfig(shippedMesh(job.hashes), configurationFor(job), ENVIRONMENT)
  return { name: MOORING, mesh, wasm: BUILT_FILTER, expected: job.expected }
}

/** A cookie policy with a ttl, which can do nothing else. */
function nativeCookie(job: Job): readonly Contender[] {
  if (job.letter !== 'b' && job.letter !== 'c') return []
  const contender = withoutPlugin(NATIVE, job)
  const { destinationRule } = contender.mesh
  const key = { kind: 'httpCookie', name: COOKIE, ttlSeconds: 3600, path: '/' } as const
  const mesh = { ...contender.mesh, destinationRule: { ...destinationRule, key } }
  const none = untouched(job)(NOTHING)
  // The upstream never sees the new cookie on the first visit.
  const expected = (seen: Outcome): Outcome =>
    job.letter === 'b' ? none : { ...none, set: /^"[0-9a-f]+"$/.test(seen.set ?? '') ? seen.set : '"<hash>"' }
  return [{ ...contender, mesh, expected }]
}

const HOUR_MS = 3_600_000

function statefulSession(job: Job): readonly Contender[] {
  const contender = { ...withoutPlugin(STATEFUL, job), filter: STATEFUL_SESSION }
  if (job.letter === 'c') {
    const expected = ({ set = '' }: Outcome): Outcome => ({
      ...NOTHING,
      set: leadsHere(set) ? set : '<address>',
    })
    return [{ ...contender, expected }]
  }
  if (job.letter !== 'b') return []
  const { path, headers } = job.visit
  const visit = (upstream: number): Visit => {
    const session = addressCookie(upstream, Math.floor((Date.now() + 24 * HOUR_MS) / 1000))
    return { path, headers: { ...headers, cookie: headers['cookie']?.replace(SESSION, session) ?? '' } }
  }
  // A cookie that leads elsewhere, or cannot be read, would be set anew.
  const expected = ({ session = '' }: Outcome): Outcome => ({
    ...NOTHING,
    session: leadsHere(session) ? session : '<address>',
  })
  return [{ ...contender, visit, expected }]
}

function callsAlone(job: Job, modules: PeerModules): readonly Contender[] {
  const module = modules.callsAlone.get(job.letter)
  return module === undefined ? [] : [{ ...wasm(CALLS_ALONE, job, module), expected: job.expected }]
}

/** The letters of the jobs that write the session as it is: what these filters do by hand. */
export const COPIES: ReadonlySet<string> = new Set(['a', 'h'])

/** The job that is to cost little more than a copy of the cookie, which Rust's filter does beside it. */
const BESIDE_A_COPY = 'l'

function lua(job: Job): readonly Contender[] {
  if (!COPIES.has(job.letter)) return []
  const filter: HttpFilter = {
    name: 'envoy.filters.http.lua',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
      default_source_code: { inline_string: peerSource('session.lua') },
    },
  }
  return [{ ...withoutPlugin('Lua filter', job), filter, expected: withKey(job, SESSION) }]
}

function assemblyScript(job: Job, module: string | undefined): readonly Contender[] {
  if (module === undefined || !COPIES.has(job.letter)) return []
  return [{ ...wasm('AssemblyScript SDK', job, module), expected: withKey(job, SESSION) }]
}

/** What the Rust filter is told for each job that it can do. */
const RUST_TASKS: Readonly<Record<string, string>> = {
  b: 'read',
  c: 'mint',
  d: `signed ${ENVIRONMENT['MOORING_SIGNING_1'] ?? ''}`,
  e: `signed ${ENVIRONMENT['MOORING_SIGNING_1'] ?? ''}`,
  f: `claim ${HASH_SECRET}`,
  // The hosts and paths of the configuration's rules, the last one for any host.
  g: ['rules', ...Array.from({ length: 19 }, (_, i) => `h${i}.example.com/p${i}/`), '/carts/'].join(' '),
}

function rust(job: Job, { rustCookie, rustSession }: PeerModules): readonly Contender[] {
  if (rustCookie !== undefined && (COPIES.has(job.letter) || job.letter === BESIDE_A_COPY)) {
    const name = job.letter === BESIDE_A_COPY ? RUST_COOKIE : RUST
    return [{ ...wasm(name, job, rustCookie), expected: withKey(job, SESSION) }]
  }
  const task = RUST_TASKS[job.letter]
  if (rustSession === undefined || task === undefined) return []
  return [{ ...wasm(RUST, job, rustSession, task), expected: job.expected }]
}

function withoutPlugin(name: string, job: Job): Omit<Contender, 'expected'> {
  return { name, mesh: { ...shippedMesh(job.hashes), wasmPlugin: undefined }, wasm: '' }
}

function wasm(name: string, job: Job, module: string, configuration?: string): Omit<Contender, 'expected'> {
  const mesh = shippedMesh(job.hashes)
  if (mesh.wasmPlugin === undefined) throw new Error('the shipped manifests have no WasmPlugin')
  return { name, mesh: { ...mesh, wasmPlugin: { ...mesh.wasmPlugin, configuration, env: {} } }, wasm: module }
}

const NOTHING: Outcome = { key: undefined, session: undefined, set: undefined, pod: undefined }

/** Request and answer arrive as they were sent. */
function untouched({ visit }: Job): (seen: Outcome) => Outcome {
  return () => ({
    ...NOTHING,
    session: sessionIn(visit.headers['cookie'] ?? ''),
    set: sessionIn(visit.headers[ANSWER_SETS]?.split('; ')[0] ?? ''),
  })
}

/** As the floor does: the first 22 bytes of the cookies are the key. */
function copiesStart(job: Job): (seen: Outcome) => Outcome {
  return withKey(job, job.visit.headers['cookie']?.slice(0, 22))
}

/** The request arrives as it was sent, and with this key. */
function withKey(job: Job, key: string | undefined): (seen: Outcome) => Outcome {
  return (seen) => ({ ...untouched(job)(seen), key })
}

const FILTERS = 'type.googleapis.com/envoy.extensions.filters.http'

/**
 * Puts claims where jwt_authn leaves them, in every contender's Envoy: verifying a token costs several times what
 * is measured here. An anonymous request passes the same filter and gets none.
 */
function claimsFilter({ anonymous }: Job): HttpFilter {
  const claims = { metadata_namespace: 'envoy.filters.http.jwt_authn', value: { payload: CLAIMS } }
  return {
    name: 'envoy.filters.http.set_metadata',
    typed_config: {
      '@type': `${FILTERS}.set_metadata.v3.Config`,
      metadata: anonymous === true ? [] : [claims],
    },
  }
}

const ROUTER: HttpFilter = {
  name: 'envoy.filters.http.router',
  typed_config: { '@type': `${FILTERS}.router.v3.Router` },
}

/** Plugins learn of each other with their next tick, a second apart. */
const NEIGHBOURS_KNOWN_MS = 2_000

/** An Envoy in front of one upstream. */
export interface RunningContender {
  readonly name: string
  readonly visit: Visit
  readonly expected: Contender['expected']
  readonly port: number
  readonly envoy: EnvoyProcess
}

export async function startContender(
  contender: Contender,
  job: Job,
  binary: string,
  upstream: number,
): Promise<RunningContender> {
  const { plugins = 1, workers = 1 } = contender
  const bootstrap = bootstrapOf(contender, job, upstream)
  const envoy = await EnvoyProcess.start({ binary, concurrency: workers, bootstrap })
  if (plugins > 1) await sleep(NEIGHBOURS_KNOWN_MS)
  return running(contender, job, envoy, INGRESS_LISTENER, upstream)
}

/**
 * One Envoy in front of one upstream, with a listener for each contender: what makes one process faster than another of the
 * same program then makes all of them faster. For contenders with one plugin and one worker.
 */
export async function startTogether(
  contenders: readonly Contender[],
  job: Job,
  binary: string,
  upstream: number,
): Promise<readonly RunningContender[]> {
  const bootstraps = contenders.map((contender) => bootstrapOf(contender, job, upstream))
  const envoy = await EnvoyProcess.start({ binary, bootstrap: merged(bootstraps) })
  return Promise.all(
    contenders.map((contender, index) => running(contender, job, envoy, listenerOf(index), upstream)),
  )
}

async function running(
  { name, expected, visit }: Contender,
  job: Job,
  envoy: EnvoyProcess,
  listener: string,
  upstream: number,
): Promise<RunningContender> {
  return { name, expected, envoy, visit: visit?.(upstream) ?? job.visit, port: await envoy.port(listener) }
}

function bootstrapOf(
  { mesh, wasm, filter, plugins = 1, holds = false }: Contender,
  job: Job,
  upstream: number,
): Bootstrap {
  const claims = claimsFilter(job)
  return envoyBootstrap(mesh, {
    wasm,
    replicas: [upstream, upstream, upstream],
    jwtAuthn: claims,
    morePlugins: furtherPlugins(mesh, plugins),
    ...(holds ? { beforeRouter: HOLDING_FILTER } : {}),
    ...(filter === undefined ? {} : { connectionManager: { http_filters: [claims, filter, ROUTER] } }),
  })
}

/** The listeners of all; their cluster is the same. */
function merged(bootstraps: readonly Bootstrap[]): Bootstrap {
  const resources = bootstraps.map((each) => each['static_resources'] as { readonly listeners: object[] })
  const listeners = resources.flatMap((each, index) =>
    each.listeners.map((listener) => ({ ...listener, name: listenerOf(index) })),
  )
  return { ...bootstraps[0], static_resources: { ...resources[0], listeners } }
}

const listenerOf = (index: number): string => `${INGRESS_LISTENER}-${index}`

function furtherPlugins({ wasmPlugin }: Mesh, plugins: number): readonly WasmPlugin[] {
  if (wasmPlugin === undefined) return []
  return Array.from({ length: plugins - 1 }, (_, i) => ({
    ...wasmPlugin,
    name: `${wasmPlugin.name}-${i + 2}`,
  }))
}

/** @throws {Error} unless the contender does its job: a filter that failed to load would look cheap */
export async function assertDoesItsJob(
  { name, port, visit, expected }: Omit<RunningContender, 'envoy'>,
  { letter }: Pick<Job, 'letter'>,
  load: Load,
): Promise<void> {
  const seen = await load.outcome(port, visit)
  const wanted = expected(seen)
  if (isDeepStrictEqual(seen, wanted)) return
  const spelled = ({ key, session, set, pod }: Outcome) =>
    `key ${key ?? 'absent'}, session ${session ?? 'absent'}, Set-Cookie ${set ?? 'absent'}, pod ${pod ?? 'absent'}`
  throw new Error(`(${letter}) ${name}: ${spelled(seen)}; expected: ${spelled(wanted)}`)
}
