/**
 * Base64url without padding (RFC 4648, section 5), canonical only: bits that no byte needs are zero, so that every
 * value has one text. Secrets are written by people and tools, and may come in either alphabet, padded or not.
 */
import { EQUALS, MINUS, PLUS, SLASH, UNDERSCORE, isDigit, isLowerCase, isUpperCase } from './ascii'
import { Slice, lenOf, ptrOf, slice } from './slice'
import { Writer } from './writer'

// 'A'..'Z' 'a'..'z' '0'..'9' '-' '_'
const ALPHABET: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97,
  98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119,
  120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 45, 95,
])

/** Not a character of the alphabet: or-ed with the bits of others it stays what it is. */
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
  let from = ptrOf(src)
  let left = lenOf(src)
  let to = writer.at
  for (; left >= 3; left -= 3) {
    const bits = ((<u32>load<u8>(from)) << 16) | ((<u32>load<u8>(from, 1)) << 8) | (<u32>load<u8>(from, 2))
    store<u8>(to, character(bits >> 18))
    store<u8>(to, character(bits >> 12), 1)
    store<u8>(to, character(bits >> 6), 2)
    store<u8>(to, character(bits), 3)
    from += 3
    to += 4
  }
  if (left > 0) {
    let bits = (<u32>load<u8>(from)) << 16
    if (left == 2) bits |= (<u32>load<u8>(from, 1)) << 8
    store<u8>(to, character(bits >> 18))
    store<u8>(to, character(bits >> 12), 1)
    if (left == 2) store<u8>(to, character(bits >> 6), 2)
  }
  writer.advance(length)
}

/**
 * Writes the bytes of `src` to `out` and answers how many, or -1: not canonical base64url, or more than `capacity`
 * bytes. After -1 the bytes at `out` mean nothing. `out` may be where `src` starts.
 */
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
  let from = ptrOf(src)
  const whole = from + (lenOf(src) - tail)
  for (; from < whole; from += 4) {
    const a = sextet(load<u8>(from), c62, c63)
    const b = sextet(load<u8>(from, 1), c62, c63)
    const c = sextet(load<u8>(from, 2), c62, c63)
    const d = sextet(load<u8>(from, 3), c62, c63)
    if ((a | b | c | d) == INVALID) return -1
    store<u8>(out, <u8>((a << 2) | (b >> 4)))
    store<u8>(out, <u8>((b << 4) | (c >> 2)), 1)
    store<u8>(out, <u8>((c << 6) | d), 2)
    out += 3
  }
  if (tail == 0) return <i32>length
  const a = sextet(load<u8>(from), c62, c63)
  const b = sextet(load<u8>(from, 1), c62, c63)
  const c = tail == 3 ? sextet(load<u8>(from, 2), c62, c63) : 0
  const spare = tail == 3 ? c & 0x03 : b & 0x0f
  if ((a | b | c) == INVALID || spare != 0) return -1
  store<u8>(out, <u8>((a << 2) | (b >> 4)))
  if (tail == 3) store<u8>(out, <u8>((b << 4) | (c >> 2)), 1)
  return <i32>length
}

// @ts-ignore: decorator
@inline
function character(bits: u32): u8 {
  return load<u8>(ALPHABET + (bits & 63))
}

/** The six bits of a character, or INVALID. `c62` and `c63` are the last two of the alphabet. */
function sextet(character: u32, c62: u8, c63: u8): u32 {
  if (isUpperCase(character)) return character - 0x41
  if (isLowerCase(character)) return character - 0x61 + 26
  if (isDigit(character)) return character - 0x30 + 52
  if (character == c62) return 62
  return character == c63 ? 63 : INVALID
}
