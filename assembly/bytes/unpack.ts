/** Undoes tools/text-packing.ts, which says how; names and numbers are the same. */

// @ts-ignore: decorator
@inline
const ORDERS: u32 = 4

/** Bytes of the table of counts. */
// @ts-ignore: decorator
@inline
export const TABLE_BYTES: u32 = 1 << 17

const slots: usize = memory.data(4 * 4, 4)

/** Writes `length` characters to `out`. `table` is room for TABLE_BYTES, which are lost. */
export function unpackText(packed: usize, out: usize, length: u32, table: usize): void {
  memory.fill(table, 0, TABLE_BYTES)
  let low: u32 = 0
  let high: u32 = 0xffffffff
  let code = bswap<u32>(load<u32>(packed))
  let history: u32 = 0
  for (let end = out + length; out < end; out++) {
    let bits: u32 = 1
    while (bits < 0x80) {
      const middle = low + ((high - low) >> 16) * chance(table, history, bits)
      const bit = code <= middle
      if (bit) high = middle
      else low = middle + 1
      learn(bit)
      bits = (bits << 1) | u32(bit)
      for (; (low ^ high) >> 24 == 0; packed++) {
        low <<= 8
        high = (high << 8) | 0xff
        code = (code << 8) | load<u8>(packed, 4)
      }
    }
    history = (history << 7) | (bits & 0x7f)
    store<u8>(out, (<u8>bits) & 0x7f)
  }
}

function chance(table: usize, history: u32, bits: u32): u32 {
  let ones: u32 = 1
  let all: u32 = 2
  for (let order: u32 = 0; order < ORDERS; order++) {
    const key = ((history & ((1 << (7 * order)) - 1)) << 7) | bits | (order << 28)
    const hash = key * 0x9e3779b1
    const check = <u32>max<u8>(<u8>(hash >> 8), 1)
    let slot: usize
    for (let place = hash >> 16; ; place++) {
      slot = table + <usize>((place & 0xffff) << 1)
      if (load<u8>(slot, 1) == check) break
      if (load<u8>(slot, 1) != 0) continue
      store<u8>(slot, <u8>check, 1)
      break
    }
    store<u32>(slots + (order << 2), <u32>slot)
    const counts = <u32>load<u8>(slot)
    ones += (counts & 15) << (2 * order)
    all += ((counts & 15) + (counts >> 4)) << (2 * order)
  }
  return (ones << 16) / all
}

function learn(bit: bool): void {
  const shift: u32 = bit ? 0 : 4
  for (let at = slots; at < slots + ORDERS * 4; at += 4) {
    const slot = <usize>load<u32>(at)
    const counts = <u32>load<u8>(slot)
    const count = (counts >> shift) & 15
    const other = (counts >> (4 - shift)) & 15
    store<u8>(slot, <u8>((min(count + 1, 15) << shift) | ((other > 2 ? other >> 1 : other) << (4 - shift))))
  }
}
