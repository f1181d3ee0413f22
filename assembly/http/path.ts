/**
 * Paths, normalised so that a rule sees one text for one resource, whatever a client does to its spelling.
 * `:path` itself is never rewritten; what the backend would read differently from us matches no rule at all.
 */
import { BACKSLASH, DOT, HASH, PERCENT, QUESTION_MARK, SEMICOLON, SLASH } from '../bytes/ascii'
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
import { Writer } from '../bytes/writer'
import { isPathOctet, isUnreserved } from './octet'
import { PATH_SEGMENTS_MAX, isAnySegment, isCapture, isRest } from './path-pattern'
import { escapedOctet, upperHexDigit } from './percent'

/** What `writeSegment` answers instead of an address. */
// @ts-ignore: decorator
@inline
const AMBIGUOUS: usize = 0

/**
 * Appends the normalised form of a `:path`. False if the path is ambiguous, and so matches no rule, or if the writer
 * has no room; what was appended means nothing then. The result needs at most three times the bytes of `path`.
 *
 * 1. Query and fragment are cut off. What is left must start with a slash; a backslash counts as one.
 * 2. Escapes of unreserved octets are decoded, all others get upper-case digits, and an octet that no path may hold
 *    raw (a blank, `"`, 0x80 and up) becomes its escape.
 * 3. `.` and `..` are resolved (RFC 3986, section 5.2.4) and empty segments dropped. A last `/` stays.
 *
 * Ambiguous, since servers disagree about them: `%2F`, `%5C`, `%00`, NUL, `;`, a `%` without two hexadecimal digits,
 * `..` above the root or anywhere behind an empty segment (is it that segment's or its parent's parent?), and more
 * than 64 segments.
 *
 *     /a/./b/%7Eme/../c?x=1   ->  /a/b/c          //A//%e4/  ->  /A/%E4/          /a/..%2fb  ->  false
 */
export function normalisePath(path: Slice, out: Writer): bool {
  if (!isPresent(path)) return false
  let at = ptrOf(path)
  const end = endOfPath(at, endOf(path))
  if (at == end || !isSlash(load<u8>(at))) return false
  let depth: u32 = 0
  let sawEmpty = false
  while (at < end) {
    const before = out.length
    out.byte(SLASH)
    const start = out.at
    at = writeSegment(at + 1, end, out)
    if (at == AMBIGUOUS || !isPresent(out.result)) return false
    const length = <u32>(out.at - start)
    const dots = dotsOf(slice(start, length))
    if (dots == 2) {
      if (depth == 0 || sawEmpty) return false
      depth--
      out.truncate(before - lengthOfSegmentBefore(start - 1))
    } else if (dots == 1 || length == 0) {
      out.truncate(before)
    } else if (++depth > PATH_SEGMENTS_MAX) {
      return false
    }
    if (length == 0) sawEmpty = true
    if (at == end && (dots > 0 || length == 0)) out.byte(SLASH)
  }
  return isPresent(out.result)
}

/**
 * True if the path is its own normalised form, as most are: told in one go, with nothing written. False also of some
 * that are, such as those with a segment that begins with a dot.
 */
export function isNormalised(path: Slice): bool {
  const start = ptrOf(path)
  let slashes: u32 = 0
  let afterSlash = false
  for (let at = start, end = endOf(path); at < end; at++) {
    const octet = load<u8>(at)
    const isEnd = octet == SLASH
    if (afterSlash ? isEnd || octet == DOT : !isEnd && at == start) return false
    if (isEnd) slashes++
    else if (!isPathOctet(octet)) return false
    afterSlash = isEnd
  }
  return slashes - 1 < PATH_SEGMENTS_MAX
}

/**
 * True if a normalised path matches a pattern that `pathPatternError` accepts: segment by segment, with no way back.
 * `*` and `{name}` take one segment that is not empty; a last `**` takes the rest, be it none.
 *
 *     /mcp/**  matches  /mcp  /mcp/  /mcp/a/b          /a/*  matches  /a/b  but not  /a/  /a/b/  /a/b/c
 */
export function matchPath(pattern: Slice, normalised: Slice): bool {
  if (!isPresent(pattern) || !isPresent(normalised)) return false
  const patternEnd = endOf(pattern)
  const pathEnd = endOf(normalised)
  let p = ptrOf(pattern)
  let q = ptrOf(normalised)
  while (p < patternEnd) {
    const wantedEnd = indexOf(p + 1, patternEnd, SLASH)
    const wanted = between(p + 1, wantedEnd)
    if (isRest(wanted)) return true
    if (q == pathEnd) return false
    const segmentEnd = indexOf(q + 1, pathEnd, SLASH)
    const segment = between(q + 1, segmentEnd)
    if (isAnySegment(wanted) ? lenOf(segment) == 0 : !equals(wanted, segment)) return false
    p = wantedEnd
    q = segmentEnd
  }
  return q == pathEnd
}

/**
 * What the capture number `index`, from 0, of a pattern took from a normalised path that matches it; ABSENT beyond
 * the last capture. Escapes stay escapes.
 *
 *     /carts/{cart}/items/{item}   on   /carts/a%20b/items/7   ->   0: a%20b   1: 7   2: ABSENT
 */
export function pathCapture(pattern: Slice, normalised: Slice, index: u32): Slice {
  if (!isPresent(pattern) || !isPresent(normalised)) return ABSENT
  const patternEnd = endOf(pattern)
  const pathEnd = endOf(normalised)
  let p = ptrOf(pattern)
  let q = ptrOf(normalised)
  while (p < patternEnd && q < pathEnd) {
    const wantedEnd = indexOf(p + 1, patternEnd, SLASH)
    const segmentEnd = indexOf(q + 1, pathEnd, SLASH)
    if (isCapture(between(p + 1, wantedEnd)) && index-- == 0) return between(q + 1, segmentEnd)
    p = wantedEnd
    q = segmentEnd
  }
  return ABSENT
}

function endOfPath(at: usize, end: usize): usize {
  while (at < end && load<u8>(at) != QUESTION_MARK && load<u8>(at) != HASH) at++
  return at
}

/** Appends the segment that starts at `at`; answers where it ends, at a slash or at `end`, or AMBIGUOUS. */
function writeSegment(at: usize, end: usize, out: Writer): usize {
  for (; at < end; at++) {
    const octet = load<u8>(at)
    if (isSlash(octet)) return at
    if (octet == SEMICOLON || octet == 0) return AMBIGUOUS
    if (octet == PERCENT) {
      const decoded = escapedOctet(at, end)
      if (decoded <= 0 || isSlash(<u8>decoded)) return AMBIGUOUS
      if (isUnreserved(<u8>decoded)) out.byte(<u8>decoded)
      else writeEscape(<u8>decoded, out)
      at += 2
    } else if (isPathOctet(octet)) {
      out.byte(octet)
    } else {
      writeEscape(octet, out)
    }
  }
  return at
}

function writeEscape(octet: u8, out: Writer): void {
  out.byte(PERCENT)
  out.byte(upperHexDigit(octet >> 4))
  out.byte(upperHexDigit(octet))
}

// @ts-ignore: decorator
@inline
function isSlash(octet: u8): bool {
  return octet == SLASH || octet == BACKSLASH
}

/** 1 for `.`, 2 for `..`, else 0. */
function dotsOf(segment: Slice): u32 {
  const length = lenOf(segment)
  if (length == 0 || length > 2 || load<u8>(ptrOf(segment)) != DOT) return 0
  return load<u8>(endOf(segment) - 1) == DOT ? length : 0
}

/** Bytes from the slash before the segment that ends at `end` up to `end`. There is such a slash. */
function lengthOfSegmentBefore(end: usize): u32 {
  let slash = end - 1
  while (load<u8>(slash) != SLASH) slash--
  return <u32>(end - slash)
}
