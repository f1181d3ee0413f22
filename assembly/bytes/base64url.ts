/**
 * Base64url without padding (RFC 4648, section 5), canonical only: bits that no byte needs are zero, so that every
 * value has one text. Secrets are written by people and tools, and may come in either alphabet, padded or not.
 */
import { EQUALS, MINUS, PLUS, SLASH, UNDERSCORE, isDigit, isLowerCase, isUpperCase } from './ascii'
import { Slice, endOf, lenOf, ptrOf, slice } from './slice'
import { Writer } from './writer'

// 'A'..'Z' 'a'..'z' '0'..'9' '-' '_'
const ALPHABET: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97,
  98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119,
  120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 45, 95,
])

/** Not a character of the alphabet. */
// @ts-ignore: decorator
@inline
const INVALID: u32 = 0xffffffff

/** Characters for `n` bytes; at most 2^32 - 1, which fits nowhere. */
export function encodedLength(n: u32): u32 {
  const length = (<u64>n * 4 + 2) / 3
  return length > <u64>u32.MAX_VALUE ? u32.MAX_VALUE : <u32>length
}

/** Appends the text of `src`: all of it, or nothing if it does not fit. */
export function encodeBase64url(src: Slice, writer: Writer): void {
  const length = encodedLength(lenOf(src))
  if (!writer.hasRoom(length)) return
  let to = writer.at
  let bits: u32 = 0
  // Of the bits read so far this many stand for no character yet, the lowest ones.
  let rest: u32 = 0
  const end = endOf(src)
  for (let from = ptrOf(src); from < end; from++) {
    bits = (bits << 8) | load<u8>(from)
    for (rest += 8; rest >= 6; to++) {
      rest -= 6
      store<u8>(to, character(bits >> rest))
    }
  }
  if (rest > 0) store<u8>(to, character(bits << (6 - rest)))
  writer.advance(length)
}

/**
 * Writes the bytes of `src` to `out` and answers how many, or -1: not canonical base64url, or more than `capacity`
 * bytes. After -1 the bytes at `out` mean nothing. `out` may be where `src` starts.
 */
// @ts-ignore: decorator
@inline
export function decodeBase64url(src: Slice, out: usize, capacity: u32): i32 {
  return decode(src, out, capacity, MINUS, UNDERSCORE)
}

/**
 * As `decodeBase64`, for a text that a person put into an environment variable: one LF or CRLF at its end is ignored.
 * After -1 parts of a secret may be at `out`: the caller wipes it.
 */
export function decodeSecret(src: Slice, out: usize, capacity: u32): i32 {
  const text = ptrOf(src)
  let length = lenOf(src)
  if (length > 0 && load<u8>(text + length - 1) == 0x0a) {
    length--
    if (length > 0 && load<u8>(text + length - 1) == 0x0d) length--
  }
  return decodeBase64(slice(text, length), out, capacity)
}

/**
 * As `decodeBase64url`, for either alphabet, not both in one text, with complete padding or none. `src` and `out` must
 * not overlap.
 */
export function decodeBase64(src: Slice, out: usize, capacity: u32): i32 {
  const text = ptrOf(src)
  const length = lenOf(src)
  let padding: u32 = 0
  while (padding < 2 && padding < length && load<u8>(text + length - 1 - padding) == EQUALS) padding++
  if (padding > 0 && (length & 3) != 0) return -1
  const bare = slice(text, length - padding)
  const standard = decode(bare, out, capacity, PLUS, SLASH)
  return standard >= 0 ? standard : decode(bare, out, capacity, MINUS, UNDERSCORE)
}

function decode(src: Slice, out: usize, capacity: u32, c62: u8, c63: u8): i32 {
  const tail = lenOf(src) & 3
  const length = (lenOf(src) >> 2) * 3 + (tail > 0 ? tail - 1 : 0)
  if (tail == 1 || length > capacity || length > <u32>i32.MAX_VALUE) return -1
  let bits: u32 = 0
  let rest: u32 = 0
  const end = endOf(src)
  for (let from = ptrOf(src); from < end; from++) {
    const six = sextet(load<u8>(from), c62, c63)
    if (six == INVALID) return -1
    bits = (bits << 6) | six
    rest += 6
    if (rest < 8) continue
    rest -= 8
    store<u8>(out++, <u8>(bits >> rest))
  }
  return (bits & ((1 << rest) - 1)) == 0 ? <i32>length : -1
}

// @ts-ignore: decorator
@inline
function character(bits: u32): u8 {
  return load<u8>(ALPHABET + (bits & 63))
}

/** The six bits of a character, or INVALID. `c62` and `c63` are the last two of the alphabet. */
// @ts-ignore: decorator
@inline
function sextet(character: u32, c62: u8, c63: u8): u32 {
  if (isUpperCase(character)) return character - 0x41
  if (isLowerCase(character)) return character - 0x61 + 26
  if (isDigit(character)) return character - 0x30 + 52
  if (character == c62) return 62
  return character == c63 ? 63 : INVALID
}
