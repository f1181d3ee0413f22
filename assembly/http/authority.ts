/**
 * The host within an `:authority`, and the patterns that rules compare it with. ASCII case does not count.
 *
 *     authority = host [ ":" port ]          host = name [ "." ]  |  IPv4  |  "[" IPv6 "]"
 *     pattern   = "*" | [ "*." ] label *( "." label )       label = 1*63( a-z 0-9 "-" "_" )      at most 255 bytes
 */
import {
  CLOSE_BRACKET,
  COLON,
  DOT,
  MINUS,
  OPEN_BRACKET,
  STAR,
  UNDERSCORE,
  isDigit,
  isLowerCase,
  isUpperCase,
} from '../bytes/ascii'
import {
  Slice,
  between,
  endOf,
  equalsIgnoreCase,
  indexOf,
  isPresent,
  lenOf,
  ptrOf,
  slice,
} from '../bytes/slice'

/** A longer host matches no pattern but `*`; a longer pattern is an error. */
// @ts-ignore: decorator
@inline
export const HOST_MAX: u32 = 255

// RFC 1035, section 2.3.4.
// @ts-ignore: decorator
@inline
const LABEL_MAX: u32 = 63

/** What is wrong with a host pattern; the first thing found from its start. */
export enum HostPatternError {
  None = 0,
  Empty = 1,
  /** Over 255 bytes. */
  TooLong = 2,
  /** `*` that is not the whole pattern nor its whole first label, as in `shop*.example.com` or `a.*`. */
  PartialStar = 3,
  /** `:`: the port is no part of what is matched, and IPv6 addresses cannot be. */
  Port = 4,
  /** Hosts are compared in lower case. */
  UpperCase = 5,
  /** A dot first, last or after another. */
  EmptyLabel = 6,
  /** Over 63 bytes between dots. */
  LabelTooLong = 7,
  /** Any other octet: a path, a scheme, a name that is not in its ASCII (xn--) form. */
  Octet = 8,
}

/**
 * The host of an `:authority`: without port, one trailing dot, and the brackets of an IPv6 address. What is not of
 * the grammar above stays as it is, and so matches `*` only. Absent and unreadable stay what they are.
 *
 *     shop.example.com.:8443 -> shop.example.com       [::1]:80 -> ::1       a:b -> a:b
 */
export function hostOf(authority: Slice): Slice {
  if (!isPresent(authority)) return authority
  const host = withoutPort(authority)
  const start = ptrOf(host)
  const length = lenOf(host)
  if (length < 2) return host
  const last = endOf(host) - 1
  if (load<u8>(start) == OPEN_BRACKET && load<u8>(last) == CLOSE_BRACKET) return between(start + 1, last)
  return load<u8>(last) == DOT ? slice(start, length - 1) : host
}

/**
 * True if a host, as `hostOf` gives it, matches a pattern that `hostPatternError` accepts. `*.example.com` stands for
 * one or more labels before `.example.com`, as in Envoy's and Istio's virtual hosts; `*` for any host.
 */
export function matchHost(pattern: Slice, host: Slice): bool {
  if (!isPresent(pattern) || !isPresent(host)) return false
  const start = ptrOf(pattern)
  const length = lenOf(pattern)
  if (length == 0 || load<u8>(start) != STAR)
    return lenOf(host) <= HOST_MAX && equalsIgnoreCase(host, pattern)
  if (length == 1) return true
  const suffix = length - 1
  if (lenOf(host) <= suffix || lenOf(host) > HOST_MAX) return false
  return equalsIgnoreCase(slice(endOf(host) - suffix, suffix), slice(start + 1, suffix))
}

/** The first error of a host pattern, `None` if it may be given to `matchHost`. */
export function hostPatternError(pattern: Slice): HostPatternError {
  const length = lenOf(pattern)
  if (!isPresent(pattern) || length == 0) return HostPatternError.Empty
  if (length > HOST_MAX) return HostPatternError.TooLong
  let at = ptrOf(pattern)
  const end = endOf(pattern)
  if (load<u8>(at) == STAR) {
    if (length == 1) return HostPatternError.None
    if (load<u8>(at, 1) != DOT) return HostPatternError.PartialStar
    at += 2
  }
  let label: u32 = 0
  for (; at < end; at++) {
    const octet = load<u8>(at)
    if (octet == DOT) {
      if (label == 0) return HostPatternError.EmptyLabel
      label = 0
      continue
    }
    const error = octetError(octet)
    if (error != HostPatternError.None) return error
    if (++label > LABEL_MAX) return HostPatternError.LabelTooLong
  }
  return label == 0 ? HostPatternError.EmptyLabel : HostPatternError.None
}

function octetError(octet: u8): HostPatternError {
  if (isLowerCase(octet) || isDigit(octet) || octet == MINUS || octet == UNDERSCORE)
    return HostPatternError.None
  if (octet == STAR) return HostPatternError.PartialStar
  if (octet == COLON) return HostPatternError.Port
  if (isUpperCase(octet)) return HostPatternError.UpperCase
  return HostPatternError.Octet
}

/** Cuts off ":" and the digits behind it, be they none. What stands before is then a whole host, or nothing is cut. */
function withoutPort(authority: Slice): Slice {
  const start = ptrOf(authority)
  let at = endOf(authority)
  while (at > start && isDigit(load<u8>(at - 1))) at--
  if (at == start || load<u8>(at - 1) != COLON) return authority
  const colon = at - 1
  if (colon > start && load<u8>(colon - 1) == CLOSE_BRACKET) return between(start, colon)
  return indexOf(start, colon, COLON) == colon ? between(start, colon) : authority
}
