/**
 * What stands signed behind a value that a client holds, parsed from the right:
 *
 *     value "~" version "." kid rest        rest begins with a dot, and its length is known
 *     kid   = [a-z][a-z0-9-]{0,15}          the key that signed it
 */
import { DOT } from '../bytes/ascii'
import { ABSENT, Slice, between, endOf, equals, lenOf, ptrOf, slice } from '../bytes/slice'
import { isKeyId } from './token'

// @ts-ignore: decorator
@inline
const TILDE: u8 = 0x7e

/** Bytes of a suffix but for the rest, at most. */
// @ts-ignore: decorator
@inline
export const SUFFIX_START_MOST: u32 = 3 + 16

/** The value whose suffix was taken last, without it. */
export let bareValue: Slice = ABSENT
/** The suffix's kid. */
export let suffixKid: Slice = ABSENT

/** Takes the suffix off; false if `value` has none. `start` has its three first bytes, `rest` how many are behind kid. */
export function takeSuffix(value: Slice, start: Slice, rest: u32): bool {
  if (lenOf(value) <= rest) return false
  const kidEnd = endOf(value) - rest
  if (load<u8>(kidEnd) != DOT) return false
  let at = kidEnd
  while (at > ptrOf(value) && load<u8>(at) != TILDE) at--
  if (at + 3 > kidEnd || !equals(slice(at, 3), start)) return false
  bareValue = between(ptrOf(value), at)
  suffixKid = between(at + 3, kidEnd)
  return isKeyId(suffixKid)
}
