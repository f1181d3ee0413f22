/**
 * Words that are only ever printed: what errors say.
 *
 *     phrase('a string')  ->  phrase(place)          a place in LITERALS (bytes/literal.ts); NUL ends it
 */

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
