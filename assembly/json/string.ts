/**
 * Strings (RFC 8259 section 7), to UTF-8. A string without escapes is a view of the document; one with escapes is
 * written to the arena, or over its own text in the document. Lone surrogates and bytes that are not UTF-8 are refused: nothing downstream could tell
 * what was meant.
 */
import { isDigit } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import { phrase } from '../bytes/phrase'
import { arenaAlloc } from '../bytes/arena'
import { ABSENT, Slice, between, lenOf, ptrOf } from '../bytes/slice'
import { atEnd, fail, hasFailed, here, peek, peekAhead, skip, take, textSince } from './cursor'
import { utf8Length } from './utf8'

// @ts-ignore: decorator
@inline
const QUOTE: u32 = 0x22
// @ts-ignore: decorator
@inline
const BACKSLASH: u32 = 0x5c

const ESCAPES: Slice = ascii('"\\/bfnrt')
const MEANINGS: Slice = ascii('"\\/\b\f\n\r\t')

// What is no code point.
// @ts-ignore: decorator
@inline
const NONE: u32 = 0xffffffff

let escaped = false

/** The string that starts here with its quote; ABSENT after a failure. */
export function readString(): Slice {
  const raw = readRaw()
  if (hasFailed() || !escaped) return raw
  const start = arenaAlloc(lenOf(raw))
  if (start != 0) return unescape(raw, start)
  fail(phrase('too_large'), phrase('a string needs more memory than there is'))
  return ABSENT
}

/** As `readString`, allocating nothing: what has escapes is written over the document, which nobody can read again. */
export function readStringInPlace(): Slice {
  const raw = readRaw()
  return hasFailed() || !escaped ? raw : unescape(raw, ptrOf(raw))
}

/** What stands between the quotes; `escaped` tells whether any escape is in it. */
function readRaw(): Slice {
  if (!take(QUOTE)) {
    fail(phrase('invalid_json'), phrase('expected a string in double quotes'))
    return ABSENT
  }
  const mark = here()
  escaped = false
  while (!atEnd() && peek() != QUOTE) {
    const byte = peek()
    if (byte < 0x20) {
      fail(phrase('invalid_json'), phrase('a control character in a string must be escaped'))
      return ABSENT
    }
    if (byte == BACKSLASH) {
      escaped = true
      skip(2)
      continue
    }
    const length = utf8Length(byte, peekAhead(1), peekAhead(2), peekAhead(3))
    if (length == 0) {
      fail(phrase('invalid_utf8'), phrase('a string is not valid UTF-8'))
      return ABSENT
    }
    skip(length)
  }
  const raw = textSince(mark)
  if (take(QUOTE)) return raw
  fail(phrase('invalid_json'), phrase('a string is not closed'))
  return ABSENT
}

/**
 * Writes to `start`, which may be where `raw` starts: what an escape stands for is never longer. `raw` has no escape
 * cut off at its end: the closing quote came after it.
 */
function unescape(raw: Slice, start: usize): Slice {
  let from = ptrOf(raw)
  const end = from + lenOf(raw)
  let to = start
  while (from < end) {
    const byte = load<u8>(from)
    if (byte != BACKSLASH) {
      store<u8>(to++, byte)
      from++
      continue
    }
    const letter: u32 = from + 1 < end ? load<u8>(from + 1) : 0
    if (letter != 0x75) {
      const meaning = simpleEscape(letter)
      if (meaning == 0) {
        fail(phrase('invalid_json'), phrase('unknown escape in a string'))
        return ABSENT
      }
      store<u8>(to++, <u8>meaning)
      from += 2
      continue
    }
    let point = unicodeEscape(from, end)
    from += 6
    if (point - 0xd800 < 0x400) {
      const low = unicodeEscape(from, end)
      from += 6
      point = low - 0xdc00 < 0x400 ? 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00) : NONE
    } else if (point - 0xdc00 < 0x400) {
      point = NONE
    }
    if (point == NONE) {
      fail(phrase('invalid_json'), phrase('a \\u escape needs four hex digits, and surrogates come in pairs'))
      return ABSENT
    }
    to = writeUtf8(to, point)
  }
  return between(start, to)
}

/** The UTF-16 unit of the `\uXXXX` at `from`, or NONE if there is no such escape before `end`. */
function unicodeEscape(from: usize, end: usize): u32 {
  if (from + 6 > end || load<u8>(from) != BACKSLASH || load<u8>(from + 1) != 0x75) return NONE
  let unit: u32 = 0
  for (let at = from + 2; at < from + 6; at++) {
    const byte = <u32>load<u8>(at)
    const letter = (byte | 0x20) - 0x61
    if (isDigit(byte)) unit = (unit << 4) | (byte - 0x30)
    else if (letter < 6) unit = (unit << 4) | (letter + 10)
    else return NONE
  }
  return unit
}

function simpleEscape(letter: u32): u32 {
  for (let i: u32 = 0; i < lenOf(ESCAPES); i++) {
    if (load<u8>(ptrOf(ESCAPES) + i) == letter) return load<u8>(ptrOf(MEANINGS) + i)
  }
  return 0
}

function writeUtf8(to: usize, point: u32): usize {
  if (point < 0x80) {
    store<u8>(to, <u8>point)
    return to + 1
  }
  const more: u32 = 1 + u32(point >= 0x800) + u32(point >= 0x10000)
  for (let i = more; i > 0; i--) {
    store<u8>(to + i, <u8>(0x80 | (point & 0x3f)))
    point >>= 6
  }
  // As many ones as there are bytes, then a zero.
  store<u8>(to, <u8>((0x780 >> more) | point))
  return to + more + 1
}
