/**
 * SPIFFE ids, written as the standard has them (SPIFFE ID, section 2), with no escapes and nothing to normalise:
 *
 *     id           = "spiffe://" trust-domain *( "/" segment )         at most 64 segments
 *     trust-domain = 1*( a-z | 0-9 | "." | "-" | "_" )
 *     segment      = 1*( A-Z | a-z | 0-9 | "." | "-" | "_" )           not "." and not ".."
 *
 * Istio's are `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`.
 */
import { DOT, MINUS, SLASH, STAR, UNDERSCORE, isDigit, isUpperCase, isLetter } from '../bytes/ascii'
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
import { matchPath, pathCapture } from './path'
import { PathPatternError, pathPatternError } from './path-pattern'

/** In the order of config/check/certificate.ts. */
export enum SpiffePart {
  Whole = 0,
  TrustDomain = 1,
  Namespace = 2,
  ServiceAccount = 3,
}

const SCHEME: Slice = ascii('spiffe://')
const ISTIO_PATH: Slice = ascii('/ns/{namespace}/sa/{account}')

/** True for a SPIFFE id. With `stars` for a pattern of them: it has segments, and any of these may have stars. */
export function isSpiffeId(uri: Slice, stars: bool): bool {
  const domain = spiffeDomain(uri)
  if (lenOf(domain) == 0) return false
  for (let at = ptrOf(domain); at < endOf(domain); at++) {
    const octet = load<u8>(at)
    if (!isNameOctet(octet) || isUpperCase(octet)) return false
  }
  const path = spiffePath(uri)
  if (lenOf(path) == 0) return !stars
  if (load<u8>(endOf(path) - 1) == SLASH) return false
  for (let at = ptrOf(path); at < endOf(path); at++) {
    const octet = load<u8>(at)
    if (!isNameOctet(octet) && octet != SLASH && (!stars || octet != STAR)) return false
  }
  return pathPatternError(path) == PathPatternError.None
}

function isNameOctet(octet: u8): bool {
  return isLetter(octet) || isDigit(octet) || octet == DOT || octet == MINUS || octet == UNDERSCORE
}

/** One part of an id; ABSENT if `uri` is no SPIFFE id, or has not Istio's form where the part needs it. */
export function spiffePart(uri: Slice, part: SpiffePart): Slice {
  if (!isSpiffeId(uri, false)) return ABSENT
  if (part == SpiffePart.TrustDomain) return spiffeDomain(uri)
  const path = spiffePath(uri)
  return matchPath(ISTIO_PATH, path) ? pathCapture(ISTIO_PATH, path, part - SpiffePart.Namespace) : ABSENT
}

/** What stands between the scheme and the path, whatever it is; ABSENT if `uri` has another scheme. */
export function spiffeDomain(uri: Slice): Slice {
  const length = lenOf(SCHEME)
  if (!isPresent(uri) || lenOf(uri) < length || !equals(slice(ptrOf(uri), length), SCHEME)) return ABSENT
  const start = ptrOf(uri) + length
  return between(start, indexOf(start, endOf(uri), SLASH))
}

/** From the slash after the trust domain on, be it nothing; ABSENT if `uri` has another scheme. */
export function spiffePath(uri: Slice): Slice {
  const domain = spiffeDomain(uri)
  return isPresent(domain) ? between(endOf(domain), endOf(uri)) : ABSENT
}
