/**
 * The header `x-forwarded-client-cert`: what each proxy on the way says of the certificate that it was shown.
 *
 *     header  = element *( "," element )                    at most 64 elements
 *     element = *( blank ) pair *( ";" pair )               blank: space or tab
 *     pair    = key "=" value                               key: a token; unknown keys are skipped
 *     value   = quoted | plain
 *     quoted  = DQUOTE *( any octet but DQUOTE and "\" | "\" any octet ) DQUOTE
 *     plain   = *( 0x21 to 0xFF but DQUOTE, "," and ";" and 0x7F )
 *
 * Envoy (source/common/http/conn_manager_utility.cc) quotes Cert, Chain and Subject, and puts the subject there as RFC
 * 2253 writes it. So a backslash takes the octet after it along, and what stands between the quotes is the value: the
 * same text that `peer` has, and `CN=a\,O=b` never becomes `CN=a,O=b`. A plain value may have a `=`, since Envoy writes
 * URIs as they are.
 */
import { BACKSLASH, COMMA, EQUALS, QUOTE, SEMICOLON, SPACE } from '../bytes/ascii'
import { ABSENT, Slice, between, endOf, equalsIgnoreCase, indexOf, lenOf, ptrOf } from '../bytes/slice'
import { isBlank, isToken } from './octet'

/** The header is not of the grammar, or has another number of elements than it must: like UNREADABLE no bytes. */
// @ts-ignore: decorator
@inline
export const MALFORMED: Slice = 4 << 32

// @ts-ignore: decorator
@inline
const MOST_ELEMENTS: u32 = 64

/**
 * The first value of `key`, which is lower-case, in one element: from the first, 0, or the last, -1. ABSENT if the
 * element has none, or there is no such element. With `hops` there must be exactly that many elements. The header is
 * present, and read to its end whatever is found.
 */
export function forwardedValue(header: Slice, key: Slice, element: i32, hops: u32): Slice {
  const end = endOf(header)
  let at = ptrOf(header)
  let separator = COMMA
  let elements: u32 = 0
  let found: Slice = ABSENT
  do {
    if (separator == COMMA) {
      if (++elements > MOST_ELEMENTS) return MALFORMED
      if (element < 0) found = ABSENT
      while (at < end && isBlank(load<u8>(at))) at++
    }
    const name = between(at, indexOf(at, end, EQUALS))
    if (endOf(name) == end || !isToken(name)) return MALFORMED
    const value = valueAt(endOf(name) + 1, end)
    if (value == MALFORMED) return MALFORMED
    const isWanted = element < 0 || element + 1 == <i32>elements
    if (isWanted && found == ABSENT && equalsIgnoreCase(name, key)) found = value
    at = endOf(value)
    if (at == end) return hops != 0 && hops != elements ? MALFORMED : bare(found)
    separator = load<u8>(at++)
  } while (separator == COMMA || separator == SEMICOLON)
  return MALFORMED
}

/** The value that starts at `at`, with its quotes if it has any. */
function valueAt(start: usize, end: usize): Slice {
  let at = start
  if (at < end && load<u8>(at) == QUOTE) {
    for (at++; at < end; at++) {
      const octet = load<u8>(at)
      if (octet == QUOTE) return between(start, at + 1)
      if (octet == BACKSLASH) at++
    }
    return MALFORMED
  }
  for (; at < end; at++) {
    const octet = load<u8>(at)
    if (octet == COMMA || octet == SEMICOLON) break
    if (octet <= SPACE || octet == QUOTE || octet == 0x7f) return MALFORMED
  }
  return between(start, at)
}

/** A value without its quotes. */
function bare(value: Slice): Slice {
  if (lenOf(value) == 0 || load<u8>(ptrOf(value)) != QUOTE) return value
  return between(ptrOf(value) + 1, endOf(value) - 1)
}
