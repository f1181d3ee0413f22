/**
 * Words that are only ever printed: what errors say.
 *
 *     phrase('a string')       ->  phrase(place)     a place in LITERALS (bytes/literal.ts); NUL ends it
 *     phrases('null\na list')  ->  phrases(place)    of the first; each line is a phrase, the next stands behind it
 */
import { LITERALS, LITERALS_MASK } from './literal'

/** A literal's place, whose bits above those of LITERALS_MASK may be anything. */
export type Phrase = i32

/** None: what stands at that place is no phrase. */
// @ts-ignore: decorator
@inline
export const NO_PHRASE: Phrase = 0

/** The literal's place: written `phrase('...')`, a constant in the compiled module. */
// @ts-ignore: decorator
@inline
export function phrase(place: i32): Phrase {
  return place
}

/** As `phrase`, of several: written `phrases('...\n...')`. */
// @ts-ignore: decorator
@inline
export function phrases(place: i32): Phrase {
  return place
}

/** Where the phrase's first byte is. */
// @ts-ignore: decorator
@inline
export function startOf(one: Phrase): usize {
  return LITERALS + (one & LITERALS_MASK)
}

/** The phrase at place `index` of several, from 0, which must not be beyond the last. */
export function phraseAt(several: Phrase, index: u32): Phrase {
  let at = startOf(several)
  for (; index > 0; at++) index -= u32(load<u8>(at) == 0)
  return <Phrase>(at - LITERALS)
}
