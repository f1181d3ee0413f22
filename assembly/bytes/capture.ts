/**
 * Patterns that take one part out of a text:
 *
 *     pattern = *( literal | "*" | "{}" )      one "{}", at most 4 "*", no two of either side by side
 *     literal = 1*( any octet but "*" "{" "}" )
 *
 *     user-{}@*        user-alice@example.com  ->  alice
 *
 * The pattern covers the whole text. From left to right each `*` and `{}` takes as little as it can, the last one what
 * is left before the end of the pattern. So nothing is tried twice.
 */
import { CLOSE_BRACE, OPEN_BRACE, STAR } from './ascii'
import { ABSENT, Slice, between, endOf, equals, indexOf, lenOf, ptrOf, slice } from './slice'

// @ts-ignore: decorator
@inline
const MOST_STARS: u32 = 4

export enum CapturePatternError {
  None = 0,
  NoCapture = 1,
  SecondCapture = 2,
  TooManyStars = 3,
  Adjacent = 4,
  Brace = 5,
}

/** The first error of a pattern, `None` if it may be given to `capture`. */
export function capturePatternError(pattern: Slice): CapturePatternError {
  const end = endOf(pattern)
  let captures: u32 = 0
  let stars: u32 = 0
  let afterWildcard = false
  for (let at = ptrOf(pattern); at < end; at++) {
    const octet = load<u8>(at)
    const isWildcard = octet == STAR || octet == OPEN_BRACE
    if (isWildcard && afterWildcard) return CapturePatternError.Adjacent
    afterWildcard = isWildcard
    if (octet == STAR && ++stars > MOST_STARS) return CapturePatternError.TooManyStars
    if (octet == CLOSE_BRACE) return CapturePatternError.Brace
    if (octet != OPEN_BRACE) continue
    if (++captures > 1) return CapturePatternError.SecondCapture
    if (++at == end || load<u8>(at) != CLOSE_BRACE) return CapturePatternError.Brace
  }
  return captures == 0 ? CapturePatternError.NoCapture : CapturePatternError.None
}

/** What `{}` takes of `text`, be it nothing; ABSENT where the pattern, which has no error, does not cover the text. */
export function capture(pattern: Slice, text: Slice): Slice {
  const patternEnd = endOf(pattern)
  const textEnd = endOf(text)
  let at = ptrOf(text)
  let taken: Slice = ABSENT
  for (let next = ptrOf(pattern); next < patternEnd;) {
    const octet = load<u8>(next)
    const isCapture = octet == OPEN_BRACE
    const isWildcard = isCapture || octet == STAR
    if (isWildcard) next += isCapture ? 2 : 1
    const literal = between(next, literalEnd(next, patternEnd))
    next = endOf(literal)
    const start = at
    if (!isWildcard) at = startsAt(literal, at, textEnd) ? at : textEnd + 1
    else if (next == patternEnd) at = lastPlace(literal, at, textEnd)
    else at = firstPlace(literal, at, textEnd)
    if (at > textEnd) return ABSENT
    if (isCapture) taken = between(start, at)
    at += lenOf(literal)
  }
  return at == textEnd ? taken : ABSENT
}

function literalEnd(from: usize, end: usize): usize {
  return min(indexOf(from, end, STAR), indexOf(from, end, OPEN_BRACE))
}

/** The first place of `literal` in [from, to), or beyond `to`. */
function firstPlace(literal: Slice, from: usize, to: usize): usize {
  while (from <= to && !startsAt(literal, from, to)) from++
  return from
}

/** Where `literal` starts if it ends [from, to), else beyond `to`. */
function lastPlace(literal: Slice, from: usize, to: usize): usize {
  const start = to - lenOf(literal)
  return lenOf(literal) <= <u32>(to - from) && startsAt(literal, start, to) ? start : to + 1
}

// @ts-ignore: decorator
@inline
function startsAt(literal: Slice, at: usize, to: usize): bool {
  const length = lenOf(literal)
  return length <= <u32>(to - at) && equals(slice(at, length), literal)
}
