/**
 * The whole answer: the plugin's filter decides, the DestinationRule hashes what it leaves, the ring or table has the pod.
 *
 *     Explainer.of(manifests) --explain(request)--> rule, sources, key --> hash --> position --> pod
 */
import { EnvoyModelError } from '../../host/envoy/index.ts'
import type { ProxyWasmModule } from '../../host/index.ts'
import { claimsOf } from './claims.ts'
import {
  type Destination,
  destinationRuleIn,
  fullHost,
  type Hashing,
  readDestination,
} from './destination.ts'

import { type Decided, type Decision, Filter } from './filter.ts'
import type { Manifest } from './manifests.ts'
import type { NoPods, Pods } from './pod-set.ts'
import { hashOf, type Placement, placementOver, type Position } from './placement.ts'
import { planOf } from './plan.ts'
import type { PluginManifest } from './plugin.ts'
import { onlyPortOf, podsIn } from './pods.ts'
import type { Request } from './request.ts'
import { answersOf, type SourceAnswer } from './sources.ts'

/** Where requests go, as far as the manifests and the command line say. */
export interface Way {
  readonly destination: Destination | undefined
  readonly cluster: string | undefined
  readonly pods: Pods | NoPods
}

/** What is said of one request beside what the client sends. */
export interface Known {
  readonly claims?: string | undefined
  readonly metadata?: string | undefined
  readonly peer?: string | undefined
  readonly sourceAddress?: string | undefined
  readonly time: Date
}

/** Where a request ends. */
export type Outcome =
  | { readonly kind: 'pod'; readonly hash: bigint; readonly position: Position; readonly pod: string }
  /** Nothing is hashed: whichever pod the balancer draws. */
  | { readonly kind: 'any_pod'; readonly reason: string }
  /** The hash hangs on a random number: one pod, and nobody can tell which. */
  | { readonly kind: 'unforeseeable'; readonly reason: string }
  /** The filter answers itself. */
  | { readonly kind: 'answered'; readonly status: number; readonly details: string }
  /** Something is missing that would be needed to tell. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly hash: bigint | undefined }

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
  readonly destination: Destination | undefined
  readonly outcome: Outcome
  readonly notes: readonly string[]
}

/** @param port the service's; @param givenPods `--pods`, in place of the manifests' */
export function wayIn(
  manifests: readonly Manifest[],
  wanted: {
    readonly host: string | undefined
    readonly port: number | undefined
    readonly pods: Pods | undefined
  },
): Way {
  const chosen = destinationRuleIn(manifests, wanted.host)
  const host = chosen?.host ?? (wanted.host === undefined ? undefined : fullHost(wanted.host, ''))
  const port = wanted.port ?? (host === undefined ? undefined : onlyPortOf(manifests, host))
  return {
    destination: chosen === undefined ? undefined : readDestination(chosen, port),
    cluster: host === undefined ? undefined : `outbound|${port ?? 80}||${host}`,
    pods:
      wanted.pods ??
      (host === undefined ? { missing: 'no pods: give --pods' } : podsIn(manifests, host, port)),
  }
}

/** One plugin and one way, ready for requests. */
export class Explainer {
  readonly #filter: Filter
  readonly #plugin: PluginManifest
  readonly #namespace: string | undefined
  readonly #way: Way
  readonly #placement: Placement | { readonly missing: string }

  private constructor(filter: Filter, plugin: PluginManifest, namespace: string | undefined, way: Way) {
    this.#filter = filter
    this.#plugin = plugin
    this.#namespace = namespace
    this.#way = way
    this.#placement = placementOf(way)
  }

  /** @returns what the filter says against the configuration, where it refuses it */
  static of(
    module: ProxyWasmModule,
    plugin: PluginManifest,
    namespace: string | undefined,
    way: Way,
  ): Explainer | { readonly refused: readonly string[] } {
    const filter = Filter.start(module, plugin, namespace)
    return 'refused' in filter ? filter : new Explainer(filter, plugin, namespace, way)
  }

  explain(request: Request, known: Known): Explanation {
    const { destination, cluster } = this.#way
    const { metadata, origin } = claimsOf(request.headers, known.claims, known.metadata)
    const { sourceAddress, peer, time } = known
    const namespace = this.#namespace
    const decided = this.#filter.decide(request, { namespace, sourceAddress, peer, metadata, cluster, time })
    const { decision, again } = decided
    const plan = planOf(this.#plugin.configuration ?? {}, decision.rule)
    const sources =
      decision.key === undefined
        ? []
        : answersOf(plan.from, decision.tried, {
            claims: Object.keys(metadata).length > 0,
            sourceAddress: sourceAddress !== undefined,
            peer: peer !== undefined,
          })
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
      destination,
      outcome: this.#outcome(decided, sourceAddress, plan.keyHeader),
      notes: [
        ...(origin === 'token' && sources.some(({ source }) => source.startsWith('claim '))
          ? ['the claims are those of the bearer token; its signature is not verified here']
          : []),
        ...(decision.counted.has('match_unreadable')
          ? ['the rule could not be chosen: the top level applies']
          : []),
        ...(this.#filter.hasOwnToken && decision.fingerprint !== undefined
          ? ["the debug token is not here: proxies' fingerprints are others"]
          : []),
        ...(destination?.notes ?? []),
        ...weightNotes(this.#way),
      ],
    }
  }

  #outcome({ decision, again }: Decided, sourceAddress: string | undefined, keyHeader: string): Outcome {
    const { reply } = decision
    if (reply !== undefined) return { kind: 'answered', status: reply.status, details: reply.details }
    const { destination } = this.#way
    if (destination === undefined) {
      return { kind: 'unknown', reason: 'no DestinationRule in the manifests', hash: undefined }
    }
    const { hashing } = destination
    if (hashing === undefined) return { kind: 'any_pod', reason: 'the DestinationRule has no consistentHash' }
    const hashed = hashOf(hashing, decision, sourceAddress)
    if (hashed.found === 'unknown') {
      const reason = "the client's address is hashed: give --source-address"
      return { kind: 'unknown', reason, hash: undefined }
    }
    if (hashed.found === 'made_up') {
      const reason =
        'the cookie is not there: Envoy makes it up of the two ends of the connection, and it sticks where the client keeps it'
      return { kind: 'unforeseeable', reason }
    }
    if (hashed.found === 'nothing')
      return { kind: 'any_pod', reason: nothingHashed(hashing, decision, keyHeader) }
    if (again !== undefined && !isSame(hashed.hash, hashing, again, sourceAddress)) {
      const reason =
        'the id of the new session is random, and decides; from then on the session sticks'
      return { kind: 'unforeseeable', reason }
    }
    if ('missing' in this.#placement) {
      return { kind: 'unknown', reason: this.#placement.missing, hash: hashed.hash }
    }
    const placed = this.#placement(hashed.hash)
    if (placed === undefined) return { kind: 'unknown', reason: 'there are no pods', hash: hashed.hash }
    return { kind: 'pod', hash: hashed.hash, ...placed }
  }
}

/** Counters beside the session's outcome. */
const BECAUSE = ['forged', 'unknown_key', 'expired_idle', 'expired_absolute'] as const

function placementOf({ destination, pods }: Way): Placement | { readonly missing: string } {
  if ('missing' in pods) return pods
  const hashing = destination?.hashing
  if (hashing === undefined) return { missing: 'nothing is hashed' }
  try {
    return placementOver(pods.hosts, hashing.balancer)
  } catch (error) {
    if (error instanceof EnvoyModelError) return { missing: `Envoy refuses the balancer: ${error.message}` }
    throw error
  }
}

function isSame(hash: bigint, hashing: Hashing, again: Decision, sourceAddress: string | undefined): boolean {
  const other = hashOf(hashing, again, sourceAddress)
  return other.found === 'value' && other.hash === hash
}

/** Why there is nothing to hash, where Mooring has a part in it. */
function nothingHashed({ what, policy }: Hashing, { key, shadow }: Decision, keyHeader: string): string {
  const missing = `${what} is not there`
  if (!('header' in policy)) return missing
  const isKeyHeader = policy.header.headerName.toLowerCase() === keyHeader.toLowerCase()
  if (!isKeyHeader) return `${missing}; the key header is ${keyHeader}`
  if (key === undefined) return `${missing}: the filter has no key part for this request`
  if (key === 'none') return `${missing}: no source yielded a key`
  return shadow ? `${missing}: in shadow no key is written` : missing
}

function weightNotes({ destination, pods }: Way): readonly string[] {
  if ('missing' in pods || destination?.hashing === undefined || 'maglev' in destination.hashing.balancer)
    return []
  const weights = new Set(pods.hosts.map(({ weight = 1 }) => weight))
  return weights.size < 2
    ? []
    : [
        'the pods have weights: on a ring their order decides who gets an odd entry, and here it is that of the manifests',
      ]
}
