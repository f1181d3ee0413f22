import { type Host, HashingCluster, type HashingClusterOptions, xxHash64 } from '../../host/envoy/index.ts'
import { binaryNode, plainKey } from '../filter/reference-key.ts'
import type { Pod } from './pod.ts'

/** Where a session is: the key that it was given, and the pod that knows it. */
export interface Session {
  /** The 16 bytes of K. */
  readonly k: Uint8Array
  /** Undefined for one that is not there yet. */
  readonly pod?: string
}

/** Says by which pod a session is answered where these are there. */
export type Placement = (session: Session, pods: readonly Pod[]) => string | undefined

interface Named extends Host {
  readonly name: string
}

/** By hash, as Envoy does it with that policy (docs/keys.md, host/envoy): who else knows the session does not count. */
export function byHash(policy: HashingClusterOptions['policy']): Placement {
  const clusters = new Map<string, HashingCluster<Named>>()
  const clusterOf = (pods: readonly Pod[]): HashingCluster<Named> => {
    const hosts = pods.map(({ name, port }) => ({ name, address: `127.0.0.1:${port}` }))
    const id = hosts.map(({ address }) => address).join()
    const cluster = clusters.get(id) ?? new HashingCluster(hosts, { policy })
    clusters.set(id, cluster)
    return cluster
  }
  return ({ k }, pods) => {
    const key = plainKey(binaryNode('session', Buffer.from(k).toString('hex')))
    return clusterOf(pods).chooseHost(xxHash64(key))?.name
  }
}

/** On the pod that knows the session for as long as there is that pod, else as `fallback` says. */
export function whileItIsThere(fallback: Placement): Placement {
  return (session, pods) =>
    pods.some(({ name }) => name === session.pod) ? session.pod : fallback(session, pods)
}
