import { isIP } from 'node:net'
import { addressText, type Host } from '../../host/envoy/index.ts'
import { isMapping, type Mapping } from '../manifests/value.ts'
import { hasLabels } from './fields.ts'

/** A host, and what tells of which subsets it is. */
export interface Pod extends Host {
  /** Absent where they are not told. */
  readonly labels?: Mapping | undefined
  /** The subset under which it is given by `--pods`. */
  readonly subset?: string
}

/** Who may be chosen. */
export interface Pods {
  /** In the order in which they are told; `10.0.0.1:8080` each, as Istio gives them to Envoy. */
  readonly hosts: readonly Pod[]
  /** Where they are told: `--pods`, or a kind of object. */
  readonly from: string
}

/** Why it is not known who may be chosen. */
export interface NoPods {
  readonly missing: string
}

/** The host at an address; none where that is no IP address, or the port is not known. */
export function hostAt(
  ip: unknown,
  port: number | undefined,
  labels: unknown,
  weight?: number,
): readonly Pod[] {
  if (typeof ip !== 'string' || isIP(ip) === 0 || port === undefined) return []
  return [
    {
      address: addressText(ip, port),
      labels: isMapping(labels) ? labels : undefined,
      ...(weight === undefined || weight === 0 ? {} : { weight }),
    },
  ]
}

/** Those of a subset: by its labels, or as `--pods` says. */
export function podsOfSubset({ hosts, from }: Pods, name: string, labels: Mapping): Pods | NoPods {
  const given = hosts.filter(({ subset }) => subset === name)
  if (given.length > 0) return { hosts: given, from }
  if (Object.keys(labels).length === 0) return { hosts, from }
  const unlabelled = hosts.find((host) => host.labels === undefined)
  if (unlabelled !== undefined) {
    return {
      missing: `whether ${unlabelled.address} is of subset ${name} is not told: give its Pod, or --pods ${name}=ADDRESSES`,
    }
  }
  const own = hosts.filter((host) => hasLabels(host.labels, labels))
  return own.length === 0 ? { missing: `no pod has the labels of subset ${name}` } : { hosts: own, from }
}
