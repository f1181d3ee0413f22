/**
 * How sessions spread over pods, and how many move when pods come or go: from the host's models of Envoy's balancers,
 * so that it is the same on every machine. The models are held against a real Envoy by test/envoy.
 */
import { createHash } from 'node:crypto'
import { type Host, Maglev, RingHash, xxHash64 } from '../../host/envoy/index.ts'

/** A balancer of a DestinationRule. */
export interface Balancer {
  readonly name: string
  readonly over: (pods: readonly Pod[]) => { readonly chooseHost: (hash: bigint) => Pod | undefined }
}

/** What becomes of the sessions of so many pods; all but the counts are shares of the sessions. */
export interface Scaling {
  readonly balancer: string
  readonly pods: number
  readonly sessions: number
  /** Sessions of the busiest pod over the mean. */
  readonly busiest: number
  /** Pods that get no session at all. */
  readonly idle: number
  /** Moved when one pod joins. */
  readonly joins: number
  /** Moved when one pod leaves. */
  readonly leaves: number
  /** Decided otherwise by a gateway that was told of the pods in the reverse order. */
  readonly disputed: number
}

interface Pod extends Host {
  readonly index: number
}

export const ring = (size: number): Balancer => ({
  name: `ring of ${size.toLocaleString('en-US')}`,
  over: (pods) => new RingHash(pods, { minimumRingSize: size }),
})

export const maglev = (size: number): Balancer => ({
  name: `Maglev ${size.toLocaleString('en-US')}`,
  over: (pods) => new Maglev(pods, { tableSize: size }),
})

/** What Envoy hashes for so many sessions: the 22 characters of each one's key, which here follow from its number. */
export function sessionHashes(sessions: number): readonly bigint[] {
  return Array.from({ length: sessions }, (_, i) =>
    xxHash64(createHash('sha256').update(String(i)).digest('base64url').slice(0, 22)),
  )
}

/** What becomes of these sessions over `pods` pods, at least two. */
export function scaling(balancer: Balancer, pods: number, hashes: readonly bigint[]): Scaling {
  const all = podsUpTo(pods)
  const owners = ownersOf(balancer, all, hashes)
  const counts = new Uint32Array(pods)
  for (const owner of owners) counts[owner] = (counts[owner] ?? 0) + 1
  const changed = (others: readonly Pod[]) => share(owners, ownersOf(balancer, others, hashes))
  return {
    balancer: balancer.name,
    pods,
    sessions: hashes.length,
    busiest: (Math.max(...counts) * pods) / hashes.length,
    idle: counts.filter((count) => count === 0).length,
    joins: changed(podsUpTo(pods + 1)),
    leaves: changed(all.filter(({ index }) => index !== pods >> 1)),
    disputed: changed([...all].reverse()),
  }
}

/** Pods on nodes that have 100 each. */
function podsUpTo(count: number): readonly Pod[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    address: `10.244.${Math.floor(index / 100)}.${(index % 100) + 2}:8080`,
  }))
}

function ownersOf(balancer: Balancer, pods: readonly Pod[], hashes: readonly bigint[]): Int32Array {
  const built = balancer.over(pods)
  return Int32Array.from(hashes, (hash) => built.chooseHost(hash)?.index ?? -1)
}

function share(before: Int32Array, after: Int32Array): number {
  return before.filter((owner, i) => owner !== after[i]).length / before.length
}
