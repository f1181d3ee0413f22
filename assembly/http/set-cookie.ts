/**
 * The Set-Cookie header as browsers read it (RFC 6265 section 5.2):
 *
 *     line = name "=" value *( ";" attribute )        blanks and tabs around each are not part of it
 */
import { EQUALS, MINUS, SEMICOLON } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import {
  ABSENT,
  Slice,
  between,
  endOf,
  equals,
  equalsIgnoreCase,
  indexOf,
  lenOf,
  ptrOf,
} from '../bytes/slice'
import { unquoted } from './cookie'
import { withoutBlanks } from './octet'

const MAX_AGE: Slice = ascii('max-age')

/** The value that the line gives the cookie `name`, without the pair of quotes around it; ABSENT if it is about another. */
export function setCookieValue(line: Slice, name: Slice): Slice {
  const end = endOfPair(line)
  const equalsSign = indexOf(ptrOf(line), end, EQUALS)
  if (equalsSign == end || !equals(withoutBlanks(ptrOf(line), equalsSign), name)) return ABSENT
  return unquoted(withoutBlanks(equalsSign + 1, end))
}

/** The line's attributes, each with the semicolon before it. */
export function setCookieAttributes(line: Slice): Slice {
  return between(endOfPair(line), endOf(line))
}

/**
 * The value of the line's attribute `name`, lower-case: of several the last one's, as for browsers. Empty if it has none,
 * ABSENT if it is not there.
 */
export function setCookieAttribute(line: Slice, name: Slice): Slice {
  const end = endOf(line)
  let found: Slice = ABSENT
  let at = endOfPair(line)
  while (at < end) {
    const from = at + 1
    at = indexOf(from, end, SEMICOLON)
    const equalsSign = indexOf(from, at, EQUALS)
    if (equalsIgnoreCase(withoutBlanks(from, equalsSign), name))
      found = withoutBlanks(min(equalsSign + 1, at), at)
  }
  return found
}

/**
 * True if Max-Age takes the cookie away: it is zero or less. An Expires in the past is not looked at: whoever sets a value
 * with it sets what no browser keeps.
 */
export function endsCookie(line: Slice): bool {
  const seconds = setCookieAttribute(line, MAX_AGE)
  if (lenOf(seconds) == 0) return false
  const first = load<u8>(ptrOf(seconds))
  return first == MINUS || first == 0x30
}

function endOfPair(line: Slice): usize {
  return indexOf(ptrOf(line), endOf(line), SEMICOLON)
}
