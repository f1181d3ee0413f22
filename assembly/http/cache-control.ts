/** Whether caches that many clients share may keep an answer and hand it out again (RFC 9111 section 5.2.2). */
import { COMMA, EQUALS } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import { Slice, between, endOf, equalsIgnoreCase, indexOf, isPresent, ptrOf } from '../bytes/slice'
import { isBlank } from './octet'

const NO_STORE: Slice = ascii('no-store')
const PRIVATE: Slice = ascii('private')
const PUBLIC: Slice = ascii('public')
const MAX_AGE: Slice = ascii('max-age')
const SHARED_MAX_AGE: Slice = ascii('s-maxage')

/**
 * True if `cacheControl`, all its entries joined with commas, has public, or a max-age or s-maxage above 0, and neither
 * no-store nor private. `private="a"` concerns a header of the answer only, so it does not count. An answer without
 * the header asks no cache to keep it.
 */
export function isPubliclyCacheable(cacheControl: Slice): bool {
  if (!isPresent(cacheControl)) return false
  let invited = false
  for (let at = ptrOf(cacheControl); at < endOf(cacheControl);) {
    const end = indexOf(at, endOf(cacheControl), COMMA)
    while (at < end && isBlank(load<u8>(at))) at++
    const nameEnd = indexOf(at, end, EQUALS)
    const name = withoutBlanksBehind(at, nameEnd)
    if (equalsIgnoreCase(name, NO_STORE)) return false
    if (equalsIgnoreCase(name, PRIVATE) && nameEnd == end) return false
    if (equalsIgnoreCase(name, PUBLIC)) invited = true
    if (equalsIgnoreCase(name, MAX_AGE) || equalsIgnoreCase(name, SHARED_MAX_AGE))
      invited = invited || hasDigitAboveZero(nameEnd, end)
    at = end + 1
  }
  return invited
}

function withoutBlanksBehind(at: usize, end: usize): Slice {
  while (end > at && isBlank(load<u8>(end - 1))) end--
  return between(at, end)
}

function hasDigitAboveZero(at: usize, end: usize): bool {
  for (; at < end; at++) {
    if (load<u8>(at) - 0x31 < 9) return true
  }
  return false
}
