/**
 * The known name that was probably meant. Distance: how many letters were left out, added, mistaken or swapped with
 * their neighbour (Damerau 1964, in the form that edits no letter twice). Upper and lower case are not told apart:
 * `samesite` is `sameSite` with distance 0.
 */
import { ABSENT, Slice, isPresent, lenOf, ptrOf, toLower } from '../bytes/slice'
import { Words, firstWord, listOf, nextWord } from '../bytes/words'

// @ts-ignore: decorator
@inline
const LONGEST: u32 = 32

// Three rows of 33 places: the row being filled and the two before it.
const rows: usize = memory.data(3 * 33)

/** The word of the list that is nearest to `name`; ABSENT if none is near. */
export function nearestWord(name: Slice, words: Words): Slice {
  const length = lenOf(name)
  if (length == 0 || length > LONGEST) return ABSENT
  let best: u32 = length <= 3 ? 2 : length <= 8 ? 3 : 4
  let found = ABSENT
  const list = listOf(words)
  for (let word = firstWord(list); isPresent(word); word = nextWord(list, word)) {
    const far = distance(name, word)
    if (far >= best) continue
    best = far
    found = word
  }
  return found
}

function distance(name: Slice, word: Slice): u32 {
  const m = lenOf(name)
  const n = lenOf(word)
  if (n > LONGEST) return LONGEST
  let before = rows
  let previous = rows + 33
  let current = rows + 66
  for (let j: u32 = 0; j <= n; j++) store<u8>(current + j, <u8>j)
  for (let i: u32 = 1; i <= m; i++) {
    const oldest = before
    before = previous
    previous = current
    current = oldest
    store<u8>(current, <u8>i)
    for (let j: u32 = 1; j <= n; j++) {
      const same = letter(name, i - 1) == letter(word, j - 1)
      let cost: u32 = <u32>load<u8>(previous + j - 1) + (same ? 0 : 1)
      cost = min(cost, <u32>load<u8>(previous + j) + 1)
      cost = min(cost, <u32>load<u8>(current + j - 1) + 1)
      const swapped =
        i > 1 &&
        j > 1 &&
        letter(name, i - 1) == letter(word, j - 2) &&
        letter(name, i - 2) == letter(word, j - 1)
      if (swapped) cost = min(cost, <u32>load<u8>(before + j - 2) + 1)
      store<u8>(current + j, <u8>cost)
    }
  }
  return load<u8>(current + n)
}

function letter(text: Slice, at: u32): u8 {
  return toLower(load<u8>(ptrOf(text) + at))
}
