import type { Destination, Hashing } from './destination.ts'
import type { Decided, Decision } from './filter.ts'
import { hashingsOf, type Journey } from './journey.ts'
import { hashOf, type Position } from './placement.ts'
import type { Way } from './way.ts'

/** Where a request ends, at one destination. */
export type SingleOutcome =
  | { readonly kind: 'pod'; readonly hash: bigint; readonly position: Position; readonly pod: string }
  /** Nothing is hashed: whichever pod the balancer draws. */
  | { readonly kind: 'any_pod'; readonly reason: string }
  /** The hash hangs on a random number: one pod, and nobody can tell which. */
  | { readonly kind: 'unforeseeable'; readonly reason: string }
  /** The filter answers itself. */
  | { readonly kind: 'answered'; readonly status: number; readonly details: string }
  /** Something is missing that would be needed to tell. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly hash: bigint | undefined }

/** Where a request ends. */
export type Outcome =
  | SingleOutcome
  /** The proxy draws a destination for each request anew, by weight, whatever is hashed. */
  | { readonly kind: 'drawn'; readonly draws: readonly Draw[] }

/** One of the destinations of a route with weights. */
export interface Draw {
  /** The part of all requests that it gets. */
  readonly share: number
  readonly destination: Destination | undefined
  readonly outcome: SingleOutcome
}

/** Whether all is there that tells it. */
export function isKnown(outcome: Outcome): boolean {
  return outcome.kind === 'drawn'
    ? outcome.draws.every((draw) => isKnown(draw.outcome))
    : outcome.kind !== 'unknown'
}

/** What the outcome hangs on beside the journey. */
interface Circumstances {
  readonly sourceAddress: string | undefined
  /** The one that the plan writes. */
  readonly keyHeader: string
}

export function outcomeOf(decided: Decided, journey: Journey, circumstances: Circumstances): Outcome {
  const { reply } = decided.decision
  if (reply !== undefined) return { kind: 'answered', status: reply.status, details: reply.details }
  const { ways, missing } = journey
  const hashings = hashingsOf(journey)
  const draws = ways.map(({ way, share }) => ({
    share,
    destination: way.destination,
    outcome: outcomeOfWay(decided, way, hashings, circumstances),
  }))
  const [first] = draws
  if (first === undefined) return { kind: 'unknown', reason: missing ?? 'no route', hash: undefined }
  return draws.length === 1 ? first.outcome : { kind: 'drawn', draws }
}

function outcomeOfWay(
  { decision, again }: Decided,
  { destination, placement }: Way,
  hashings: readonly Hashing[],
  { sourceAddress, keyHeader }: Circumstances,
): SingleOutcome {
  if (destination === undefined) {
    return { kind: 'unknown', reason: 'no DestinationRule in the manifests', hash: undefined }
  }
  const { hashing } = destination
  if (hashing === undefined) {
    const { rule } = destination
    const reason =
      rule === undefined ? 'no DestinationRule is for it' : 'the DestinationRule has no consistentHash'
    return { kind: 'any_pod', reason }
  }
  const hashed = hashOf(hashings, decision, sourceAddress)
  if (hashed.found === 'unknown') {
    const reason = "the client's address is hashed: give --source-address"
    return { kind: 'unknown', reason, hash: undefined }
  }
  if (hashed.found === 'made_up') {
    const reason =
      'the cookie is not there: Envoy makes it up of the two ends of the connection, and its pod stays, where the client keeps it'
    return { kind: 'unforeseeable', reason }
  }
  if (hashed.found === 'nothing')
    return { kind: 'any_pod', reason: nothingHashed(hashing, decision, keyHeader) }
  if (again !== undefined && !isSame(hashed.hash, hashings, again, sourceAddress)) {
    const reason =
      'the id of the new session is random; the pod that it picks stays, where the client keeps the cookie'
    return { kind: 'unforeseeable', reason }
  }
  if ('missing' in placement) {
    return { kind: 'unknown', reason: placement.missing, hash: hashed.hash }
  }
  const placed = placement.place(hashed.hash)
  if (placed === undefined) return { kind: 'unknown', reason: 'there are no pods', hash: hashed.hash }
  return { kind: 'pod', hash: hashed.hash, ...placed }
}

function isSame(
  hash: bigint,
  hashings: readonly Hashing[],
  again: Decision,
  sourceAddress: string | undefined,
): boolean {
  const other = hashOf(hashings, again, sourceAddress)
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
