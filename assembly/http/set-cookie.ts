/**
 * The Set-Cookie header as browsers read it (RFC 6265 section 5.2):
 *
 *     line = name "=" value *( ";" attribute )        blanks and tabs around each are not part of it
 */
import { EQUALS, MINUS, SEMICOLON } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, endOf, equals, equalsIgnoreCase, indexOf, lenOf, ptrOf } from '../bytes/slice'
import { unquoted } from './cookie'
import { withoutBlanks } from './octet'

const MAX_AGE: Slice = ascii('max-age')

/**
 * The value that the line gives the cookie `name`, without the pair of quotes around it. ABSENT if it is about another
 * cookie, or takes this one away by Max-Age. An Expires in the past is not looked at: whoever sets a value with it sets
 * what no browser keeps.
 */
export function setCookieValue(line: Slice, name: Slice): Slice {
  const end = endOf(line)
  let at = indexOf(ptrOf(line), end, SEMICOLON)
  const equalsSign = indexOf(ptrOf(line), at, EQUALS)
  if (equalsSign == at || !equals(withoutBlanks(ptrOf(line), equalsSign), name)) return ABSENT
  const value = unquoted(withoutBlanks(equalsSign + 1, at))
  while (at < end) {
    const from = at + 1
    at = indexOf(from, end, SEMICOLON)
    const equals = indexOf(from, at, EQUALS)
    if (equals != at && equalsIgnoreCase(withoutBlanks(from, equals), MAX_AGE) && ends(equals + 1, at))
      return ABSENT
  }
  return value
}

/** True if that Max-Age is zero or less. */
function ends(from: usize, to: usize): bool {
  const seconds = withoutBlanks(from, to)
  if (lenOf(seconds) == 0) return false
  const first = load<u8>(ptrOf(seconds))
  return first == MINUS || first == 0x30
}
