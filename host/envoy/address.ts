/**
 * Socket addresses in Envoy's text form (Network::Address::Instance::asString): `10.0.0.1:80`, `[::1]:80`.
 */

/**
 * The address text of a socket's end.
 *
 * An IPv4 address that a dual-stack socket reports as `::ffff:10.0.0.1` is the IPv4 address, as in Envoy
 * (source/common/network/address_impl.cc, addressFromSockAddr).
 */
export function addressText(ip: string, port: number): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '')
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`
}

/** The IP address alone, without port and brackets: `10.0.0.1`, `::1`. */
export function ipOf(address: string): string {
  const bracketed = /^\[(.*)\]:\d+$/.exec(address)
  return bracketed?.[1] ?? address.replace(/:\d+$/, '')
}
