/**
 * Base64url without padding (RFC 4648, section 5), canonical only: bits that no byte needs are zero, so that every
 * value has one text. Secrets are written by people and tools, and may come in either alphabet, padded or not.
 */
import { EQUALS, PLUS, SLASH } from './ascii'
import { Slice, endOf, lenOf, ptrOf, slice } from './slice'
import { Writer } from './writer'

// 'A'..'Z' 'a'..'z' '0'..'9' '-' '_'
const ALPHABET: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 97,
  98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119,
  120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 45, 95,
])

// u8[256] each: the place of a character in the alphabet and 1; 0 for what is none. RFC 4648, section 5, and section 4.
const PLACES: usize = memory.data(512, 64)
const STANDARD_PLACES: usize = PLACES + 256

/** To be called before anything is decoded: nothing is base64url until then. Again it does nothing. */
export function prepareBase64url(): void {
  for (let place: u32 = 0; place < 64; place++) {
    const character = load<u8>(ALPHABET + place)
    store<u8>(PLACES + character, place + 1)
    store<u8>(STANDARD_PLACES + (place < 62 ? character : place == 62 ? PLUS : SLASH), place + 1)
  }
}

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
  let left = <i32>lenOf(src)
  for (let from = ptrOf(src); left > 0; left -= 3, from += 3, to += 4) {
    let bits = (<u32>load<u8>(from)) << 16
    if (left > 1) bits |= (<u32>load<u8>(from, 1)) << 8
    if (left > 2) bits |= load<u8>(from, 2)
    store<u8>(to, character(bits >> 18))
    store<u8>(to, character(bits >> 12), 1)
    if (left > 1) store<u8>(to, character(bits >> 6), 2)
    if (left > 2) store<u8>(to, character(bits), 3)
  }
  writer.advance(length)
}

/**
 * Writes the bytes of `src` to `out` and answers how many, or -1: not canonical base64url, or more than `capacity`
 * bytes. After -1 the bytes at `out` mean nothing. `out` may be where `src` starts.
 */
// @ts-ignore: decorator
@inline
export function decodeBase64url(src: Slice, out: usize, capacity: u32): i32 {
  return decode(src, out, capacity, PLACES)
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
  const standard = decode(bare, out, capacity, STANDARD_PLACES)
  return standard >= 0 ? standard : decode(bare, out, capacity, PLACES)
}

function decode(src: Slice, out: usize, capacity: u32, places: usize): i32 {
  const tail = lenOf(src) & 3
  const length = (lenOf(src) >> 2) * 3 + (tail > 0 ? tail - 1 : 0)
  if (tail == 1 || length > capacity || lenOf(src) > <u32>i32.MAX_VALUE) return -1
  let bits: u32 = 0
  let left = <i32>lenOf(src)
  for (let from = ptrOf(src); left > 0; left -= 4, from += 4, out += 3) {
    bits = sextet(from, places, 18) | sextet(from + 1, places, 12)
    if (left > 2) bits |= sextet(from + 2, places, 6)
    if (left > 3) bits |= sextet(from + 3, places, 0)
    if (bits > MOST_BITS) return -1
    store<u8>(out, bits >> 16)
    if (left > 2) store<u8>(out, bits >> 8, 1)
    if (left > 3) store<u8>(out, bits, 2)
  }
  // No byte has these.
  if (tail > 0 && (bits & (tail == 3 ? 0xff : 0xffff)) != 0) return -1
  return length
}

// @ts-ignore: decorator
@inline
function character(bits: u32): u8 {
  return load<u8>(ALPHABET + (bits & 63))
}

// Of four characters.
// @ts-ignore: decorator
@inline
const MOST_BITS: u32 = 0xffffff

/** The six bits of the character at `at`, moved up by `shift`; more than MOST_BITS if it is none of the alphabet. */
// @ts-ignore: decorator
@inline
function sextet(at: usize, places: usize, shift: u32): u32 {
  return (load<u8>(places + load<u8>(at)) - 1) << shift
}
