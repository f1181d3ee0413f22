/**
 * The filter itself decides: build/mooring.wasm runs in the host on the plugin's configuration, and says in its debug
 * header how it came to what it did. Where the configuration has no debug header, a copy of it gets one.
 */
import { createHash } from 'node:crypto'
import {
  type HeaderEntry,
  type HeaderList,
  type LocalReply,
  LogLevel,
  ManualClock,
  PluginRefusedError,
  type PropertyTree,
  type ProxyWasmModule,
  type RandomSource,
  seededRandom,
  Vm,
} from '../../host/index.ts'
import { ipOf } from '../../host/envoy/index.ts'
import { valueAt, isMapping, type Mapping, textAt } from '../manifests/value.ts'
import type { PluginManifest } from './plugin.ts'
import type { Request } from './request.ts'

/** What a proxy knows of a request beside what the client sent. */
export interface Circumstances {
  /** In whose namespace the proxy runs; absent where that is not known. */
  readonly namespace?: string | undefined
  /** The client's, `10.0.0.1:80`. */
  readonly sourceAddress?: string | undefined
  /** The first URI SAN of the peer's certificate. */
  readonly peer?: string | undefined
  /** Filter metadata by filter: verified claims among it. */
  readonly metadata: PropertyTree
  /** The cluster that the route picks. */
  readonly cluster?: string | undefined
  readonly time: Date
}

/** How the filter decided one request. */
export interface Decision {
  /** The rule's name; undefined for the top level. */
  readonly rule: string | undefined
  readonly shadow: boolean
  /** As in the metric, without `session_`; absent where there is no session part. */
  readonly session: string | undefined
  /** As in the metric, without `key_`; absent where there is no key part. */
  readonly key: string | undefined
  readonly tried: readonly Trial[]
  /** Of the key. */
  readonly fingerprint: string | undefined
  /** Counters that the request raised, without `mooring_`. */
  readonly counted: ReadonlySet<string>
  /** The request's headers, as the router gets them. */
  readonly headers: HeaderList
  /** The filter's own answer, in place of a pod's. */
  readonly reply: LocalReply | undefined
  /** Names of the cookies that the answer sets. */
  readonly setsCookies: readonly string[]
}

/** A source that was tried, by its kind, and what came of it: `yielded`, or the counter without `source_`. */
export interface Trial {
  readonly kind: string
  readonly outcome: string
}

/** What the filter makes of one request; two decisions where they hang on random numbers. */
export interface Decided {
  readonly decision: Decision
  /** The same request with other random numbers; absent where the filter drew none. */
  readonly again: Decision | undefined
}

const ASK = 'x-mooring-explain-command'
const ANSWER = 'x-mooring-explained'
const TOKEN_VARIABLE = 'MOORING_EXPLAIN_COMMAND_TOKEN'
// It guards nothing: the filter that takes it runs in this process only.
const TOKEN = createHash('sha256').update('mooring explain').digest('base64')

/** The filter with one plugin's configuration, ready to be asked. */
export class Filter {
  readonly #module: ProxyWasmModule
  readonly #configuration: string
  readonly #environment: Readonly<Record<string, string>>
  readonly #ask: HeaderEntry
  readonly #answer: string
  readonly #instance: string
  /** The configuration's own debug token was not given, and another takes its place. */
  readonly hasOwnToken: boolean

  private constructor(module: ProxyWasmModule, plugin: PluginManifest) {
    const { configuration = {} } = plugin
    const own = valueAt(configuration, 'observe', 'debugHeader')
    const variable = textAt(own, 'env')
    const debug = isMapping(own) ? own : { env: TOKEN_VARIABLE, whenHeader: ASK, name: ANSWER }
    const given = isMapping(own) ? plugin.environment[variable] : undefined
    const token = given ?? TOKEN
    this.#module = module
    this.hasOwnToken = isMapping(own) && given === undefined
    this.#environment = {
      ...plugin.environment,
      [isMapping(own) ? variable : TOKEN_VARIABLE]: token,
      // Whatever the environment says of bad configurations, here they are to be seen as such.
      MOORING_ON_BAD_CONFIG: 'reject',
    }
    this.#configuration = JSON.stringify(withDebugHeader(configuration, debug))
    // A line feed at a secret's end is no part of it, nor of a header.
    this.#ask = [textAt(debug, 'whenHeader') || 'x-mooring-explain', token.replace(/\n$/, '')]
    this.#answer = textAt(debug, 'name') || 'x-mooring-debug'
    this.#instance = textAt(configuration, 'observe', 'instance') || 'default'
  }

  /**
   * The filter, or what it says against the configuration: the lines that a proxy would log, `code at /pointer: message`.
   *
   * @param namespace see {@link Circumstances}
   */
  static start(
    module: ProxyWasmModule,
    plugin: PluginManifest,
    namespace: string | undefined,
  ): Filter | { readonly refused: readonly string[] } {
    const filter = new Filter(module, plugin)
    const { configuration } = plugin
    const text = configuration === undefined ? '' : JSON.stringify(configuration)
    const vm = filter.#vm(new Date(0), seededRandom(1))
    if (starts(vm, text, namespace)) return filter
    return { refused: vm.logs.messages(LogLevel.Error) }
  }

  /** Sends one request through a fresh filter. */
  decide(request: Request, circumstances: Circumstances): Decided {
    const first = new CountedRandom(1)
    const decision = this.#decide(request, circumstances, first)
    return {
      decision,
      again: first.drawn ? this.#decide(request, circumstances, new CountedRandom(2)) : undefined,
    }
  }

  #decide(request: Request, circumstances: Circumstances, random: CountedRandom): Decision {
    const vm = this.#vm(circumstances.time, random)
    const { namespace } = circumstances
    const plugin = vm.startPlugin({
      rootId: 'mooring',
      configuration: this.#configuration,
      properties: proxyIn(namespace),
    })
    random.drawn = false
    const stream = plugin.stream({
      headers: [...headersAtProxy(request, circumstances), this.#ask],
      properties: propertiesOf(circumstances),
    })
    const { localReply } = stream.requestHeaders({ endOfStream: true })
    const headers = stream.request.toList()
    const answered = localReply?.headers ?? stream.responseHeaders({ details: 'via_upstream' }).headers
    const explanation = answered.get(this.#answer) ?? ''
    const setsCookies = answered.all('set-cookie').map((line) => line.slice(0, line.indexOf('=')))
    stream.end()
    vm.advance(1_000)
    const prefix = `wasm_filter.${this.#instance}.mooring_`
    const counted = Object.entries(vm.metrics.all())
      .filter(([name, value]) => name.startsWith(prefix) && value > 0n)
      .map(([name]) => name.slice(prefix.length))
    vm.finish()
    return {
      ...readExplanation(explanation),
      counted: new Set(counted),
      headers,
      reply: localReply,
      setsCookies,
    }
  }

  #vm(time: Date, random: RandomSource): Vm {
    return new Vm(this.#module, { environment: this.#environment, clock: new ManualClock(time), random })
  }
}

/** Random numbers of a seed; they do not matter where none are drawn. */
class CountedRandom implements RandomSource {
  drawn = false
  readonly #source: RandomSource

  constructor(seed: number) {
    this.#source = seededRandom(seed)
  }

  fill(bytes: Uint8Array): void {
    this.drawn = true
    this.#source.fill(bytes)
  }
}

function withDebugHeader(configuration: Mapping, debugHeader: Mapping): Mapping {
  const observe = configuration['observe']
  return { ...configuration, observe: { ...(isMapping(observe) ? observe : {}), debugHeader } }
}

function starts(vm: Vm, configuration: string, namespace: string | undefined): boolean {
  try {
    vm.startPlugin({ rootId: 'mooring', configuration, properties: proxyIn(namespace) })
    return true
  } catch (error) {
    if (error instanceof PluginRefusedError) return false
    throw error
  }
}

function proxyIn(namespace: string | undefined): PropertyTree {
  return namespace === undefined ? {} : { xds: { node: { metadata: { NAMESPACE: namespace } } } }
}

/** What a gateway makes of a client's request: it says itself how the request came, and from where. */
export function headersAtProxy(
  request: Request,
  { sourceAddress }: { readonly sourceAddress?: string | undefined },
): readonly HeaderEntry[] {
  const { method, scheme, authority, path, headers } = request
  const has = (name: string): boolean => headers.some(([each]) => each === name)
  return [
    [':method', method],
    [':scheme', scheme],
    [':authority', authority],
    [':path', path],
    ...headers,
    ...(has('x-forwarded-proto') ? [] : [['x-forwarded-proto', scheme] as const]),
    ...(sourceAddress === undefined || has('x-forwarded-for')
      ? []
      : [['x-forwarded-for', ipOf(sourceAddress)] as const]),
  ]
}

function propertiesOf({ sourceAddress, peer, metadata, cluster }: Circumstances): PropertyTree {
  return {
    ...(sourceAddress === undefined ? {} : { source: { address: sourceAddress } }),
    connection: {
      mtls: peer !== undefined,
      ...(peer === undefined ? {} : { uri_san_peer_certificate: peer }),
    },
    metadata: { filter_metadata: metadata },
    xds: cluster === undefined ? {} : { cluster_name: cluster },
  }
}

/** As assembly/filter/explanation.ts writes it. */
function readExplanation(
  text: string,
): Pick<Decision, 'rule' | 'shadow' | 'session' | 'key' | 'tried' | 'fingerprint'> {
  const fields = new Map(
    text.split('; ').map((field) => {
      const [name = '', value = ''] = field.split('=')
      return [name, value]
    }),
  )
  const rule = fields.get('rule')
  const tried = fields.get('tried')?.split(',') ?? []
  return {
    rule: rule === '-' ? undefined : rule,
    shadow: fields.get('mode') === 'shadow',
    session: fields.get('session'),
    key: fields.get('key'),
    tried: tried.map((trial) => {
      const [kind = '', outcome = ''] = trial.split(':')
      return { kind, outcome }
    }),
    fingerprint: fields.get('fingerprint'),
  }
}
