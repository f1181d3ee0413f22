/**
 * ASCII literals as slices. A string literal of AssemblyScript is UTF-16 behind an object header; names and property
 * paths are wanted as bytes. So tools/ascii-literals.ts collects the texts at compile time:
 *
 *     ascii('sub')  ->  ascii(offset, length)          LITERALS  ->  room for every text, one behind the other, each once
 *
 * Those of bytes/words.ts are among them. In the module the texts are one packed phrase, which is half as long; it is
 * unpacked once, before the first configuration is read.
 */
import { unpackPhrase } from './phrase'
import { Slice, slice } from './slice'

// The compiler puts in their bytes, and the phrase's place.
export const LITERALS: usize = memory.data(0)
const LITERALS_BYTES: u32 = 0
const LITERALS_PLACE: u32 = 0

// Phrases are printable: these stand for NUL and the line feed, and in no literal for themselves.
// @ts-ignore: decorator
@inline
const NUL_MARK: u8 = 0x60
// @ts-ignore: decorator
@inline
const LINE_FEED_MARK: u8 = 0x5e

/** The literal's bytes: written `ascii('...')`, a constant in the compiled module. */
// @ts-ignore: decorator
@inline
export function ascii(offset: u32, length: u32): Slice {
  return slice(LITERALS + offset, length)
}

/** To be called before any literal is read; again it does nothing. */
export function unpackLiterals(): void {
  if (load<u8>(LITERALS) != 0) return
  unpackPhrase(LITERALS_PLACE, LITERALS, LITERALS_BYTES)
  for (let at = LITERALS; at < LITERALS + LITERALS_BYTES; at++) {
    const byte = load<u8>(at)
    if (byte == NUL_MARK) store<u8>(at, 0)
    else if (byte == LINE_FEED_MARK) store<u8>(at, 0x0a)
  }
}
