/**
 * The known name that was probably meant. Distance: how many letters were left out, added, mistaken or swapped with
 * their neighbour (Damerau 1964, in the form that edits no letter twice). Upper and lower case are not told apart:
 * `samesite` is `sameSite` with distance 0.
 */
import { Slice, lenOf, ptrOf, toLower } from '../bytes/slice'
import { characterAt, wordEnd } from '../bytes/words'

// @ts-ignore: decorator
@inline
const LONGEST: u32 = 32

// Three rows of 33 places: the row being filled and the two before it.
const rows: usize = memory.data(3 * 33)

/** Where in `words` the name nearest to `name` starts, or -1 if none is near. */
export function nearestWord(name: Slice, words: Slice): i32 {
  const length = lenOf(name)
  if (length == 0 || length > LONGEST) return -1
  let best: u32 = length <= 3 ? 2 : length <= 8 ? 3 : 4
  let found = -1
  const end = lenOf(words)
  for (let start: u32 = 0; start < end;) {
    const stop = wordEnd(words, start)
    const far = distance(name, words, start, stop)
    if (far < best) {
      best = far
      found = <i32>start
    }
    start = stop + 1
  }
  return found
}

function distance(name: Slice, words: Slice, start: u32, stop: u32): u32 {
  const m = lenOf(name)
  const n = stop - start
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
      const same = letter(name, i - 1) == wordLetter(words, start + j - 1)
      let cost: u32 = <u32>load<u8>(previous + j - 1) + (same ? 0 : 1)
      cost = min(cost, <u32>load<u8>(previous + j) + 1)
      cost = min(cost, <u32>load<u8>(current + j - 1) + 1)
      const swapped =
        i > 1 &&
        j > 1 &&
        letter(name, i - 1) == wordLetter(words, start + j - 2) &&
        letter(name, i - 2) == wordLetter(words, start + j - 1)
      if (swapped) cost = min(cost, <u32>load<u8>(before + j - 2) + 1)
      store<u8>(current + j, <u8>cost)
    }
  }
  return load<u8>(current + n)
}

function letter(name: Slice, at: u32): u8 {
  return toLower(load<u8>(ptrOf(name) + at))
}

function wordLetter(words: Slice, at: u32): u8 {
  return toLower(<u8>characterAt(words, at))
}
