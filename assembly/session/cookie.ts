/**
 * The Cookie header that goes on. Envoy hashes the first match over all entries, even if it is empty or malformed, and
 * whoever looks for the session behind the proxy may take any: so there is one, and it says what Mooring has found.
 */
import { ascii } from '../bytes/literal'
import { EQUALS } from '../bytes/ascii'
import { ABSENT, Slice, UNREADABLE, isPresent, lenOf } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { writeWithoutCookie } from '../http/cookie'
import { nextCookieLine, openCookies } from '../proxy/cookies'
import { requestCookieLine, requestPairs } from '../proxy/request'

const SEPARATOR: Slice = ascii('; ')

/**
 * All cookie entries as one line: the others byte for byte and in order, then `name=value`, unless `value` is ABSENT.
 * Empty if nothing is left. ABSENT if the host refused to show them or there is no room.
 */
export function cookieLineWith(name: Slice, value: Slice): Slice {
  // The entries and a separator for each take less than the pairs that they come in.
  const pairs = requestCookieLine() == ABSENT ? ABSENT : requestPairs()
  if (pairs == UNREADABLE) return ABSENT
  const capacity = lenOf(pairs) + lenOf(name) + lenOf(value) + 3
  writer.allocate(capacity)
  openCookies()
  let line = nextCookieLine()
  for (; isPresent(line); line = nextCookieLine()) {
    const before = writer.length
    if (before > 0) writer.bytes(SEPARATOR)
    const separated = writer.length
    writeWithoutCookie(line, name, writer)
    if (writer.length == separated) writer.truncate(before)
  }
  if (line == UNREADABLE) return ABSENT
  if (isPresent(value)) {
    if (writer.length > 0) writer.bytes(SEPARATOR)
    writer.bytes(name)
    writer.byte(EQUALS)
    writer.bytes(value)
  }
  return writer.result
}
