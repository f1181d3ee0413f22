/**
 * How the module's texts are stored: context mixing (Mahoney, "Adaptive Weighing of Context Models for Lossless Data
 * Compression", 2005), cut down to what a few lines of the filter can undo (assembly/bytes/unpack.ts).
 *
 *     text    7 bits a character, the highest first
 *     bit     coded by an arithmetic coder (Martin 1979) with the chance that it is 1
 *     chance  (1 + sum of 4^k ones) / (2 + sum of 4^k (ones + zeros)), k from 0 to 3
 *             ones, zeros: how often that bit was 1 and 0 behind the k characters before, given the bits so far
 *     counts  to 15; the other count, if it is above 2, is halved: what was last seen counts most
 *
 * Both sides keep the counts in one table of 2^16 places, found by hashing:
 *
 *     key    | k, 4 bits | the k characters before, 28 bits at most, and the bits so far behind a 1 |
 *     place  | check u8 | zeros u4 | ones u4 |       0: free; a check of 0 is stored as 1
 */

const ORDERS = 4
const PLACES = 1 << 16
const MOST_COUNT = 15
const HASH_FACTOR = 0x9e3779b1

// A search in a table that is full would never end.
const MOST_USED = PLACES - PLACES / 16

/** There is more text than the table has places for. */
export class TextPackingError extends Error {
  readonly code = 'text_packing'
  override readonly name = 'TextPackingError'
}

/** The chance of each bit, as both sides compute it from the bits before. */
export class TextModel {
  readonly #table = new Uint16Array(PLACES)
  readonly #slots = new Uint16Array(ORDERS)
  #used = 0

  /** Of a 1, in 65,536ths: behind `history`, 7 bits a character, and the bits so far behind a 1. */
  chance(history: number, bits: number): number {
    let ones = 1
    let all = 2
    for (let order = 0; order < ORDERS; order++) {
      const counts = this.#table[this.#find(order, history, bits)] ?? 0
      ones += (counts & 15) << (2 * order)
      all += ((counts & 15) + ((counts >> 4) & 15)) << (2 * order)
    }
    return Math.floor((ones * 65536) / all)
  }

  /** To be called with the bit whose chance was asked for last. */
  learn(bit: number): void {
    for (const slot of this.#slots) {
      const entry = this.#table[slot] ?? 0
      const shift = bit === 1 ? 0 : 4
      const count = (entry >> shift) & 15
      const other = (entry >> (4 - shift)) & 15
      this.#table[slot] =
        (entry & 0xff00) |
        (Math.min(count + 1, MOST_COUNT) << shift) |
        ((other > 2 ? other >> 1 : other) << (4 - shift))
    }
  }

  #find(order: number, history: number, bits: number): number {
    const key = ((history & ((1 << (7 * order)) - 1)) << 7) | bits | (order << 28)
    const hash = Math.imul(key, HASH_FACTOR) >>> 0
    const check = ((hash >>> 8) & 0xff || 1) << 8
    let slot = hash >>> 16
    for (; ; slot = (slot + 1) % PLACES) {
      const entry = this.#table[slot] ?? 0
      if ((entry & 0xff00) === check) break
      if (entry !== 0) continue
      if (++this.#used > MOST_USED) throw new TextPackingError('the texts are too long to be packed')
      this.#table[slot] = check
      break
    }
    this.#slots[order] = slot
    return slot
  }
}

/** Packs characters of 7 bits. What reads them back reads up to 4 bytes behind the last, whatever they are. */
export function packText(text: string): number[] {
  const model = new TextModel()
  const coder = new Coder()
  let history = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    let bits = 1
    for (let shift = 6; shift >= 0; shift--) {
      const bit = (character >> shift) & 1
      coder.code(bit, model.chance(history, bits))
      model.learn(bit)
      bits = bits * 2 + bit
    }
    history = (history << 7) | character
  }
  return coder.end()
}

/** Narrows an interval of 32 bits with each bit, and writes its first byte once both its ends have the same. */
class Coder {
  readonly #bytes: number[] = []
  #low = 0
  #high = 0xffffffff

  code(bit: number, chance: number): void {
    const middle = this.#low + Math.floor((this.#high - this.#low) / 65536) * chance
    if (bit === 1) this.#high = middle
    else this.#low = middle + 1
    while (this.#low >>> 24 === this.#high >>> 24) {
      this.#bytes.push(this.#low >>> 24)
      this.#low = (this.#low << 8) >>> 0
      this.#high = ((this.#high << 8) | 0xff) >>> 0
    }
  }

  end(): number[] {
    return [...this.#bytes, this.#high >>> 24]
  }
}
