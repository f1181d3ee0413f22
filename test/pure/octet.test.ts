import { describe, expect, test } from 'vitest'
import { UNREADABLE, guarded, pure } from './module.ts'

type Check = 'isFieldValue' | 'isToken'

const accepts = (check: Check, text: string): number => guarded((room) => pure[check](room.input(text)))

/** Every octet, alone and at each place of a text. */
function expectOctets(check: Check, allowed: (octet: number) => boolean): void {
  for (let octet = 0; octet < 256; octet++) {
    const character = String.fromCharCode(octet)
    const within = [0, 7, 8, 12].map((place) => 'a'.repeat(place) + character + 'a'.repeat(12 - place))
    for (const text of [character, `${character}a`, `a${character}`, `a${character}a`, ...within]) {
      expect(accepts(check, text), `octet ${octet}`).toBe(allowed(octet) ? 1 : 0)
    }
  }
}

describe('the gate that every written header value passes', () => {
  test('lets no control character through but the tab', () => {
    expectOctets('isFieldValue', (octet) => octet === 0x09 || (octet >= 0x20 && octet !== 0x7f))
  })

  test.each(['v\r\nSet-Cookie: a=b', 'v\nx', '\rv', 'v\0', 'v\x7f'])('stops %j', (value) => {
    expect(accepts('isFieldValue', value)).toBe(0)
  })

  test('takes an empty value, but no absent or unreadable one', () => {
    expect(accepts('isFieldValue', '')).toBe(1)
    expect(pure.isFieldValue(0n)).toBe(0)
    expect(pure.isFieldValue(UNREADABLE)).toBe(0)
  })
})

describe('a token', () => {
  test('has the characters of RFC 9110, section 5.6.2, and no other', () => {
    const tchar = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    expectOctets('isToken', (octet) => tchar.includes(String.fromCharCode(octet)))
  })

  test('is not empty, absent or unreadable', () => {
    expect(accepts('isToken', '')).toBe(0)
    expect(pure.isToken(0n)).toBe(0)
    expect(pure.isToken(UNREADABLE)).toBe(0)
  })
})
