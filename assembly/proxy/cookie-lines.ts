/**
 * The request's `cookie` entries, one after the other. The first costs one hostcall, all the others together one more:
 * nearly every request has its cookies in one entry, and who finds there what he looks for asks no further.
 */
import { ABSENT, Slice, UNREADABLE, equals } from '../bytes/slice'
import { PAIR_CURSOR_BYTES, PairCursor } from './pairs'
import { COOKIE, requestCookieLine, requestPairs } from './request'

const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))

let steps: u32 = 0

/** Goes back to before the first entry. There is one walk at a time. */
export function openCookieLines(): void {
  steps = 0
}

/**
 * Steps to the next entry: its value, ABSENT after the last one, UNREADABLE if the host refuses or what it hands over
 * is damaged. After either of these the walk is over.
 *
 *     openCookieLines()
 *     let line = nextCookieLine()
 *     for (; isPresent(line); line = nextCookieLine()) look(line)
 *     if (line == UNREADABLE) return false
 */
export function nextCookieLine(): Slice {
  steps++
  if (steps == 1) return requestCookieLine()
  if (steps == 2) {
    const pairs = requestPairs()
    if (pairs == UNREADABLE || !cursor.open(pairs)) return UNREADABLE
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
