/**
 * ASCII literals as slices. A string literal of AssemblyScript is UTF-16 behind an object header; names and property
 * paths are wanted as bytes. So tools/ascii-literals.ts collects the texts at compile time:
 *
 *     ascii('sub')  ->  ascii(offset, length)          LITERALS  ->  room for every text, one behind the other, each once
 *
 * Those of bytes/words.ts and bytes/phrase.ts are among them. In the module the texts are packed (bytes/unpack.ts), which
 * takes a third of the room; they are unpacked once, before the first configuration is read.
 */
import { arenaAlloc } from './arena'
import { Slice, slice } from './slice'
import { TABLE_BYTES, unpackText } from './unpack'

// The compiler puts in their bytes, and a mask of the bits that a place has.
export const LITERALS: usize = memory.data(0)
const LITERALS_BYTES: u32 = 0
export const LITERALS_MASK: u32 = 0
const PACKED: usize = memory.data<u8>([])

let unpacked = false

/** The literal's bytes: written `ascii('...')`, a constant in the compiled module. */
// @ts-ignore: decorator
@inline
export function ascii(offset: u32, length: u32): Slice {
  return slice(LITERALS + offset, length)
}

/**
 * To be called before any literal is read; again it does nothing. Takes TABLE_BYTES of the arena. False if there is no such
 * room: then no literal may be read.
 */
export function unpackLiterals(): bool {
  if (unpacked) return true
  const table = arenaAlloc(TABLE_BYTES)
  if (table == 0) return false
  unpackLiteralsBy(table)
  return true
}

/** As `unpackLiterals`; `table` is room for TABLE_BYTES, which are lost. */
export function unpackLiteralsBy(table: usize): void {
  unpackText(PACKED, LITERALS, LITERALS_BYTES, table)
  unpacked = true
}
