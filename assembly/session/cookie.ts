/**
 * Finding the session among the request's cookies, as Envoy will see them when it hashes: every `cookie` entry in
 * order, the first match wins. Envoy takes the first match even if it is empty or malformed; Mooring takes the first
 * valid one and, where that is not the first match, rewrites the header so that both agree.
 */
import { ascii } from '../bytes/literal'
import { EQUALS } from '../bytes/ascii'
import { arenaAlloc } from '../bytes/arena'
import { ABSENT, Slice, UNREADABLE, between, endOf, isPresent, lenOf } from '../bytes/slice'
import { WRITER_BYTES, Writer } from '../bytes/writer'
import { findCookie, isCookieValue, writeWithoutCookie } from '../http/cookie'
import { nextCookieLine, openCookieLines } from '../proxy/cookie-lines'
import { requestCookieLine, requestPairs } from '../proxy/request'

const writer = changetype<Writer>(memory.data(WRITER_BYTES, 4))

/** The first valid value found, or ABSENT. Set by `findSessionCookie`. */
export let foundValue: Slice = ABSENT
/** True if the value found is the first match and has no quotes to lose: Envoy sees it as it stands. */
export let foundFirst = false
/** True if there was a match that is empty, malformed or too long. */
export let foundMalformed = false

/**
 * Looks for the cookie `name`. Results are in the `found…` variables. False if the host refused to show a cookie.
 *
 * One hostcall where the first entry has it, as nearly always; two where it must look further.
 */
export function findSessionCookie(name: Slice): bool {
  foundValue = ABSENT
  foundFirst = false
  foundMalformed = false
  openCookieLines()
  let line = nextCookieLine()
  for (; isPresent(line); line = nextCookieLine()) {
    if (searchLine(line, name)) return true
  }
  return line == ABSENT
}

/** True if a valid value was found in the line. */
function searchLine(line: Slice, name: Slice): bool {
  let rest = line
  while (true) {
    const value = findCookie(rest, name)
    if (!isPresent(value)) return false
    if (isCookieValue(value)) {
      foundValue = value
      foundFirst = !foundMalformed
      return true
    }
    foundMalformed = true
    rest = between(endOf(value), endOf(rest))
  }
}

/**
 * All cookie entries as one line: the others byte for byte and in order, then `name=value`. ABSENT if the host
 * refused to show them or there is no room.
 */
export function cookieLineWith(name: Slice, value: Slice): Slice {
  // The entries and a separator for each take less than the pairs that they come in.
  const pairs = requestCookieLine() == ABSENT ? ABSENT : requestPairs()
  if (pairs == UNREADABLE) return ABSENT
  const capacity = lenOf(pairs) + lenOf(name) + lenOf(value) + 3
  writer.open(arenaAlloc(capacity), capacity)
  openCookieLines()
  let line = nextCookieLine()
  for (; isPresent(line); line = nextCookieLine()) {
    const before = writer.length
    if (before > 0) writer.bytes(ascii('; '))
    const separated = writer.length
    writeWithoutCookie(line, name, writer)
    if (writer.length == separated) writer.truncate(before)
  }
  if (line == UNREADABLE) return ABSENT
  if (writer.length > 0) writer.bytes(ascii('; '))
  writer.bytes(name)
  writer.byte(EQUALS)
  writer.bytes(value)
  return writer.result
}
