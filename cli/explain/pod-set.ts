import { isIP } from 'node:net'
import { addressText, type Host } from '../../host/envoy/index.ts'

/** Who may be chosen. */
export interface Pods {
  /** In the order in which they are told; `10.0.0.1:8080` each, as Istio gives them to Envoy. */
  readonly hosts: readonly Host[]
  /** Where they are told: `--pods`, or a kind of object. */
  readonly from: string
}

/** Why it is not known who may be chosen. */
export interface NoPods {
  readonly missing: string
}

/** The host at an address; none where that is no IP address, or the port is not known. */
export function hostAt(ip: unknown, port: number | undefined, weight?: number): readonly Host[] {
  if (typeof ip !== 'string' || isIP(ip) === 0 || port === undefined) return []
  return [{ address: addressText(ip, port), ...(weight === undefined || weight === 0 ? {} : { weight }) }]
}
