/** Undoes tools/text-packing.ts, which says how; names and numbers are the same. */
import { isLetter } from './ascii'

// @ts-ignore: decorator
@inline
const ORDERS: u32 = 4

// @ts-ignore: decorator
@inline
const CONTEXTS: u32 = ORDERS + 1

// @ts-ignore: decorator
@inline
const FIRST_PLACES: u32 = 92_000

// @ts-ignore: decorator
@inline
const PLACES: u32 = FIRST_PLACES + 1000

// @ts-ignore: decorator
@inline
const CONTEXT_FACTOR: u32 = 0x1f35

// @ts-ignore: decorator
@inline
const HASH_FACTOR: u32 = 0x27d4eb5

// @ts-ignore: decorator
@inline
const ONE: i32 = 1 << 23

// @ts-ignore: decorator
@inline
const FIRST_WEIGHT: f32 = 4

// @ts-ignore: decorator
@inline
const RATE: f32 = 1 / <f32>(12 * 8388608)

/** Bytes of the table of counts and, behind it, of the weights. */
// @ts-ignore: decorator
@inline
export const TABLE_BYTES: u32 = PLACES * 2 + CONTEXTS * 128 * 4

// Of each context: | slot u32 | stretch f32 |
const mixed: usize = memory.data(5 * 8, 4)

/** Writes `length` characters to `out`. `table` is room for TABLE_BYTES, which are lost. */
export function unpackText(packed: usize, out: usize, length: u32, table: usize): void {
  memory.fill(table, 0, TABLE_BYTES)
  let range: u32 = 0xffffffff
  let code = bswap<u32>(load<u32>(packed))
  let history: u32 = 0
  let word: u32 = 0
  for (let end = out + length; out < end; out++) {
    let bits: u32 = 1
    while (bits < 0x80) {
      const weights = table + PLACES * 2 + bits * (CONTEXTS * 4)
      const one = chance(table, weights, history, word, bits)
      const bound = <u32>(<f64>range * one)
      const bit = code < bound
      if (bit) {
        range = bound
      } else {
        code -= bound
        range -= bound
      }
      learn(weights, bit, one)
      bits = (bits << 1) | u32(bit)
      for (; range < 1 << 24; packed++) {
        range <<= 8
        code = (code << 8) | load<u8>(packed, 4)
      }
    }
    bits &= 0x7f
    history = (history << 7) | bits
    word = isLetter(<u8>bits) ? (word + bits) * CONTEXT_FACTOR : 0
    store<u8>(out, <u8>bits)
  }
}

function chance(table: usize, weights: usize, history: u32, word: u32, bits: u32): f32 {
  let sum: f32 = 0
  for (let context: u32 = 0; context < CONTEXTS; context++) {
    const before = context < ORDERS ? history & ((1 << (7 * context)) - 1) : word
    const hash = (before * CONTEXT_FACTOR + ((context << 7) | bits)) * HASH_FACTOR
    const check = max(hash >> 24, 1)
    let slot = table + <usize>((hash % FIRST_PLACES) << 1)
    while (load<u8>(slot, 1) != check && load<u8>(slot, 1) != 0) slot += 2
    store<u8>(slot, <u8>check, 1)
    const counts = <u32>load<u8>(slot)
    const stretch = <f32>(logarithm(((counts & 15) << 4) | 1) - logarithm((counts & 0xf0) | 1))
    store<u32>(mixed + (context << 3), <u32>slot)
    store<f32>(mixed + (context << 3), stretch, 4)
    sum += (load<f32>(weights + (context << 2)) + FIRST_WEIGHT) * stretch
  }
  return 1 / (1 + reinterpret<f32>(127 * ONE - ((<i32>sum) >> 4)))
}

function learn(weights: usize, bit: bool, one: f32): void {
  const step: f32 = (<f32>bit - one) * RATE
  const shift: u32 = bit ? 0 : 4
  for (let at = mixed; at < mixed + CONTEXTS * 8; at += 8) {
    store<f32>(weights, load<f32>(weights) + step * load<f32>(at, 4))
    weights += 4
    const slot = <usize>load<u32>(at)
    const counts = <u32>load<u8>(slot)
    const count = (counts >> shift) & 15
    const other = (counts >> (4 - shift)) & 15
    store<u8>(slot, <u8>((min(count + 1, 15) << shift) | ((other > 3 ? other >> 1 : other) << (4 - shift))))
  }
}

// @ts-ignore: decorator
@inline
function logarithm(value: u32): i32 {
  return reinterpret<i32>(<f32>value)
}
