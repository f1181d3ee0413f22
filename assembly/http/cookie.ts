/**
 * The Cookie header as Envoy reads it when it hashes (source/common/http/utility.cc, `forEachCookie`), so that
 * Mooring and Envoy never disagree about which cookie counts:
 *
 *     line  = part *( ";" part )
 *     part  = *SP name "=" value       name runs to the first "=", blanks before that "=" included
 *           | anything without "="     skipped
 *     value = as it stands, blanks and tabs included, but for one surrounding pair of double quotes
 *
 * Names are compared with case, and the first match wins, be it empty. Across several Cookie entries the caller
 * looks at one line after the other.
 */
import { EQUALS, QUOTE, SEMICOLON, SPACE } from '../bytes/ascii'
import { ABSENT, Slice, between, endOf, equals, indexOf, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { Writer } from '../bytes/writer'
import { isCookieOctet, withoutBlanks } from './octet'

/** A session's value may have this many bytes. */
// @ts-ignore: decorator
@inline
export const COOKIE_VALUE_MAX: u32 = 128

/**
 * The value of the first cookie `name` in one Cookie line, ABSENT if there is none. It points into the line, so a
 * search for further ones may go on behind it. An unreadable line stays UNREADABLE.
 */
export function findCookie(line: Slice, name: Slice): Slice {
  if (!isPresent(line)) return line
  const end = endOf(line)
  for (let at = ptrOf(line); at < end;) {
    const partEnd = indexOf(at, end, SEMICOLON)
    const equalsSign = equalsSignOf(at, partEnd, name)
    if (equalsSign != 0) return unquoted(between(equalsSign + 1, partEnd))
    at = partEnd + 1
  }
  return ABSENT
}

/**
 * Appends the line without the cookies of that name: all else byte for byte, with the separators it had. Where the
 * line's first part goes, so do the blanks that followed its separator. Appends nothing if nothing else was there.
 *
 * A name counts here without the blanks and tabs around it, as many applications read it, and the next proxy where
 * they stand at the line's start: what Envoy does not take for the session must not become it further on.
 */
export function writeWithoutCookie(line: Slice, name: Slice, out: Writer): void {
  if (!isPresent(line)) return
  const start = ptrOf(line)
  const end = endOf(line)
  let wroteOne = false
  for (let at = start; at <= end;) {
    const partEnd = indexOf(at, end, SEMICOLON)
    if (!equals(nameIn(at, partEnd), name)) {
      if (wroteOne) out.byte(SEMICOLON)
      else if (at > start) at = skipSpaces(at, partEnd)
      out.bytes(between(at, partEnd))
      wroteOne = true
    }
    at = partEnd + 1
  }
}

/** True for what a session's value may be: 1 to 128 cookie octets (RFC 6265, section 4.1.1). */
export function isCookieValue(value: Slice): bool {
  if (!isPresent(value) || lenOf(value) - 1 >= COOKIE_VALUE_MAX) return false
  for (let at = ptrOf(value), end = endOf(value); at < end; at++) {
    if (!isCookieOctet(load<u8>(at))) return false
  }
  return true
}

/** What stands before the part's first "=", without blanks and tabs around it; ABSENT if there is no "=". */
function nameIn(from: usize, to: usize): Slice {
  const end = indexOf(from, to, EQUALS)
  return end == to ? ABSENT : withoutBlanks(from, end)
}

/** The address of the "=" if the part [from, to) is a cookie of that name, which is a token and so has no "=", else 0. */
function equalsSignOf(from: usize, to: usize, name: Slice): usize {
  const start = skipSpaces(from, to)
  const equalsSign = start + lenOf(name)
  if (equalsSign >= to || load<u8>(equalsSign) != EQUALS) return 0
  return equals(between(start, equalsSign), name) ? equalsSign : 0
}

function skipSpaces(from: usize, to: usize): usize {
  // There is one, as a rule: what steps over more is out of a request's way.
  if (from < to && load<u8>(from) == SPACE) from++
  while (from < to && load<u8>(from) == SPACE) from++
  return from
}

/** Without one surrounding pair of double quotes. */
export function unquoted(value: Slice): Slice {
  const from = ptrOf(value)
  const last = endOf(value) - 1
  if (lenOf(value) < 2 || load<u8>(from) != QUOTE || load<u8>(last) != QUOTE) return value
  return between(from + 1, last)
}
