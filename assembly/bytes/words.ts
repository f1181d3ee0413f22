/**
 * Names that others are compared with, and lists of them with single blanks between: `word('cookie')`,
 * `words('hash raw')`. They are many, so a literal is no more than its place (tools/ascii-literals.ts): a blank or a NUL
 * ends a word, a NUL a list, and a word that is in some list already takes no bytes of its own.
 */
import { LITERALS } from './literal'
import { ABSENT, Slice, between, endOf, equals, indexOf, isPresent, ptrOf } from './slice'

/** A Slice, or a literal: negative, the complement of its place in LITERALS. */
export type Words = u64

// @ts-ignore: decorator
@inline
const SPACE: u8 = 0x20

/** The literal's place: written `word('...')`, a constant in the compiled module. */
// @ts-ignore: decorator
@inline
export function word(place: u32): Words {
  return ~(<u64>place)
}

/** As `word`, of a list: written `words('... ...')`. */
// @ts-ignore: decorator
@inline
export function words(place: u32): Words {
  return ~(<u64>place)
}

/** The bytes of a word. */
export function wordOf(one: Words): Slice {
  return bytesOf(one, SPACE)
}

/** The bytes of a list, for `firstWord` and `nextWord`. */
export function listOf(many: Words): Slice {
  return bytesOf(many, 0)
}

/** True if `s` has exactly the letters of the word. */
export function isWord(s: Slice, one: Words): bool {
  return equals(s, wordOf(one))
}

/** The place of `s` in the list, from 0, or -1. */
export function wordIndex(s: Slice, many: Words): i32 {
  const list = listOf(many)
  let index = 0
  for (let one = firstWord(list); isPresent(one); one = nextWord(list, one)) {
    if (equals(s, one)) return index
    index++
  }
  return -1
}

/** The word at place `index`, from 0; ABSENT beyond the last. */
export function wordAt(many: Words, index: u32): Slice {
  const list = listOf(many)
  let one = firstWord(list)
  for (; index > 0 && isPresent(one); index--) one = nextWord(list, one)
  return one
}

/** ABSENT if the list is empty. */
export function firstWord(list: Slice): Slice {
  return wordFrom(list, ptrOf(list))
}

/** The word behind `one`, which is in the list; ABSENT behind the last. */
export function nextWord(list: Slice, one: Slice): Slice {
  return wordFrom(list, endOf(one) + 1)
}

function wordFrom(list: Slice, from: usize): Slice {
  const end = endOf(list)
  return from < end ? between(from, indexOf(from, end, SPACE)) : ABSENT
}

/** What stands before the first byte that is at most `last`. */
function bytesOf(literal: Words, last: u8): Slice {
  if (<i64>literal >= 0) return literal
  const start = LITERALS + <usize>~literal
  let end = start
  while (load<u8>(end) > last) end++
  return between(start, end)
}
