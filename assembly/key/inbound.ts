/**
 * A key that came along with the request: from a hop that derived it already, and that the policy trusts. Everyone
 * else's key header is removed unread.
 */
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, endOf, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { KeyPolicy, SLICE_BYTES } from '../config/policy'
import { matchPeer } from '../http/peer-pattern'
import { readProperty } from '../proxy/property'
import { onlyEntry } from '../proxy/request'

// The first URI SAN of the peer's certificate. Istio's proxies accept none that they have not verified.
const PEER: Slice = ascii('connection\0uri_san_peer_certificate')

/** As long as any key that a filter writes. */
// @ts-ignore: decorator
@inline
const LONGEST: u32 = 256

/** The inbound key; ABSENT if the peer is not trusted, or brings none, or several, or what no filter writes. */
export function inboundKey(policy: KeyPolicy): Slice {
  if (policy.trustedPeerCount == 0 || !isTrusted(policy, readProperty(PEER))) return ABSENT
  const key = onlyEntry(policy.header)
  return isKey(key) ? key : ABSENT
}

function isTrusted(policy: KeyPolicy, peer: Slice): bool {
  if (!isPresent(peer)) return false
  for (let i: u32 = 0; i < policy.trustedPeerCount; i++) {
    if (matchPeer(load<Slice>(policy.trustedPeers + i * SLICE_BYTES), peer)) return true
  }
  return false
}

function isKey(text: Slice): bool {
  if (!isPresent(text) || lenOf(text) == 0 || lenOf(text) > LONGEST) return false
  for (let at = ptrOf(text), end = endOf(text); at < end; at++) {
    const octet = load<u8>(at)
    if (octet <= 0x20 || octet >= 0x7f) return false
  }
  return true
}
