/**
 * How `phrase('...')` literals are stored: byte pair encoding (Gage 1994), one dictionary for all of them.
 *
 *      0                    2n
 *     +--------------------+---------------------------------+
 *     | pairs 0 to n - 1   | phrase 0x7f phrase 0x7f ...     |       a place counts from the first pair
 *     +--------------------+---------------------------------+
 *
 *     0x20 to 0x7e                       itself
 *     0x7f                               the phrase ends
 *     0x80 to 0xff, then 0x00 to 0x1f    pair 0 to 159: two bytes, each any of these but the end
 *
 * A pair consists of characters and of pairs before it only, so taking it apart ends. The same phrases give the same
 * bytes, in whatever order they come. assembly/config/line.ts reads this.
 */

const END = 0x7f
const FIRST_PAIR = 0x80
const MOST_PAIRS = 160

// A pair takes two bytes of the dictionary and saves one wherever it stands.
const LEAST_COUNT = 3

export interface PackedPhrases {
  readonly bytes: readonly number[]
  /** Where each phrase starts in `bytes`. */
  readonly places: ReadonlyMap<string, number>
}

type Pair = readonly [number, number]

/** Packs phrases of printable ASCII. */
export function packPhrases(phrases: Iterable<string>): PackedPhrases {
  const sorted = [...new Set(phrases)].toSorted()
  let packed = sorted.map((phrase) => Array.from(phrase, (character) => character.charCodeAt(0)))
  const pairs: Pair[] = []
  while (pairs.length < MOST_PAIRS) {
    const pair = mostFrequentPair(packed)
    if (pair === undefined) break
    const byte = (FIRST_PAIR + pairs.length) & 0xff
    packed = packed.map((bytes) => replacePair(bytes, pair, byte))
    pairs.push(pair)
  }
  const bytes = pairs.flat()
  const places = new Map<string, number>()
  for (const [index, phrase] of sorted.entries()) {
    places.set(phrase, bytes.length)
    bytes.push(...(packed[index] ?? []), END)
  }
  return { bytes, places }
}

/** Of several that are as frequent the one that comes first; undefined where none is worth its place. */
function mostFrequentPair(texts: readonly (readonly number[])[]): Pair | undefined {
  const counts = new Map<number, number>()
  for (const bytes of texts)
    eachPair(bytes, (first, second) => {
      const key = (first << 8) | second
      counts.set(key, (counts.get(key) ?? 0) + 1)
    })
  let most = LEAST_COUNT - 1
  let found: Pair | undefined
  for (const [key, count] of counts) {
    if (count <= most) continue
    most = count
    found = [key >> 8, key & 0xff]
  }
  return found
}

/** Visits the neighbours in `bytes`; of three that are the same the last two overlap, and are left out. */
function eachPair(bytes: readonly number[], visit: (first: number, second: number) => void): void {
  let overlapsAt = -1
  for (let at = 0; at + 1 < bytes.length; at++) {
    const [first = 0, second = 0] = bytes.slice(at, at + 2)
    if (overlapsAt === at) continue
    visit(first, second)
    overlapsAt = first === second && bytes[at + 2] === first ? at + 1 : -1
  }
}

function replacePair(bytes: readonly number[], [first, second]: Pair, byte: number): number[] {
  const replaced: number[] = []
  for (let at = 0; at < bytes.length; at++) {
    const isPair = bytes[at] === first && bytes[at + 1] === second
    replaced.push(isPair ? byte : (bytes[at] ?? 0))
    if (isPair) at++
  }
  return replaced
}
