/** Lists of names, each list one literal with single spaces between: `ascii('cookie readOnly skip mint')`. */
import { ABSENT, Slice, lenOf, ptrOf, slice } from './slice'

// @ts-ignore: decorator
@inline
const SPACE: u32 = 0x20

/** The character at `at`, within `text`. */
// @ts-ignore: decorator
@inline
export function characterAt(text: Slice, at: u32): u32 {
  return load<u8>(ptrOf(text) + at)
}

/** True if `s` has exactly the letters of `word`. */
export function isWord(s: Slice, word: Slice): bool {
  return matches(s, word, 0, lenOf(word))
}

/** The place of `s` in `words`, from 0, or -1. */
export function wordIndex(s: Slice, words: Slice): i32 {
  const length = lenOf(words)
  let index = 0
  for (let start: u32 = 0; start < length; index++) {
    const end = wordEnd(words, start)
    if (matches(s, words, start, end)) return index
    start = end + 1
  }
  return -1
}

/** The word at place `index`, from 0; ABSENT beyond the last. */
export function wordAt(words: Slice, index: u32): Slice {
  for (let start: u32 = 0; start < lenOf(words); index--) {
    const end = wordEnd(words, start)
    if (index == 0) return slice(ptrOf(words) + start, end - start)
    start = end + 1
  }
  return ABSENT
}

/** The first place after the word that starts at `start`. */
export function wordEnd(words: Slice, start: u32): u32 {
  const length = lenOf(words)
  let end = start
  while (end < length && characterAt(words, end) != SPACE) end++
  return end
}

function matches(s: Slice, words: Slice, start: u32, end: u32): bool {
  const length = end - start
  if (lenOf(s) != length) return false
  const ptr = ptrOf(s)
  for (let i: u32 = 0; i < length; i++) {
    if (load<u8>(ptr + i) != characterAt(words, start + i)) return false
  }
  return true
}
