import type { SessionRecord, Visit } from './visit.ts'

/**
 * How a session fared: on one pod from its first request on; on one pod but for the first request; on several; or
 * without two answers that name a pod.
 */
export type Fate = 'stuck' | 'movedAfterFirst' | 'moved' | 'unknown'

/** An answer that names its pod. */
export type Sighting = Visit & { readonly pod: string }

export const sightings = ({ visits }: SessionRecord): readonly Sighting[] =>
  visits.filter((visit): visit is Sighting => visit.pod !== undefined)

/** What became of a client by its answers from pods of one Service, in order. */
export function fateOf(seen: readonly Sighting[]): Fate {
  const [first, ...rest] = seen.map(({ pod }) => pod)
  if (first === undefined || rest.length === 0) return 'unknown'
  const settled = new Set(rest).size === 1
  if (settled && rest[0] === first) return 'stuck'
  return settled && rest.length > 1 ? 'movedAfterFirst' : 'moved'
}

/** A session's fate over all Services: the worst. */
export function worst(fates: readonly Fate[]): Fate {
  return (['moved', 'movedAfterFirst', 'stuck'] as const).find((fate) => fates.includes(fate)) ?? 'unknown'
}

/**
 * Paths that lead to one Service: those that met a pod in common. A session cannot be on one pod for paths that lead
 * to different Services, and has to be for these.
 */
export function routesOf(records: readonly SessionRecord[]): readonly (readonly string[])[] {
  const podsByPath = new Map<string, Set<string>>()
  for (const { path, pod } of records.flatMap(sightings)) {
    podsByPath.set(path, (podsByPath.get(path) ?? new Set()).add(pod))
  }
  let routes: { readonly paths: readonly string[]; readonly pods: ReadonlySet<string> }[] = []
  for (const [path, pods] of podsByPath) {
    const same = routes.filter((route) => [...pods].some((pod) => route.pods.has(pod)))
    routes = [
      ...routes.filter((route) => !same.includes(route)),
      {
        paths: [...same.flatMap(({ paths }) => paths), path],
        pods: new Set([...pods, ...same.flatMap((route) => [...route.pods])]),
      },
    ]
  }
  return routes.map(({ paths }) => paths)
}
