/** Sets of small numbers: bit n of word w, a u64, is the number 64 w + n. */

/** Words of a set of the numbers below `count`. */
// @ts-ignore: decorator
@inline
export function wordsOf(count: u32): u32 {
  return (count + 63) >> 6
}

export function setBit(set: usize, bit: u32): void {
  const word = set + ((bit >> 6) << 3)
  store<u64>(word, load<u64>(word) | ((<u64>1) << (bit & 63)))
}

/** Puts everything that is in `more` into `set`. */
export function addAll(set: usize, more: usize, words: u32): void {
  for (const end = set + (words << 3); set < end; set += 8, more += 8) {
    store<u64>(set, load<u64>(set) | load<u64>(more))
  }
}

/** The smallest number of the set that is at least `least`, or -1. */
export function nextOf(set: usize, least: u32, words: u32): i32 {
  let below = least & 63
  for (let w = least >> 6; w < words; w++) {
    const word = (load<u64>(set + (w << 3)) >> below) << below
    if (word != 0) return <i32>((w << 6) + <u32>ctz(word))
    below = 0
  }
  return -1
}
