/**
 * Patterns of SPIFFE ids, for peers that are believed:
 *
 *     pattern      = "spiffe://" trust-domain 1*( "/" segment )        at most 64 segments
 *     trust-domain = 1*( a-z | 0-9 | "." | "-" | "_" )
 *     segment      = "*"                                                any one segment
 *                  | "**"                                               the rest, none included; only last
 *                  | 1*( A-Z | a-z | 0-9 | "." | "-" | "_" )            itself; not "." and not ".."
 *
 * The characters are those of the SPIFFE ID standard, section 2. The trust domain is literal: whose certificates are
 * good is not left open.
 */
import { DOT, MINUS, SLASH, STAR, UNDERSCORE } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import {
  ABSENT,
  Slice,
  between,
  endOf,
  equals,
  indexOf,
  isPresent,
  lenOf,
  ptrOf,
  slice,
} from '../bytes/slice'
import { matchPath } from './path'
import { PathPatternError, pathPatternError } from './path-pattern'

const SCHEME: Slice = ascii('spiffe://')

/** True if `pattern` may be given to `matchPeer`. */
export function isPeerPattern(pattern: Slice): bool {
  const path = pathOf(pattern)
  if (lenOf(path) < 2 || load<u8>(endOf(path) - 1) == SLASH) return false
  const domain = between(ptrOf(pattern) + lenOf(SCHEME), ptrOf(path))
  if (lenOf(domain) == 0) return false
  for (let at = ptrOf(domain); at < ptrOf(path); at++) {
    const octet = load<u8>(at)
    if (!isNameOctet(octet) || octet - 0x41 < 26) return false
  }
  for (let at = ptrOf(path); at < endOf(path); at++) {
    const octet = load<u8>(at)
    if (!isNameOctet(octet) && octet != SLASH && octet != STAR) return false
  }
  return pathPatternError(path) == PathPatternError.None
}

function isNameOctet(octet: u8): bool {
  return (
    (octet | 0x20) - 0x61 < 26 || octet - 0x30 < 10 || octet == DOT || octet == MINUS || octet == UNDERSCORE
  )
}

/** True if the URI is a SPIFFE id that the pattern, which has no error, covers. Nothing is decoded or normalised. */
export function matchPeer(pattern: Slice, uri: Slice): bool {
  const path = pathOf(uri)
  const patternPath = pathOf(pattern)
  if (!isPresent(path) || !isPresent(patternPath)) return false
  const domain = between(ptrOf(uri), ptrOf(path))
  return equals(domain, between(ptrOf(pattern), ptrOf(patternPath))) && matchPath(patternPath, path)
}

/** From the slash after the trust domain on; ABSENT if `uri` is no SPIFFE id. */
function pathOf(uri: Slice): Slice {
  const length = lenOf(SCHEME)
  if (!isPresent(uri) || lenOf(uri) < length || !equals(slice(ptrOf(uri), length), SCHEME)) return ABSENT
  return between(indexOf(ptrOf(uri) + length, endOf(uri), SLASH), endOf(uri))
}
