import { type Cause, causesOf, type Moved } from './cause.ts'
import type { Note } from './advice.ts'
import { type Fate, fateOf, routesOf, sightings, worst } from './route.ts'
import type { SessionRecord } from './visit.ts'

/** Sessions by how they fared. Those of unknown fate are in `sessions` only. */
export interface Tally {
  readonly sessions: number
  readonly stuck: number
  /** One pod, but for the first request. */
  readonly movedAfterFirst: number
  readonly moved: number
  /** Of those whose fate is known, from 0 to 1; 0 where none is. */
  readonly share: number
}

export interface PathResult extends Tally {
  readonly path: string
  readonly pods: number
}

export interface Verdict extends Tally {
  /** Each path by itself, in the order in which they were asked. */
  readonly paths: readonly PathResult[]
  /** By the number of sessions that met them, most first. */
  readonly pods: readonly { readonly pod: string; readonly sessions: number }[]
  /** Answers by status code. */
  readonly statuses: Readonly<Record<string, number>>
  /** Requests without an answer, by the system's code. */
  readonly failures: Readonly<Record<string, number>>
  /** By the number of sessions, most first. */
  readonly causes: readonly { readonly code: Cause; readonly sessions: number }[]
  readonly notes: readonly Note[]
}

/** Fewer sessions may all meet one of two pods by chance. */
const ENOUGH_FOR_CHANCE = 10
/** `Utility::makeSetCookieValue` and `HashUtil` in Envoy: 64 bits in hexadecimal, in quotes by default. */
const ENVOYS_OWN = /^"?[0-9a-f]{16}"?$/

/** What the sessions say together. `secure`: whether requests went over TLS. */
export function judge(records: readonly SessionRecord[], secure: boolean): Verdict {
  const routes = routesOf(records)
  const judged = records.map((record) => {
    const seen = routes.map((paths) => sightings(record).filter(({ path }) => paths.includes(path)))
    return { record, seen, fate: worst(seen.map(fateOf)) }
  })
  const moved = judged
    .filter(({ fate }) => fate === 'moved' || fate === 'movedAfterFirst')
    .map(({ record, seen, fate }): Moved => {
      const wandering = seen.filter((route) => !['stuck', 'unknown'].includes(fateOf(route)))
      return { record, routes: wandering, movedAfterFirst: fate === 'movedAfterFirst' }
    })
  const visits = records.flatMap((record) => record.visits)
  return {
    ...tally(judged.map(({ fate }) => fate)),
    paths: [...new Set(visits.map(({ path }) => path))].map((path) => {
      const seen = records.map((record) => sightings(record).filter((each) => each.path === path))
      const pods = new Set(seen.flat().map(({ pod }) => pod)).size
      return { path, ...tally(seen.map(fateOf)), pods }
    }),
    pods: counted(records.flatMap((record) => [...new Set(sightings(record).map(({ pod }) => pod))])).map(
      ([pod, sessions]) => ({ pod, sessions }),
    ),
    statuses: Object.fromEntries(counted(visits.map(({ status }) => String(status)))),
    failures: Object.fromEntries(counted(records.flatMap(({ failures }) => failures))),
    causes: counted(causesOf(records, moved, secure)).map(([code, sessions]) => ({ code, sessions })),
    notes: notesOn(records),
  }
}

function notesOn(records: readonly SessionRecord[]): readonly Note[] {
  const visits = records.flatMap((record) => record.visits)
  const pods = new Set(records.flatMap(sightings).map(({ pod }) => pod))
  const enough = records.length >= ENOUGH_FOR_CHANCE
  const values = records.map(
    ({ visits: own }) => new Set(own.flatMap(({ set }) => set.map(({ value }) => value))),
  )
  const distinct = new Set(values.flatMap((own) => [...own]))
  const notes: readonly (readonly [Note, boolean])[] = [
    ['one_pod', enough && pods.size === 1],
    ['shared_cookie', values.reduce((sum, { size }) => sum + size, 0) > distinct.size],
    ['envoy_cookie', distinct.size > 0 && [...distinct].some((value) => ENVOYS_OWN.test(value))],
    ['unnamed_answers', visits.some(({ pod }) => pod === undefined)],
    ['failed_requests', records.some(({ failures }) => failures.length > 0)],
  ]
  return notes.filter(([, holds]) => holds).map(([note]) => note)
}

function tally(fates: readonly Fate[]): Tally {
  const count = (fate: Fate) => fates.filter((each) => each === fate).length
  const known = fates.length - count('unknown')
  return {
    sessions: fates.length,
    stuck: count('stuck'),
    movedAfterFirst: count('movedAfterFirst'),
    moved: count('moved'),
    share: known === 0 ? 0 : count('stuck') / known,
  }
}

/** Each value and how often it is there, the most frequent first, then by name. */
function counted<T extends string>(values: readonly T[]): readonly (readonly [value: T, count: number])[] {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
}
