/**
 * Who the client is: mutateRequestHeaders in source/common/http/conn_manager_utility.cc and getLastAddressFromXFF
 * in utility.cc.
 */
import { isIP } from 'node:net'
import { addressText, ipOf } from '../envoy/index.ts'
import type { HeaderMap } from '../header-map.ts'

/** How far x-forwarded-for is believed; see GatewayConfig. */
export interface ClientAddressOptions {
  readonly useRemoteAddress?: boolean
  readonly xffNumTrustedHops?: number
}

/**
 * Finds the client's address and brings x-forwarded-for, x-forwarded-proto and :scheme up to date. An address taken from
 * x-forwarded-for has port 0, as no port is known.
 *
 * @param peer The other end of the connection, `10.0.0.1:80` or `[::1]:80`.
 * @returns the same form
 */
export function resolveClientAddress(
  headers: HeaderMap,
  peer: string,
  options: ClientAddressOptions,
): string {
  const { useRemoteAddress = false, xffNumTrustedHops = 0 } = options
  const atEdge = useRemoteAddress && xffNumTrustedHops === 0
  if (atEdge || !headers.has('x-forwarded-proto')) headers.replace('x-forwarded-proto', 'http')
  const proto = headers.get('x-forwarded-proto')
  headers.replace(':scheme', proto === 'https' ? 'https' : 'http')

  const forwarded = headers.get('x-forwarded-for') ?? ''
  if (!useRemoteAddress) return forwardedAddress(forwarded, xffNumTrustedHops) ?? peer
  headers.add('x-forwarded-for', ipOf(peer))
  return (atEdge ? undefined : forwardedAddress(forwarded, xffNumTrustedHops - 1)) ?? peer
}

/** The entry that remains last after so many trusted ones are dropped; undefined if it is no IP address. */
function forwardedAddress(forwarded: string, trustedHops: number): string | undefined {
  const entries = forwarded.split(',')
  const ip = entries[entries.length - 1 - trustedHops]?.trim()
  return ip === undefined || isIP(ip) === 0 ? undefined : addressText(ip, 0)
}
