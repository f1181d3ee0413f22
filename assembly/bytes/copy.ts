/**
 * Copies `length` bytes; the two regions do not overlap. A few words are moved here: to V8 `memory.copy` is a call out
 * of the module, which costs more than they do.
 */
export function copyBytes(to: usize, from: usize, length: u32): void {
  if (length > MOST_BYTES) {
    memory.copy(to, from, length)
    return
  }
  if (length >= 8) {
    // What is left after the words goes along with some of the bytes before it.
    store<u64>(to + length - 8, load<u64>(from + length - 8))
    for (; length > 8; length -= 8, to += 8, from += 8) store<u64>(to, load<u64>(from))
    return
  }
  if (length >= 4) {
    const last = load<u32>(from + length - 4)
    store<u32>(to, load<u32>(from))
    store<u32>(to + length - 4, last)
    return
  }
  for (; length > 0; length--) store<u8>(to++, load<u8>(from++))
}

// @ts-ignore: decorator
@inline
const MOST_BYTES: u32 = 128
