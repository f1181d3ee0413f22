/**
 * The request's cookies: by `cookie` entries, or by the values of one name over all entries.
 *
 * The first entry costs one hostcall, all the others together one more: nearly every request has its cookies in one
 * entry, and who finds there what he looks for asks no further. There is one walk at a time.
 */
import { ABSENT, Slice, UNREADABLE, between, endOf, equals, isPresent } from '../bytes/slice'
import { findCookie } from '../http/cookie'
import { PAIR_CURSOR_BYTES, PairCursor } from './pairs'
import { COOKIE, requestCookieLine, requestPairs } from './request'

const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))

let steps: u32 = 0
let line: Slice = ABSENT

/** Goes back to before the first cookie. */
// @ts-ignore: decorator
@inline
export function openCookies(): void {
  steps = 0
  line = ABSENT
}

/**
 * Steps to the next cookie `name`, as Envoy sees it when it hashes: its value, ABSENT after the last one, UNREADABLE if
 * the host refuses or what it hands over is damaged. After either of these the walk is over.
 *
 *     openCookies()
 *     let value = nextCookie(name)
 *     for (; isPresent(value); value = nextCookie(name)) look(value)
 *     if (value == UNREADABLE) return false
 */
// @ts-ignore: decorator
@inline
export function nextCookie(name: Slice): Slice {
  while (true) {
    const value = nextInLine(name)
    if (isPresent(value)) return value
    const next = nextCookieLine()
    if (!isPresent(next)) return next
  }
}

/** The next cookie `name` of the same entry, ABSENT if that has no other. */
export function nextInLine(name: Slice): Slice {
  const value = findCookie(line, name)
  if (isPresent(value)) line = between(endOf(value), endOf(line))
  return value
}

/** Steps to the next entry: its value, ABSENT or UNREADABLE, as `nextCookie` does. */
export function nextCookieLine(): Slice {
  line = entryAfter()
  return line
}

function entryAfter(): Slice {
  steps++
  if (steps == 1) return requestCookieLine()
  if (steps == 2) {
    const pairs = requestPairs()
    if (!cursor.open(pairs)) return UNREADABLE
    // The first entry once more.
    nextPair()
  }
  return nextPair()
}

function nextPair(): Slice {
  while (cursor.next()) {
    if (equals(cursor.name, COOKIE)) return cursor.value
  }
  return cursor.complete ? ABSENT : UNREADABLE
}
