/**
 * Words that are only ever printed: what errors say. They are many, so tools/ascii-literals.ts collects and packs them
 * at compile time (tools/phrase-packing.ts draws the bytes):
 *
 *     phrase('a string')  ->  phrase(place)          PHRASES  ->  the dictionary, then every phrase, each once
 *
 * Only config/line.ts takes them apart.
 */

/** A Slice of ASCII, or a literal: negative, the complement of its place in PHRASES. */
export type Phrase = u64

export const PHRASES: usize = memory.data<u8>([])

/** The literal's place: written `phrase('...')`, a constant in the compiled module. */
// @ts-ignore: decorator
@inline
export function phrase(place: u32): Phrase {
  return ~(<u64>place)
}
