/**
 * Looks for one value in a JSON object (RFC 8259), and reads all of the object on the way: strictly, iteratively,
 * within limits, and in place. Escapes are resolved over the text itself, so it is read once.
 *
 *     openFind(text, '\0realm\0roles')      names, one within the other, NUL before each
 *     {"realm": {"roles": ["a", "b"]}}      findNext: the list, then "a", then "b", then false
 *
 * A name that an object has twice is refused: readers differ in which one counts.
 */
import { phrase } from '../bytes/phrase'
import { Slice, between, endOf, equals, indexOf, lenOf, ptrOf } from '../bytes/slice'
import { listHolds } from '../bytes/slice-list'
import { atEnd, fail, hasFailed, openCursor, skipBlanks, take } from './cursor'
import { JsonKind } from './node'
import { readStringInPlace } from './string'
import { readValue } from './value'

/** Objects and lists within each other, the outermost included. */
// @ts-ignore: decorator
@inline
const MOST_LEVELS: u32 = 16

// @ts-ignore: decorator
@inline
const MOST_MEMBERS: u32 = 64

// Of an open list, instead of its members.
// @ts-ignore: decorator
@inline
const LIST: u32 = 0xffffffff

// Slice[MOST_MEMBERS] for each level: the names that an open object has so far.
const names: usize = memory.data(16 * 64 * 8, 8)
// u32 for each level: how many names, or LIST.
const counts: usize = memory.data(16 * 4, 4)

// How many objects and lists are open.
let level: u32 = 0
// Nothing of the innermost one was read yet.
let isFresh = false
// What of the path is still to be found, and the level of the object whose names may be next in it.
let rest: Slice = 0
let onPath: u32 = 0
// The level of the list that the path leads to, while it is open.
let foundList: u32 = 0

/** What `findNext` found. json/value.ts has a string's bytes and a boolean's 0 or 1, json/number.ts the integer. */
export let foundKind: JsonKind = JsonKind.Null

export function openFind(text: Slice, path: Slice): void {
  openCursor(text)
  level = 0
  foundList = 0
  rest = path
  onPath = 1
  skipBlanks()
  if (take(0x7b)) enter(JsonKind.Object)
  else refuse()
}

/**
 * Reads on to the value at the path; if that is a list, to each of its items after it. False at the end, and where
 * the text is refused: `hasFailed()` (json/cursor.ts) tells which.
 */
export function findNext(): bool {
  while (nextPlace()) {
    const isItem = level == foundList
    const isNamed = !isInList() && readName()
    const isFound = isItem || (isNamed && lenOf(rest) == 0)
    foundKind = readValue(true)
    if (foundKind >= JsonKind.Array) enter(foundKind)
    if (isNamed && !isFound && foundKind == JsonKind.Object) onPath = level
    if (isNamed && isFound && foundKind == JsonKind.Array) foundList = level
    if (isFound) return !hasFailed()
  }
  return false
}

/** Moves to the next value, or the name before it: out of what ends here. False at the end. */
function nextPlace(): bool {
  while (!hasFailed()) {
    skipBlanks()
    if (level == 0) {
      if (!atEnd()) refuse()
      return false
    }
    const isFirst = isFresh
    isFresh = false
    if (take(isInList() ? 0x5d : 0x7d)) {
      leave()
      continue
    }
    if (!isFirst && !take(0x2c)) refuse()
    skipBlanks()
    return !hasFailed()
  }
  return false
}

function enter(kind: JsonKind): void {
  if (level == MOST_LEVELS) {
    refuse()
    return
  }
  store<u32>(counts + (level << 2), kind == JsonKind.Array ? LIST : 0)
  level++
  isFresh = true
}

function leave(): void {
  if (level == onPath) onPath = 0
  if (level == foundList) foundList = 0
  level--
}

function isInList(): bool {
  return load<u32>(counts + ((level - 1) << 2)) == LIST
}

/** Reads a name and the colon. True if it is the next in the path, which is then shorter. */
function readName(): bool {
  const count = load<u32>(counts + ((level - 1) << 2))
  const earlier = names + (level - 1) * (MOST_MEMBERS * sizeof<Slice>())
  const name = readStringInPlace()
  if (count == MOST_MEMBERS || listHolds(earlier, count, name)) refuse()
  skipBlanks()
  if (!take(0x3a)) refuse()
  skipBlanks()
  if (hasFailed()) return false
  store<Slice>(earlier + count * sizeof<Slice>(), name)
  store<u32>(counts + ((level - 1) << 2), count + 1)
  if (level != onPath || lenOf(rest) == 0) return false
  const start = ptrOf(rest) + 1
  const end = indexOf(start, endOf(rest), 0)
  if (!equals(name, between(start, end))) return false
  rest = between(end, endOf(rest))
  onPath = 0
  return true
}

// Nobody is told why: it is a request that is read here.
function refuse(): void {
  fail(phrase('invalid_json'), phrase('expected an object within the limits'))
}
