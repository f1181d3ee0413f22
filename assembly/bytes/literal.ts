/**
 * ASCII literals as slices. A string literal of AssemblyScript is UTF-16 in the data segment; header names, property
 * paths and attribute texts are wanted as bytes. Each is narrowed once, in `_initialize`, into a static pool.
 */
import { Slice, slice } from './slice'

// @ts-ignore: decorator
@inline
const POOL_BYTES: u32 = 4096

const pool: usize = memory.data(POOL_BYTES)
let used: u32 = 0

/**
 * The literal's bytes. For top-level constants only.
 *
 * Traps if the pool is too small: that shows in the first test that loads the module, never in a proxy.
 */
export function ascii(text: string): Slice {
  const length = <u32>text.length
  if (used + length > POOL_BYTES) unreachable()
  const at = pool + used
  narrow(text, at)
  used += length
  return slice(at, length)
}

/** Writes the low byte of each UTF-16 unit of `text` to `at`. The caller has made room for `text.length` bytes. */
export function narrow(text: string, at: usize): void {
  const source = changetype<usize>(text)
  const length = <u32>text.length
  for (let i: u32 = 0; i < length; i++) store<u8>(at + i, <u8>load<u16>(source + (i << 1)))
}
