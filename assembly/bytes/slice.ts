import { isLowerCase, isUpperCase } from './ascii'

/**
 * A slice is a view of bytes in linear memory, packed into one u64 so that it travels in a register:
 *
 *      63            32 31             0
 *     +----------------+----------------+
 *     |  length u32    |  pointer u32   |
 *     +----------------+----------------+
 *
 * 0 is absent. A length of 0 with a pointer is present but empty: the two are never confused.
 * A pointer of 0 with a length is no bytes either, but says why there are none (see UNREADABLE).
 */
export type Slice = u64

// 0x01 and 0x80 in each byte of a word.
// @ts-ignore: decorator
@inline
export const ONES: u64 = 0x0101010101010101
// @ts-ignore: decorator
@inline
export const HIGHS: u64 = 0x8080808080808080

/** There is no value. */
// @ts-ignore: decorator
@inline
export const ABSENT: Slice = 0

/** A value may be there, but the host refused to hand it over: never to be taken as absent. */
// @ts-ignore: decorator
@inline
export const UNREADABLE: Slice = 1 << 32

// @ts-ignore: decorator
@inline
export function slice(ptr: usize, len: u32): Slice {
  return ((<u64>len) << 32) | (<u64>(<u32>ptr))
}

// @ts-ignore: decorator
@inline
export function ptrOf(s: Slice): usize {
  return <usize>(<u32>s)
}

// @ts-ignore: decorator
@inline
export function lenOf(s: Slice): u32 {
  return <u32>(s >> 32)
}

/** The first byte after the slice. */
// @ts-ignore: decorator
@inline
export function endOf(s: Slice): usize {
  return ptrOf(s) + lenOf(s)
}

/** True if there are bytes to look at, be there none of them; false for ABSENT and UNREADABLE. */
// @ts-ignore: decorator
@inline
export function isPresent(s: Slice): bool {
  return <u32>s != 0
}

/**
 * The bytes from `from` (inclusive) to `to` (exclusive), both addresses within one slice. A call: there are so many that
 * inlined they would take half a kilobyte.
 */
export function between(from: usize, to: usize): Slice {
  return slice(from, <u32>(to - from))
}

/** True if both have the same bytes. Not constant in time: never for secrets. */
export function equals(a: Slice, b: Slice): bool {
  const length = lenOf(a)
  if (length != lenOf(b)) return false
  let p = ptrOf(a)
  let q = ptrOf(b)
  const end = p + length
  if (length >= 8) {
    // The last eight go along with some of those before them.
    const last = end - 8
    for (; p < last; p += 8, q += 8) if (load<u64>(p) != load<u64>(q)) return false
    return load<u64>(last) == load<u64>(ptrOf(b) + length - 8)
  }
  if (length >= 4) return load<u32>(p) == load<u32>(q) && load<u32>(end - 4) == load<u32>(q + length - 4)
  for (; p < end; p++, q++) if (load<u8>(p) != load<u8>(q)) return false
  return true
}

/** As `equals`, but ASCII letters of `a` may be upper-case; `lower` must be lower-case already. */
export function equalsIgnoreCase(a: Slice, lower: Slice): bool {
  const n = lenOf(a)
  if (n != lenOf(lower)) return false
  const p = ptrOf(a)
  const q = ptrOf(lower)
  for (let i: u32 = 0; i < n; i++) {
    if (toLower(load<u8>(p + i)) != load<u8>(q + i)) return false
  }
  return true
}

/** ASCII only: bytes from 0x80 up stay as they are. */
// @ts-ignore: decorator
@inline
export function toLower(byte: u8): u8 {
  return isUpperCase(byte) ? byte | 0x20 : byte
}

/** ASCII only: bytes from 0x80 up stay as they are. */
// @ts-ignore: decorator
@inline
export function toUpper(byte: u8): u8 {
  return isLowerCase(byte) ? byte & 0xdf : byte
}

/** The address of the first `byte` in [from, to), or `to` if there is none. */
export function indexOf(from: usize, to: usize, byte: u8): usize {
  const wanted = <u64>byte * ONES
  // Eight at a time: of the bytes that are zero after the xor, the lowest one leaves the lowest bit. The last eight go
  // along with some of those before them, among which it is not.
  while (from + 8 <= to) {
    const rest = load<u64>(from) ^ wanted
    const zeros = (rest - ONES) & ~rest & HIGHS
    if (zeros != 0) return from + ((<usize>ctz(zeros)) >> 3)
    if (from + 8 == to) return to
    from = min(from + 8, to - 8)
  }
  while (from < to && load<u8>(from) != byte) from++
  return from
}
