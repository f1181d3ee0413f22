import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytes, cases, guarded, pure, written } from './module.ts'

type Decoder = 'decodeBase64url' | 'decodeSecret'

/** The decoded bytes, one character each, or 'refused'. */
function decode(decoder: Decoder, text: string, capacity = 64): string {
  return guarded((room) => {
    const out = room.output(capacity)
    const length = pure[decoder](room.input(text), out, capacity)
    if (length < 0) expect(length).toBe(-1)
    return length < 0 ? 'refused' : room.read(out, length).toString('latin1')
  })
}

const encode = (text: string, capacity: number): string =>
  written(capacity, (room, writer) => {
    pure.encodeBase64url(room.input(text), writer)
  })

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('encoding base64url', () => {
  test.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
    ['\xfb\xff\xbf', '-_-_'],
  ])('writes %j as %j, RFC 4648 without padding', (text, expected) => {
    expect(encode(text, expected.length)).toBe(expected)
  })

  test('writes nothing where one character does not fit', () => {
    expect(encode('foobar', 7)).toBe('ABSENT')
    expect(encode('f', 1)).toBe('ABSENT')
  })

  test('knows its length, also where it exceeds all memory', () => {
    expect([0, 1, 2, 3, 4, 16].map((length) => pure.encodedLength(length))).toEqual([0, 2, 3, 4, 6, 22])
    expect(pure.encodedLength(0xffffffff) >>> 0).toBe(0xffffffff)
  })

  test('agrees with Buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (message) => {
        const expected = Buffer.from(message).toString('base64url')
        expect(encode(Buffer.from(message).toString('latin1'), 140)).toBe(expected)
        expect(decode('decodeBase64url', expected, message.length)).toBe(
          Buffer.from(message).toString('latin1'),
        )
      }),
      cases(500, 50_000),
    )
  })
})

describe('decoding base64url', () => {
  test('takes every character of the alphabet, and no other byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte)
      const expected = ALPHABET.includes(character)
        ? Buffer.from(character + 'AAA', 'base64url').toString('latin1')
        : 'refused'
      for (let place = 0; place < 4; place++) {
        const text = 'AAAA'.slice(0, place) + character + 'AAAA'.slice(place + 1)
        const taken = decode('decodeBase64url', text)
        expect(taken === 'refused', `byte ${byte} at ${place}`).toBe(expected === 'refused')
        if (place === 0) expect(taken).toBe(expected)
      }
    }
  })

  test.each(['A', 'AAAAA', 'Zg==', 'Zm8=', 'Zm9v\n', ' Zm9v', 'Zm 9', 'Zm9v+A', 'Zm9v/A', '=', '===='])(
    'refuses %j',
    (text) => {
      expect(decode('decodeBase64url', text)).toBe('refused')
    },
  )

  test('has one text for each value: spare bits must be zero', () => {
    const accepted = Array.from(ALPHABET).filter(
      (last) => decode('decodeBase64url', 'A' + last) !== 'refused',
    )
    expect(accepted.join('')).toBe('AQgw')
    const acceptedOfThree = Array.from(ALPHABET).filter(
      (last) => decode('decodeBase64url', 'AA' + last) !== 'refused',
    )
    expect(acceptedOfThree.join('')).toBe('AEIMQUYcgkosw048')
  })

  test('refuses what needs more bytes than there is room for', () => {
    expect(decode('decodeBase64url', 'Zm9vYmFy', 5)).toBe('refused')
    expect(decode('decodeBase64url', 'Zm9vYmFy', 6)).toBe('foobar')
    expect(decode('decodeBase64url', 'Zg', 0)).toBe('refused')
    expect(decode('decodeBase64url', '', 0)).toBe('')
  })

  test('can decode in place', () => {
    const text = 'Zm9vYmFyYg'
    const decoded = guarded((room) => {
      const start = room.output(text.length, bytes(text))
      const length = pure.decodeBase64url((BigInt(text.length) << 32n) | BigInt(start), start, text.length)
      return room.read(start, length).toString('latin1')
    })
    expect(decoded).toBe('foobarb')
  })
})

describe('decoding a secret', () => {
  test.each([
    ['base64', '+/+/', '\xfb\xff\xbf'],
    ['base64url', '-_-_', '\xfb\xff\xbf'],
    ['padded base64', 'Zg==', 'f'],
    ['padded base64url', '_w==', '\xff'],
    ['three characters and padding', 'Zm8=', 'fo'],
    ['no padding', 'Zm8', 'fo'],
    ['a last LF', 'Zm8=\n', 'fo'],
    ['a last CRLF', 'Zm9v\r\n', 'foo'],
    ['nothing', '', ''],
    ['only a line end', '\r\n', ''],
  ])('takes %s', (_, text, expected) => {
    expect(decode('decodeSecret', text)).toBe(expected)
  })

  test.each([
    ['both alphabets in one text', '+_+_'],
    ['two line ends', 'Zm9v\n\n'],
    ['a CR alone', 'Zm9v\r'],
    ['a line end before the last', 'Zm9v\nZm9v'],
    ['a blank before it', ' Zm9v'],
    ['a blank behind it', 'Zm9v '],
    ['half the padding', 'Zg='],
    ['too much padding', 'Zg==='],
    ['padding that nothing needs', 'Zm9v===='],
    ['padding alone', '===='],
    ['one padding character alone', '='],
    ['padding in the middle', 'Zg==Zg=='],
    ['spare bits that are not zero', 'Zh=='],
    ['a quote', '"Zm9v"'],
  ])('refuses %s', (_, text) => {
    expect(decode('decodeSecret', text)).toBe('refused')
  })

  test('refuses what needs more bytes than there is room for', () => {
    expect(decode('decodeSecret', 'Zm9vYmFy', 5)).toBe('refused')
    expect(decode('decodeSecret', 'Zm9vYmE=\n', 5)).toBe('fooba')
  })

  test('takes whatever Buffer writes, in either alphabet', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.constantFrom('', '\n', '\r\n'),
        (secret, end) => {
          const buffer = Buffer.from(secret)
          for (const form of ['base64', 'base64url'] as const) {
            expect(decode('decodeSecret', buffer.toString(form) + end)).toBe(buffer.toString('latin1'))
          }
        },
      ),
      cases(300, 20_000),
    )
  })
})
