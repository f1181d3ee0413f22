import { HIGHS, ONES, Slice, endOf, isPresent, ptrOf } from '../bytes/slice'

/**
 * The gate: true if a header's value may hold these bytes (RFC 9110, section 5.5). Envoy checks nothing that a filter
 * writes: CR and LF in an answer are sent as they are, and split it. So everything written passes here first.
 *
 *     allowed: HTAB, 0x20 to 0x7E, 0x80 to 0xFF       an empty value is allowed, an absent one is no value
 */
export function isFieldValue(s: Slice): bool {
  if (!isPresent(s)) return false
  const end = endOf(s)
  let at = ptrOf(s)
  while (at + 8 <= end) {
    const octets = load<u64>(at)
    const deletes = octets ^ (0x7f * ONES)
    // A high bit for each octet below 0x20 and each 0x7F; and for one behind such a one, which is then looked at below.
    if ((((octets - 0x20 * ONES) & ~octets) | ((deletes - ONES) & ~deletes)) & HIGHS) break
    if (at + 8 == end) return true
    // The last eight go along with some of those before them.
    at = min(at + 8, end - 8)
  }
  for (; at < end; at++) {
    const octet = load<u8>(at)
    if ((octet < 0x20 && octet != 0x09) || octet == 0x7f) return false
  }
  return true
}
