/**
 * ASCII literals as slices. A string literal of AssemblyScript is UTF-16 behind an object header; names and property
 * paths are wanted as bytes. So tools/ascii-literals.ts collects the texts at compile time:
 *
 *     ascii('sub')  ->  ascii(offset, length)          LITERALS  ->  every text, one behind the other, each once
 *
 * Those of bytes/words.ts are among them.
 */
import { Slice, slice } from './slice'

export const LITERALS: usize = memory.data<u8>([])

/** The literal's bytes: written `ascii('...')`, a constant in the compiled module. */
// @ts-ignore: decorator
@inline
export function ascii(offset: u32, length: u32): Slice {
  return slice(LITERALS + offset, length)
}
