/** ASCII characters by name (RFC 20), for those that a grammar gives a meaning, and the classes of others. */

// @ts-ignore: decorator
@inline
export const SPACE: u8 = 0x20

// @ts-ignore: decorator
@inline
export const QUOTE: u8 = 0x22

// @ts-ignore: decorator
@inline
export const HASH: u8 = 0x23

// @ts-ignore: decorator
@inline
export const PERCENT: u8 = 0x25

// @ts-ignore: decorator
@inline
export const AMPERSAND: u8 = 0x26

// @ts-ignore: decorator
@inline
export const STAR: u8 = 0x2a

// @ts-ignore: decorator
@inline
export const PLUS: u8 = 0x2b

// @ts-ignore: decorator
@inline
export const COMMA: u8 = 0x2c

// @ts-ignore: decorator
@inline
export const MINUS: u8 = 0x2d

// @ts-ignore: decorator
@inline
export const DOT: u8 = 0x2e

// @ts-ignore: decorator
@inline
export const SLASH: u8 = 0x2f

// @ts-ignore: decorator
@inline
export const COLON: u8 = 0x3a

// @ts-ignore: decorator
@inline
export const SEMICOLON: u8 = 0x3b

// @ts-ignore: decorator
@inline
export const EQUALS: u8 = 0x3d

// @ts-ignore: decorator
@inline
export const QUESTION_MARK: u8 = 0x3f

// @ts-ignore: decorator
@inline
export const OPEN_BRACKET: u8 = 0x5b

// @ts-ignore: decorator
@inline
export const BACKSLASH: u8 = 0x5c

// @ts-ignore: decorator
@inline
export const CLOSE_BRACKET: u8 = 0x5d

// @ts-ignore: decorator
@inline
export const UNDERSCORE: u8 = 0x5f

// @ts-ignore: decorator
@inline
export const OPEN_BRACE: u8 = 0x7b

// @ts-ignore: decorator
@inline
export const CLOSE_BRACE: u8 = 0x7d

// @ts-ignore: decorator
@inline
export function isDigit(octet: u32): bool {
  return octet - 0x30 < 10
}

// @ts-ignore: decorator
@inline
export function isLowerCase(octet: u32): bool {
  return octet - 0x61 < 26
}

// @ts-ignore: decorator
@inline
export function isUpperCase(octet: u32): bool {
  return octet - 0x41 < 26
}

// @ts-ignore: decorator
@inline
export function isLetter(octet: u32): bool {
  return isLowerCase(octet | 0x20)
}
