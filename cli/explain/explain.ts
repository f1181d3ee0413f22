/**
 * The whole answer: the plugin's filter decides, the DestinationRule hashes what it leaves, the ring or table has the pod.
 *
 *     Explainer --explain(request)--> rule, sources, key --> hash --> position --> pod
 */
import type { ProxyWasmModule } from '../../host/index.ts'
import { claimsOf } from './claims.ts'
import type { Destination } from './destination.ts'
import { type Decision, Filter, headersAtProxy } from './filter.ts'
import type { Journeys } from './journey.ts'
import { type Mapping, textAt } from '../manifests/value.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { planOf } from './plan.ts'
import type { PluginManifest } from './plugin.ts'
import type { Request } from './request.ts'
import { answersOf, type SourceAnswer } from './sources.ts'

/** What is said of one request beside what the client sends. */
export interface Known {
  readonly claims?: string | undefined
  readonly metadata?: string | undefined
  readonly peer?: string | undefined
  readonly sourceAddress?: string | undefined
  readonly time: Date
}

/** Why a request goes where it goes. */
export interface Explanation {
  readonly plugin: string
  readonly namespace: string | undefined
  /** The rule's name; undefined for the top level. */
  readonly rule: string | undefined
  readonly shadow: boolean
  readonly session: string | undefined
  /** Counters that say more about the session: `expired_idle`, `forged` and so on. */
  readonly sessionBecause: readonly string[]
  readonly setsCookies: readonly string[]
  readonly sources: readonly SourceAnswer[]
  /** What the key came from; `none` where nothing yielded; absent where there is no key part. */
  readonly key: string | undefined
  readonly keyHeader: string
  /** Absent where there is no key, or another one at each visit. */
  readonly fingerprint: string | undefined
  /** Absent where no manifest tells of a route for the request. */
  readonly route: string | undefined
  /** Absent also where there are several: the outcome has them. */
  readonly destination: Destination | undefined
  readonly outcome: Outcome
  readonly notes: readonly string[]
}

/** One plugin and what is known of routes, ready for requests. */
export class Explainer {
  readonly #filter: Filter
  readonly #plugin: PluginManifest
  readonly #namespace: string | undefined
  readonly #journeys: Journeys

  private constructor(
    filter: Filter,
    plugin: PluginManifest,
    namespace: string | undefined,
    journeys: Journeys,
  ) {
    this.#filter = filter
    this.#plugin = plugin
    this.#namespace = namespace
    this.#journeys = journeys
  }

  /** @returns what the filter says against the configuration, where it refuses it */
  static of(
    module: ProxyWasmModule,
    plugin: PluginManifest,
    namespace: string | undefined,
    journeys: Journeys,
  ): Explainer | { readonly refused: readonly string[] } {
    const filter = Filter.start(module, plugin, namespace)
    return 'refused' in filter ? filter : new Explainer(filter, plugin, namespace, journeys)
  }

  explain(request: Request, known: Known): Explanation {
    const { isBeforeClaims } = this.#plugin
    const { metadata, origin } = isBeforeClaims
      ? { ...claimsOf([], undefined, known.metadata), origin: 'none' }
      : claimsOf(request.headers, known.claims, known.metadata)
    const { sourceAddress, peer, time } = known
    const namespace = this.#namespace
    // The filter sees the route of the request as it came; whatever header it writes, Envoy looks for the route anew.
    const cluster = this.#journeys.of(headersAtProxy(request, known)).ways[0]?.way.cluster
    const decided = this.#filter.decide(request, { namespace, sourceAddress, peer, metadata, cluster, time })
    const { decision, again } = decided
    const plan = planOf(this.#plugin.configuration ?? {}, decision.rule)
    const sources =
      decision.key === undefined
        ? []
        : answersOf(plan.from, decision.tried, {
            none: NONE_ASKED[decision.key] ?? 'the session cannot be read, and nothing may stand in for it',
            claims: Object.keys(metadata).length > 0,
            sourceAddress: sourceAddress !== undefined,
            peer: peer !== undefined,
          })
    const journey = this.#journeys.of(decision.headers)
    const { ways, notes } = journey
    const isSteady = again === undefined || again.fingerprint === decision.fingerprint
    return {
      plugin: this.#plugin.label,
      namespace,
      rule: decision.rule,
      shadow: decision.shadow,
      session: decision.session,
      sessionBecause: BECAUSE.filter((name) => decision.counted.has(`session_${name}`)),
      setsCookies: decision.setsCookies,
      sources,
      key: decision.key,
      keyHeader: plan.keyHeader,
      fingerprint: isSteady ? decision.fingerprint : undefined,
      route: journey.route,
      destination: ways.length === 1 ? ways[0]?.way.destination : undefined,
      outcome: outcomeOf(decided, journey, { sourceAddress, keyHeader: plan.keyHeader }),
      notes: [
        ...(sources.some(({ source }) => source.startsWith('claim '))
          ? claimNotes(origin, isBeforeClaims)
          : []),
        ...(decision.counted.has('match_unreadable')
          ? ['the rule could not be chosen: the top level applies']
          : []),
        ...(this.#filter.hasOwnToken && decision.fingerprint !== undefined
          ? ["the debug token is not here: proxies' fingerprints are others"]
          : []),
        ...podNotes(this.#plugin.configuration ?? {}, decision),
        ...notes,
      ],
    }
  }
}

/** With `session.persistence` Envoy goes by the hash only where the session's own pod is gone, or not known yet. */
function podNotes(configuration: Mapping, { headers, shadow, session }: Decision): readonly string[] {
  const header = textAt(configuration, 'session', 'persistence', 'header').toLowerCase()
  if (header === '' || shadow || session === undefined) return []
  const [, token] = headers.find(([name]) => name === header) ?? []
  return token === undefined
    ? ['persistence: the pod that answers stays with the session']
    : [`persistence: Envoy sends this to ${Buffer.from(token, 'base64').toString()} while that pod is there`]
}

/** Counters beside the session's outcome. */
const BECAUSE = ['forged', 'unknown_key', 'expired_idle', 'expired_absolute'] as const

/** Why no source was asked, by the key's outcome. */
const NONE_ASKED: Readonly<Record<string, string>> = {
  bound: 'the session is bound to a key',
  inbound: 'a trusted peer brings the key along',
}

function claimNotes(origin: string, isBeforeClaims: boolean): readonly string[] {
  if (isBeforeClaims) return ['phase AUTHN comes before tokens are verified: there are no claims yet']
  return origin === 'token'
    ? ['the claims are those of the bearer token; its signature is not verified here']
    : []
}
