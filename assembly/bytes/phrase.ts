/**
 * Words that are only ever printed: what errors say. They are many, so tools/ascii-literals.ts collects and packs them
 * at compile time (tools/phrase-packing.ts draws the bytes):
 *
 *     phrase('a string')  ->  phrase(place)          PHRASES  ->  the dictionary, then every phrase, each once
 *
 * bytes/literal.ts keeps all other literals as one more phrase.
 */

/** A literal's place in PHRASES. */
export type Phrase = u32

/** None: the dictionary stands at that place. */
// @ts-ignore: decorator
@inline
export const NO_PHRASE: Phrase = 0

export const PHRASES: usize = memory.data<u8>([])

/** The literal's place: written `phrase('...')`, a constant in the compiled module. */
// @ts-ignore: decorator
@inline
export function phrase(place: u32): Phrase {
  return place
}

// As tools/phrase-packing.ts writes it.
// @ts-ignore: decorator
@inline
const PHRASE_END: u8 = 0x7f

let position: usize = 0
let limit: usize = 0

/**
 * Writes the phrase at `place` to `out`, as far as `room` goes.
 *
 * @returns how many bytes it has, be there room for them or not
 */
export function unpackPhrase(place: Phrase, out: usize, room: u32): u32 {
  position = out
  limit = out + room
  for (let at = PHRASES + place; load<u8>(at) != PHRASE_END; at++) unpack(load<u8>(at))
  return <u32>(position - out)
}

/** A character, or a pair of the dictionary, whose own pairs all stand before it: that is the limit of the recursion. */
function unpack(byte: u8): void {
  if (byte - 0x20 < 0x5f) {
    if (position < limit) store<u8>(position, byte)
    position++
    return
  }
  const pair = PHRASES + ((<usize>(<u8>(byte - 0x80))) << 1)
  unpack(load<u8>(pair))
  unpack(load<u8>(pair, 1))
}
