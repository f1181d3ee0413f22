/**
 * `format: raw`: the value itself in the header, for people who want to read it there.
 *
 * Bytes 0x21 to 0x7E except `%` and `,` stand for themselves, all others and those two as %XX with upper-case digits.
 * By type: a string is its bytes; a number is its decimal digits, and yields nothing if it has a fraction; a boolean
 * is true or false; a list is its items joined with a comma; a session is the cookie's text; an address is
 * `a.b.c.d`, or eight groups of four hexadecimal digits. What would be longer than 256 bytes yields nothing.
 */
import { ascii } from '../bytes/literal'
import { COLON, COMMA, DOT, MINUS, PERCENT } from '../bytes/ascii'
import { Slice, isPresent, lenOf, ptrOf, slice, toLower } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { Source, SourceKind } from '../config/policy'
import { upperHexDigit } from '../http/percent'
import { sessionValue } from '../session/session'
import { TYPE_BOOLEAN, TYPE_LIST, TYPE_NUMBER, TYPE_STRING } from './node'
import { Nothing, valueBytes, valueType, yieldValue } from './value'

// @ts-ignore: decorator
@inline
const LONGEST: u32 = 256

const text: usize = memory.data(LONGEST)

/** Puts its text in the place of the value that `source` just yielded (key/value.ts); or says why it has none. */
export function rawValue(source: Source): Nothing {
  writer.open(text, LONGEST)
  if (source.kind == SourceKind.Session) escape(sessionValue)
  else if (source.kind == SourceKind.Address) address(valueBytes)
  else if (valueType == TYPE_NUMBER) {
    if (!integer(reinterpret<f64>(bswap<u64>(load<u64>(ptrOf(valueBytes)))))) return Nothing.Malformed
  } else if (valueType == TYPE_BOOLEAN)
    writer.bytes(load<u8>(ptrOf(valueBytes)) == 1 ? ascii('true') : ascii('false'))
  else if (valueType == TYPE_LIST) items(valueBytes)
  else escape(valueBytes)
  const written = writer.result
  return isPresent(written) ? yieldValue(TYPE_STRING, written) : Nothing.TooLarge
}

function escape(value: Slice): void {
  for (let at = ptrOf(value), end = at + lenOf(value); at < end; at++) {
    const byte = load<u8>(at)
    if (byte > 0x20 && byte < 0x7f && byte != PERCENT && byte != COMMA) {
      writer.byte(byte)
    } else {
      writer.byte(PERCENT)
      writer.byte(upperHexDigit(byte >> 4))
      writer.byte(upperHexDigit(byte))
    }
  }
}

function integer(value: f64): bool {
  if (value != floor(value)) return false
  if (value < 0) writer.byte(MINUS)
  writer.decimal(<u64>abs(value))
  return true
}

/** u32(count) LP(item)*, as key/list.ts wrote it. */
function items(list: Slice): void {
  const count = bswap<u32>(load<u32>(ptrOf(list)))
  let at = ptrOf(list) + 4
  for (let i: u32 = 0; i < count; i++) {
    const length = bswap<u32>(load<u32>(at))
    if (i > 0) writer.byte(COMMA)
    escape(slice(at + 4, length))
    at += 4 + length
  }
}

function address(bytes: Slice): void {
  const length = lenOf(bytes)
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(ptrOf(bytes) + i)
    if (length == 4) {
      if (i > 0) writer.byte(DOT)
      writer.decimal(byte)
    } else {
      if (i > 0 && (i & 1) == 0) writer.byte(COLON)
      writer.byte(toLower(upperHexDigit(byte >> 4)))
      writer.byte(toLower(upperHexDigit(byte)))
    }
  }
}
