/**
 * How the module's texts are stored: context mixing as in PAQ7 (Mahoney, "Data Compression Explained", 2013, section 4.3),
 * cut down to what a few lines of the filter can undo (assembly/bytes/unpack.ts).
 *
 *     text       7 bits a character, the highest first
 *     bit        coded by a range coder (Martin 1979) with the chance that it is 1
 *     contexts   the 0, 1, 2 and 3 characters before, and the letters of the word so far
 *     counts     of each context, with the bits so far: how often the bit was 1 and 0, to 15; the other count, if it is
 *                above 3, is halved: what was last seen counts most
 *     stretch    of each context: log((ones + 1/16) / (zeros + 1/16))
 *     chance     1 / (1 + exp(-sum of weight * stretch)), the sum from -16 to 16
 *     weights    for each context, with the bits so far: 1/4 at first, and after each bit moved by error * stretch
 *
 * Logarithms are to base 2, straight between powers of 2: what the bits of a float are, read as an integer. So both sides
 * compute with f32, add and multiply in the same order, and come to the same bits. Weights are 16 times as large, so that a
 * sum has its bounds where an i32 has them.
 *
 * Counts are in one table, in the first free place from the one of 92,000 that hashing says; it goes on behind them:
 *
 *     place  | check u8 | zeros u4 | ones u4 |       0: free; a check of 0 is stored as 1
 */

const ORDERS = 4
const CONTEXTS = ORDERS + 1
const FIRST_PLACES = 92_000
const PLACES = FIRST_PLACES + 1000
const MOST_COUNT = 15
const CONTEXT_FACTOR = 0x1f35
const HASH_FACTOR = 0x27d4eb5

// One in the exponent of an f32.
const ONE = 1 << 23

// Above that a search takes long.
const MOST_USED = FIRST_PLACES - FIRST_PLACES / 8

const FIRST_WEIGHT = 4
const RATE = Math.fround(1 / (12 * ONE))

/** There is more text than the table has places for. */
export class TextPackingError extends Error {
  readonly code = 'text_packing'
  override readonly name = 'TextPackingError'
}

/** The chance of each bit of a text, as both sides compute it from the bits before. */
export class TextModel {
  readonly #table = new Uint16Array(PLACES)
  readonly #slots = new Uint32Array(CONTEXTS)
  readonly #stretches = new Float32Array(CONTEXTS)
  // Less FIRST_WEIGHT.
  readonly #weights = new Float32Array(CONTEXTS << 7)
  #used = 0
  #chance = 0
  // The characters before, the letters of the word so far, and the bits so far behind a 1.
  #history = 0
  #word = 0
  #bits = 1

  /** Of a 1 as the next bit. */
  chance(): number {
    let sum = 0
    for (let context = 0; context < CONTEXTS; context++) {
      const slot = this.#find(context)
      const counts = this.#table[slot] ?? 0
      const stretch = Math.fround(logarithm((counts & 15) * 16 + 1) - logarithm((counts & 0xf0) + 1))
      const weight = Math.fround(this.#weight(context) + FIRST_WEIGHT)
      this.#slots[context] = slot
      this.#stretches[context] = stretch
      sum = Math.fround(sum + Math.fround(weight * stretch))
    }
    const exponent = Math.max(Math.min(Math.trunc(sum), 0x7fffffff), -0x80000000) >> 4
    this.#chance = Math.fround(1 / Math.fround(1 + power(-exponent)))
    return this.#chance
  }

  /** To be called with each bit, after its chance was asked for. */
  learn(bit: number): void {
    const step = Math.fround(Math.fround(bit - this.#chance) * RATE)
    for (let context = 0; context < CONTEXTS; context++) {
      const moved = Math.fround(step * (this.#stretches[context] ?? 0))
      this.#weights[this.#weightPlace(context)] = Math.fround(this.#weight(context) + moved)
      this.#count(this.#slots[context] ?? 0, bit)
    }
    this.#bits = this.#bits * 2 + bit
    if (this.#bits >= 0x80) this.#endCharacter(this.#bits & 0x7f)
  }

  #endCharacter(character: number): void {
    this.#bits = 1
    this.#history = ((this.#history << 7) | character) & 0xfffffff
    const isLetter = /[A-Za-z]/.test(String.fromCharCode(character))
    this.#word = isLetter ? Math.imul(this.#word + character, CONTEXT_FACTOR) : 0
  }

  #weightPlace(context: number): number {
    return this.#bits * CONTEXTS + context
  }

  #weight(context: number): number {
    return this.#weights[this.#weightPlace(context)] ?? 0
  }

  #count(slot: number, bit: number): void {
    const entry = this.#table[slot] ?? 0
    const shift = bit === 1 ? 0 : 4
    const count = (entry >> shift) & 15
    const other = (entry >> (4 - shift)) & 15
    this.#table[slot] =
      (entry & 0xff00) |
      (Math.min(count + 1, MOST_COUNT) << shift) |
      ((other > 3 ? other >> 1 : other) << (4 - shift))
  }

  #find(context: number): number {
    const before = context < ORDERS ? this.#history & ((1 << (7 * context)) - 1) : this.#word
    const key = Math.imul(before, CONTEXT_FACTOR) + ((context << 7) | this.#bits)
    const hash = Math.imul(key, HASH_FACTOR) >>> 0
    const check = (hash >>> 24 || 1) << 8
    let slot = hash % FIRST_PLACES
    while (this.#isOfAnother(slot, check)) slot++
    if (this.#table[slot] === 0) this.#used++
    if (slot >= PLACES || this.#used > MOST_USED)
      throw new TextPackingError('the texts are too long to be packed')
    this.#table[slot] = (this.#table[slot] ?? 0) | check
    return slot
  }

  #isOfAnother(slot: number, check: number): boolean {
    const entry = this.#table[slot] ?? 0
    return entry !== 0 && (entry & 0xff00) !== check
  }
}

const float = new DataView(new ArrayBuffer(4))

/** To base 2, in ONEs, and 127 ONEs more. */
function logarithm(value: number): number {
  float.setFloat32(0, value)
  return float.getInt32(0)
}

/** 2 to the power of `exponent` ONEs. */
function power(exponent: number): number {
  float.setInt32(0, exponent + 127 * ONE)
  return float.getFloat32(0)
}

/** Packs characters of 7 bits. What reads them back reads up to 4 bytes behind the last, whatever they are. */
export function packText(text: string): number[] {
  const model = new TextModel()
  const coder = new Coder()
  for (let at = 0; at < text.length; at++) {
    for (let shift = 6; shift >= 0; shift--) {
      const bit = (text.charCodeAt(at) >> shift) & 1
      coder.code(bit, model.chance())
      model.learn(bit)
    }
  }
  return coder.end()
}

/** Narrows an interval of 32 bits with each bit, and writes its first byte once less than 24 bits tell its ends apart. */
class Coder {
  readonly #bytes: number[] = []
  #low = 0
  #range = 0xffffffff

  code(bit: number, chance: number): void {
    const bound = Math.floor(this.#range * chance)
    if (bit === 1) {
      this.#range = bound
    } else {
      this.#add(bound)
      this.#range -= bound
    }
    while (this.#range < 1 << 24) {
      this.#writeByte()
      this.#range *= 256
    }
  }

  /** Two bytes are enough to stay within the interval, whatever follows. */
  end(): number[] {
    this.#add(0xffff)
    this.#writeByte()
    this.#writeByte()
    return this.#bytes
  }

  #add(value: number): void {
    this.#low += value
    if (this.#low < 2 ** 32) return
    this.#low -= 2 ** 32
    let last = this.#bytes.length - 1
    for (; this.#bytes[last] === 0xff; last--) this.#bytes[last] = 0
    this.#bytes[last] = (this.#bytes[last] ?? 0) + 1
  }

  #writeByte(): void {
    this.#bytes.push(this.#low >>> 24)
    this.#low = (this.#low << 8) >>> 0
  }
}
