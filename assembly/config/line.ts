/**
 * One line of a report, built in place. Whatever is put in, it is printable ASCII and ends at 256 bytes: it goes to
 * the proxy's log, and some of it is text that a user wrote.
 */
import { Phrase, phrase, startOf } from '../bytes/phrase'
import { Slice, lenOf, ptrOf, slice } from '../bytes/slice'

// @ts-ignore: decorator
@inline
const MOST_BYTES: u32 = 256

/** Of a name or value that a user wrote, this many bytes are shown. */
// @ts-ignore: decorator
@inline
export const MOST_SHOWN: u32 = 48

const line: usize = memory.data(256)
let length: u32 = 0

export function startLine(): void {
  length = 0
}

/** The line so far, until the next one is started. A line that was cut ends with three dots. */
export function lineText(): Slice {
  return slice(line, length)
}

/** Our own words. */
export function put(words: Phrase): void {
  for (let at = startOf(words); load<u8>(at) != 0; at++) putByte(load<u8>(at))
}

/** Text that a user wrote: cut to 48 bytes, and every byte that is not printable ASCII shown as `?`. */
export function putShown(s: Slice): void {
  const shown = min(lenOf(s), MOST_SHOWN)
  for (let i: u32 = 0; i < shown; i++) putByte(load<u8>(ptrOf(s) + i))
  if (lenOf(s) > MOST_SHOWN) put(phrase('...'))
}

export function putNumber(value: u32): void {
  let unit: u32 = 1
  while (value / unit >= 10) unit *= 10
  for (; unit > 0; unit /= 10) putByte(<u8>(0x30 + ((value / unit) % 10)))
}

export function putByte(byte: u8): void {
  if (length == MOST_BYTES) {
    cut()
    return
  }
  store<u8>(line + length, byte < 0x20 || byte > 0x7e ? 0x3f : byte)
  length++
}

function cut(): void {
  length = MOST_BYTES
  memory.fill(line + MOST_BYTES - 3, 0x2e, 3)
}
