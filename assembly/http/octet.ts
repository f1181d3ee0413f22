/**
 * Which octets may stand where. The sets are bitmaps: bit n of the first word is the octet n, bit n of the second
 * the octet 64 + n. No octet from 0x80 up is in any of them.
 */
import { SPACE } from '../bytes/ascii'
import { Slice, between, endOf, isPresent, ptrOf } from '../bytes/slice'
import { Words, wordOf } from '../bytes/words'

// ALPHA DIGIT "!" "#" "$" "%" "&" "'" "*" "+" "-" "." "^" "_" "`" "|" "~"
// @ts-ignore: decorator
@inline
const TCHAR_LOW: u64 = 0x03ff6cfa00000000
// @ts-ignore: decorator
@inline
const TCHAR_HIGH: u64 = 0x57ffffffc7fffffe

// ALPHA DIGIT "-" "." "_" "~"
// @ts-ignore: decorator
@inline
const UNRESERVED_LOW: u64 = 0x03ff600000000000
// @ts-ignore: decorator
@inline
const UNRESERVED_HIGH: u64 = 0x47fffffe87fffffe

// unreserved "!" "$" "&" "'" "(" ")" "*" "+" "," "=" ":" "@": pchar without "%" and ";"
// @ts-ignore: decorator
@inline
const PATH_LOW: u64 = 0x27ff7fd200000000
// @ts-ignore: decorator
@inline
const PATH_HIGH: u64 = 0x47fffffe87ffffff

// @ts-ignore: decorator
@inline
function isIn(octet: u8, low: u64, high: u64): bool {
  return octet < 0x80 && (((octet < 0x40 ? low : high) >> (octet & 0x3f)) & 1) != 0
}

/** RFC 9110, section 5.6.2. */
function isTokenOctet(octet: u8): bool {
  return isIn(octet, TCHAR_LOW, TCHAR_HIGH)
}

/** RFC 3986, section 2.3. */
export function isUnreserved(octet: u8): bool {
  return isIn(octet, UNRESERVED_LOW, UNRESERVED_HIGH)
}

/** What stands for itself within a segment of a path (RFC 3986, section 3.3), `;` excepted. */
export function isPathOctet(octet: u8): bool {
  return isIn(octet, PATH_LOW, PATH_HIGH)
}

/** RFC 6265, section 4.1.1: printable, but none of the blank, `"`, `,`, `;` and `\`. */
export function isCookieOctet(octet: u8): bool {
  return octet > 0x20 && octet < 0x7f && octet != 0x22 && octet != 0x2c && octet != 0x3b && octet != 0x5c
}

/** RFC 9110, section 5.6.2: what a header's name, a cookie's name and a method must be. */
export function isToken(s: Slice): bool {
  if (!isPresent(s)) return false
  const end = endOf(s)
  for (let at = ptrOf(s); at < end; at++) {
    if (!isTokenOctet(load<u8>(at))) return false
  }
  return end > ptrOf(s)
}

/**
 * True if every octet is in one of the ranges, each two characters of the word: its first and its last. Not for a
 * request's way, where the sets above are faster.
 */
export function consistsOf(s: Slice, ranges: Words): bool {
  const pairs = wordOf(ranges)
  const rangesEnd = endOf(pairs)
  for (let at = ptrOf(s), end = endOf(s); at < end; at++) {
    const octet = load<u8>(at)
    let range = ptrOf(pairs)
    while (range < rangesEnd && (octet < load<u8>(range) || octet > load<u8>(range, 1))) range += 2
    if (range >= rangesEnd) return false
  }
  return true
}

/** OWS of RFC 9110, section 5.6.3: a blank or a tab. */
export function isBlank(octet: u8): bool {
  return octet == SPACE || octet == 0x09
}

/** The octets from `from` to `to` without blanks at either end. */
export function withoutBlanks(from: usize, to: usize): Slice {
  while (from < to && isBlank(load<u8>(from))) from++
  while (to > from && isBlank(load<u8>(to - 1))) to--
  return between(from, to)
}
