/**
 * Where the reader is, and why it stopped. One document is read at a time, so the cursor is the module's own; each
 * reading function returns at once when something has failed.
 */
import { NO_PHRASE, Phrase } from '../bytes/phrase'
import { Slice, between, endOf, lenOf, ptrOf } from '../bytes/slice'

let start: usize = 0
let position: usize = 0
let end: usize = 0
let code: Phrase = NO_PHRASE
let reason: Phrase = NO_PHRASE

export function openCursor(text: Slice): void {
  start = ptrOf(text)
  position = start
  end = endOf(text)
  code = NO_PHRASE
  reason = NO_PHRASE
}

/** Stops reading. The first reason stays. */
export function fail(errorCode: Phrase, errorReason: Phrase): void {
  if (hasFailed()) return
  code = errorCode
  reason = errorReason
}

export function hasFailed(): bool {
  return code != NO_PHRASE
}

export function failureCode(): Phrase {
  return code
}

export function failureReason(): Phrase {
  return reason
}

/** How many bytes were read. */
export function offset(): u32 {
  return <u32>(position - start)
}

export function atEnd(): bool {
  return position >= end
}

/** The next byte, or 0 at the end. A NUL in the text is no JSON either, so the two need not be told apart. */
export function peek(): u32 {
  return position < end ? load<u8>(position) : 0
}

/** The byte `ahead` of the next one, or 0 beyond the end. */
export function peekAhead(ahead: u32): u32 {
  return ahead < <u32>(end - position) ? load<u8>(position + ahead) : 0
}

/** Moves on, at most to the end. */
export function skip(count: u32): void {
  position += min<usize>(count, end - position)
}

/** Moves past `byte` if it is next. */
export function take(byte: u32): bool {
  if (atEnd() || load<u8>(position) != byte) return false
  position++
  return true
}

/** Moves past `word` if it is next. */
export function takeWord(word: Slice): bool {
  const length = lenOf(word)
  for (let i: u32 = 0; i < length; i++) {
    if (peekAhead(i) != load<u8>(ptrOf(word) + i)) return false
  }
  skip(length)
  return true
}

/** JSON's blanks: space, tab, line feed, carriage return (RFC 8259 section 2). */
export function skipBlanks(): void {
  while (position < end) {
    const byte = load<u8>(position)
    if (byte != 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d) return
    position++
  }
}

/** A mark to take text from. */
export function here(): usize {
  return position
}

/** The text from `mark` to here. */
export function textSince(mark: usize): Slice {
  return between(mark, position)
}
