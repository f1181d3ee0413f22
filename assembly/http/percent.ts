/** Percent-encoding (RFC 3986, section 2.1). */
import { PERCENT, PLUS, SPACE, isDigit } from '../bytes/ascii'
import { Slice, endOf, isPresent, ptrOf } from '../bytes/slice'
import { Writer } from '../bytes/writer'

// @ts-ignore: decorator
@inline
const NO_ESCAPE: i32 = -1

/** The octet that the escape at `at`, a "%" and two hexadecimal digits before `end`, stands for; else -1. */
export function escapedOctet(at: usize, end: usize): i32 {
  if (end - at < 3) return NO_ESCAPE
  // One bad digit is -1, and makes the whole negative.
  const octet = (hexDigit(load<u8>(at, 1)) << 4) | hexDigit(load<u8>(at, 2))
  return octet < 0 ? NO_ESCAPE : octet
}

/**
 * Appends `value` with every %XX decoded, and where `plusIsBlank` every + as a blank
 * (application/x-www-form-urlencoded). False if an escape is invalid or the writer has no room; what was appended
 * means nothing then.
 */
export function decodePercent(value: Slice, plusIsBlank: bool, out: Writer): bool {
  if (!isPresent(value)) return false
  const end = endOf(value)
  for (let at = ptrOf(value); at < end; at++) {
    let octet = load<u8>(at)
    if (octet == PLUS && plusIsBlank) octet = SPACE
    else if (octet == PERCENT) {
      const decoded = escapedOctet(at, end)
      if (decoded < 0) return false
      octet = <u8>decoded
      at += 2
    }
    out.byte(octet)
  }
  return isPresent(out.result)
}

/** The upper-case digit of the low four bits. */
export function upperHexDigit(value: u8): u8 {
  value &= 15
  return value < 10 ? value + 0x30 : value + 0x37
}

/** The value of a hexadecimal digit in either case, or -1. */
export function hexDigit(digit: u8): i32 {
  if (isDigit(digit)) return <i32>digit - 0x30
  const lower = (<u32>digit) | 0x20
  return lower - 0x61 < 6 ? lower - 0x57 : -1
}
