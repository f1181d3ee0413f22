import { pathMatch } from 'tough-cookie'
import { sightings, type Sighting } from './route.ts'
import type { SessionRecord } from './visit.ts'

/** Why a session did not stay on its pod. Each has a section in docs/probe.md. */
export type Cause =
  | 'pods_changed'
  | 'per_connection'
  | 'cookie_missing'
  | 'cookie_twice'
  | 'cookie_refused'
  | 'cookie_secure'
  | 'cookie_path'
  | 'cookie_not_kept'
  | 'cookie_changes'
  | 'first_request'
  | 'not_hashed'

/** A session that moved, and its answers by Service. */
export interface Moved {
  readonly record: SessionRecord
  readonly routes: readonly (readonly Sighting[])[]
  readonly movedAfterFirst: boolean
}

/** What is known of all sessions, moved or not, that tells the reason of one. */
interface Evidence {
  /** Whether this one moved when pods came or went. */
  readonly podsChanged: (moved: Moved) => boolean
  /** Whether sessions moved only where their connection did. */
  readonly perConnection: boolean
  /** Whether it was mostly the first request alone that went elsewhere. */
  readonly firstOnly: boolean
}

/**
 * The likely cause for each of the sessions that moved.
 *
 * @param records all sessions
 * @param secure whether requests go over TLS
 */
export function causesOf(
  records: readonly SessionRecord[],
  moved: readonly Moved[],
  secure: boolean,
): readonly Cause[] {
  const evidence: Evidence = {
    podsChanged: podChanges(records),
    // One session may do so by chance, and a few.
    perConnection: moved.length > 2 && moved.every(({ routes }) => routes.every(keepsToConnections)),
    firstOnly: 2 * moved.filter(({ movedAfterFirst }) => movedAfterFirst).length > moved.length,
  }
  return moved.map((each) => causeOf(each, evidence, secure))
}

function causeOf(moved: Moved, evidence: Evidence, secure: boolean): Cause {
  const { visits } = moved.record
  if (evidence.podsChanged(moved)) return 'pods_changed'
  if (evidence.perConnection) return 'per_connection'
  const set = visits.flatMap((visit) => visit.set)
  const returned = visits.filter(({ sent }) => sent !== undefined)
  if (set.length === 0 && returned.length === 0) return 'cookie_missing'
  if (visits.some((visit) => new Set(visit.set.map(({ value }) => value)).size > 1)) return 'cookie_twice'
  if (!secure && returned.length === 0 && set.every((each) => each.secure)) return 'cookie_secure'
  if (returned.length === 0 && set.every(({ refused }) => refused !== undefined)) return 'cookie_refused'
  const since = visits.findIndex((visit) => visit.set.length > 0)
  const uncovered = visits.filter(
    ({ path, sent }, index) =>
      index > since && sent === undefined && !set.some((each) => pathMatch(pathname(path), each.path)),
  )
  if (uncovered.length > 0) return 'cookie_path'
  if (returned.length === 0) return 'cookie_not_kept'
  if (visits.filter((visit) => visit.set.some(({ value }) => value !== visit.sent)).length > 2) {
    return 'cookie_changes'
  }
  return moved.movedAfterFirst && evidence.firstOnly ? 'first_request' : 'not_hashed'
}

const pathname = (path: string) => path.replace(/\?.*/s, '')

/** Several connections, several pods, and one pod for each connection, of which one was used more than once. */
function keepsToConnections(seen: readonly Sighting[]): boolean {
  const pods = new Map<string, string>()
  const kept = seen.every(
    ({ connection, pod }) => (pods.get(connection) ?? pod) === pod && pods.set(connection, pod),
  )
  return kept && pods.size > 1 && seen.length > pods.size
}

/** So many sessions on others, for each pod that there is, are no chance: one in 20,000. Answers of one prove nothing. */
const SESSIONS_PER_POD = 10
/** How long it takes until all workers of all proxies know of a change. */
const SETTLED_WITHIN_MS = 1_000

/**
 * Tells by all sessions' answers whether a session moved just once, when a pod was seen for the last time or the first.
 * Not only that pod's sessions move then: others do where the balancer is a ring.
 */
function podChanges(records: readonly SessionRecord[]): (moved: Moved) => boolean {
  const all = records
    .flatMap((record, session) => sightings(record).map(({ pod, at }) => ({ pod, at, session })))
    .sort((a, b) => a.at - b.at)
  const pods = [...new Set(all.map(({ pod }) => pod))]
  const many = (part: typeof all) =>
    new Set(part.map(({ session }) => session)).size >= SESSIONS_PER_POD * pods.length
  const moments = pods.flatMap((pod) => {
    const first = all.findIndex((each) => each.pod === pod)
    const last = all.findLastIndex((each) => each.pod === pod)
    return [...(many(all.slice(0, first)) ? [first] : []), ...(many(all.slice(last + 1)) ? [last] : [])]
  })
  const times = moments.map((index) => all[index]?.at ?? 0)
  return ({ routes }) =>
    routes.every((seen) => {
      const changes = seen.flatMap((after, index) => {
        const before = seen[index - 1]
        return before === undefined || before.pod === after.pod ? [] : [[before.at, after.at] as const]
      })
      return (
        changes.length <= 1 &&
        changes.every(([before, after]) =>
          times.some((time) => after >= time - SETTLED_WITHIN_MS && before <= time + SETTLED_WITHIN_MS),
        )
      )
    })
}
