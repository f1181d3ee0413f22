/**
 * The grammar of path patterns. A pattern is compared with normalised paths (`normalisePath`), so a text that no
 * normalised path can contain is an error, not a rule that never matches.
 *
 *     pattern = 1*( "/" segment ) [ "/" ]  |  "/"        at most 64 segments
 *     segment = "*"                                      any one segment
 *             | "{" name "}"                             any one segment, captured; a name once per pattern
 *             | "**"                                     the rest, none included; only last
 *             | 1*( path octet without "*" | escape )    itself
 *     name    = [a-z][A-Za-z0-9_]*
 *     escape  = "%" and two upper-case digits: not of an unreserved octet, "/", "\" or NUL
 */
import { word } from '../bytes/words'
import {
  BACKSLASH,
  CLOSE_BRACE,
  DOT,
  HASH,
  OPEN_BRACE,
  PERCENT,
  QUESTION_MARK,
  SEMICOLON,
  SLASH,
  STAR,
  isLowerCase,
} from '../bytes/ascii'
import { Slice, between, endOf, equals, indexOf, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { isPathOctet, isUnreserved, consistsOf } from './octet'
import { escapedOctet, upperHexDigit } from './percent'

/** A path of more segments is ambiguous, a pattern of more an error. */
// @ts-ignore: decorator
@inline
export const PATH_SEGMENTS_MAX: u32 = 64

/** What is wrong with a pattern; the first thing found from its start. */
export enum PathPatternError {
  None = 0,
  /** Empty, or does not start with `/`. */
  NoLeadingSlash = 1,
  /** `//`: slashes are collapsed. */
  EmptySegment = 2,
  /** `.` or `..`: dot segments are resolved. */
  DotSegment = 3,
  /** `*` next to other characters, as in `/a*` or `***`. */
  PartialStar = 4,
  /** `**` before the last segment. */
  DoubleStarNotLast = 5,
  /** `{` or `}` that do not enclose a whole segment. */
  PartialCapture = 6,
  /** What `{}` enclose is no name. */
  CaptureName = 7,
  /** One name twice. */
  RepeatedCapture = 8,
  /** `?` or `#`: query and fragment are no part of what is matched. */
  QueryOrFragment = 9,
  /** `;`: paths with parameters match no rule. */
  Semicolon = 10,
  /** No valid escape, or of an octet that is never escaped in a normalised path, or in lower case. */
  Escape = 11,
  /** An octet that stands in a normalised path as its escape only: blank, `\`, `"`, 0x80 and up, ... */
  Octet = 12,
  TooManySegments = 13,
}

/** True for `**`. */
export function isRest(segment: Slice): bool {
  return lenOf(segment) == 2 && load<u16>(ptrOf(segment)) == 0x2a2a
}

/** True for `*` and `{name}`. The segment is one of a pattern that has no error. */
export function isAnySegment(segment: Slice): bool {
  if (lenOf(segment) == 0) return false
  const first = load<u8>(ptrOf(segment))
  return first == STAR || first == OPEN_BRACE
}

/** How many `{name}` a pattern without error has. */
export function captureCount(pattern: Slice): u32 {
  let count: u32 = 0
  // A brace encloses a whole segment, or the pattern has an error.
  for (let at = ptrOf(pattern); at < endOf(pattern); at++) {
    if (load<u8>(at) == OPEN_BRACE) count++
  }
  return count
}

/** The first error of a pattern, `None` if it may be given to `matchPath`. */
export function pathPatternError(pattern: Slice): PathPatternError {
  if (!isPresent(pattern)) return PathPatternError.NoLeadingSlash
  const end = endOf(pattern)
  let at = ptrOf(pattern)
  if (at == end || load<u8>(at) != SLASH) return PathPatternError.NoLeadingSlash
  for (let segments: u32 = 1; at < end; segments++) {
    const segment = between(at + 1, indexOf(at + 1, end, SLASH))
    const isLast = endOf(segment) == end
    if (segments > PATH_SEGMENTS_MAX && !(isLast && lenOf(segment) == 0))
      return PathPatternError.TooManySegments
    const error = segmentError(segment, isLast)
    if (error != PathPatternError.None) return error
    if (isCapture(segment) && isIn(segment, ptrOf(pattern), at)) return PathPatternError.RepeatedCapture
    at = endOf(segment)
  }
  return PathPatternError.None
}

function segmentError(segment: Slice, isLast: bool): PathPatternError {
  const length = lenOf(segment)
  const start = ptrOf(segment)
  if (length == 0) return isLast ? PathPatternError.None : PathPatternError.EmptySegment
  if (length == 1 && load<u8>(start) == STAR) return PathPatternError.None
  if (isRest(segment)) return isLast ? PathPatternError.None : PathPatternError.DoubleStarNotLast
  if (length <= 2 && load<u8>(start) == DOT && load<u8>(endOf(segment) - 1) == DOT)
    return PathPatternError.DotSegment
  if (isCapture(segment)) return isCaptureName(segment) ? PathPatternError.None : PathPatternError.CaptureName
  return literalError(segment)
}

function literalError(segment: Slice): PathPatternError {
  const end = endOf(segment)
  for (let at = ptrOf(segment); at < end; at++) {
    const octet = load<u8>(at)
    if (octet == STAR) return PathPatternError.PartialStar
    if (octet == OPEN_BRACE || octet == CLOSE_BRACE) return PathPatternError.PartialCapture
    if (octet == QUESTION_MARK || octet == HASH) return PathPatternError.QueryOrFragment
    if (octet == SEMICOLON) return PathPatternError.Semicolon
    if (octet == PERCENT) {
      if (!isLastingEscape(at, end)) return PathPatternError.Escape
      at += 2
    } else if (!isPathOctet(octet)) {
      return PathPatternError.Octet
    }
  }
  return PathPatternError.None
}

/** True if normalising leaves the escape at `at` as it is. */
function isLastingEscape(at: usize, end: usize): bool {
  const octet = escapedOctet(at, end)
  if (octet <= 0 || octet == SLASH || octet == BACKSLASH || isUnreserved(<u8>octet)) return false
  return load<u8>(at, 1) == upperHexDigit(<u8>(octet >> 4)) && load<u8>(at, 2) == upperHexDigit(<u8>octet)
}

/** True for `{name}`. */
export function isCapture(segment: Slice): bool {
  if (lenOf(segment) < 2) return false
  return load<u8>(ptrOf(segment)) == OPEN_BRACE && load<u8>(endOf(segment) - 1) == CLOSE_BRACE
}

// [a-z][A-Za-z0-9_]*
function isCaptureName(segment: Slice): bool {
  const name = between(ptrOf(segment) + 1, endOf(segment) - 1)
  return lenOf(name) > 0 && isLowerCase(load<u8>(ptrOf(name))) && consistsOf(name, word('azAZ09__'))
}

/** True if the part of a pattern in [from, to), which starts with a slash or is empty, has the segment. */
function isIn(segment: Slice, from: usize, to: usize): bool {
  while (from < to) {
    const other = between(from + 1, indexOf(from + 1, to, SLASH))
    if (equals(other, segment)) return true
    from = endOf(other)
  }
  return false
}
