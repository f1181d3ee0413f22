/**
 * The length in bytes of the well-formed UTF-8 sequence that starts with `a`, or 0 if it is not well-formed
 * (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF). Bytes beyond the end are 0.
 */
export function utf8Length(a: u32, b: u32, c: u32, d: u32): u32 {
  if (a < 0x80) return 1
  if (a < 0xc2) return 0
  if (a < 0xe0) return continues(b) ? 2 : 0
  if (a < 0xf0) {
    if (a == 0xe0 && b < 0xa0) return 0
    if (a == 0xed && b > 0x9f) return 0
    return continues(b) && continues(c) ? 3 : 0
  }
  if (a > 0xf4) return 0
  if (a == 0xf0 && b < 0x90) return 0
  if (a == 0xf4 && b > 0x8f) return 0
  return continues(b) && continues(c) && continues(d) ? 4 : 0
}

function continues(byte: u32): bool {
  return (byte & 0xc0) == 0x80
}
