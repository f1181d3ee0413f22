import { describe, expect, test } from 'vitest'
import { byteStringOf, bytesOf, murmurHash2, xxHash64, xxHash64Chained } from '../../host/envoy/index.ts'
import { refusal } from './samples.ts'

describe('xxHash64', () => {
  test.each([
    ['', 17241709254077376921n],
    ['foo', 3728699739546630719n],
    ['bar', 5234164152756840025n],
    ['foo\nbar', 8917841378505826757n],
    ['foobar', 11721187498075204345n],
    ['lyft', 4400747396090729504n],
  ])('of %j is the number in Envoy’s own tests', (input, expected) => {
    expect(xxHash64(input)).toBe(expected)
  })

  test('takes bytes as well as byte strings', () => {
    expect(xxHash64(Uint8Array.of(0x66, 0x6f, 0x6f))).toBe(3728699739546630719n)
    expect(xxHash64('\u00c3\u00bc')).toBe(xxHash64(Uint8Array.of(0xc3, 0xbc)))
  })

  test('chained over several values seeds each with the hash of those before', () => {
    expect(xxHash64Chained(['foo', 'bar'])).toBe(17745830980996999794n)
    expect(xxHash64Chained(['foo', 'bar'])).toBe(xxHash64('bar', xxHash64('foo')))
  })
})

describe('murmurHash2', () => {
  test.each([
    ['', 6142509188972423790n],
    ['foo', 9631199822919835226n],
    ['bar', 11474628671133349555n],
  ])('of %j is the number in Envoy’s own tests', (input, expected) => {
    expect(murmurHash2(input)).toBe(expected)
  })

  // std::hash<std::string> of libstdc++ on a 64-bit machine, which is the same function and seed.
  test.each([
    ['abcdefgh', 8664279048047335611n],
    ['abcdefghi', 13036955925923793583n],
    ['127.0.0.1:8080_1023', 16180194924655831804n],
  ])('of %j, beyond one word, is what libstdc++ says', (input, expected) => {
    expect(murmurHash2(input)).toBe(expected)
  })
})

describe('a byte string', () => {
  test('holds one byte in each character', () => {
    expect([...bytesOf('a\u00ff\u0000')]).toEqual([0x61, 0xff, 0x00])
  })

  test('of a text is its UTF-8 form', () => {
    expect([...bytesOf(byteStringOf('ü€'))]).toEqual([0xc3, 0xbc, 0xe2, 0x82, 0xac])
  })

  test('cannot hold a character beyond a byte, and the error says what to do', () => {
    expect(refusal(() => xxHash64('ab€'))).toBe(
      'not_a_byte_string: expected a string of bytes (U+0000 to U+00FF), found U+20AC at index 2: pass text through byteStringOf()',
    )
  })
})
