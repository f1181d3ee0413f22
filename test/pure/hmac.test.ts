import { createHash, createHmac, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Room, bytes, cases, guarded, pure, startOf } from './module.ts'

function hmac(key: Uint8Array, message: Uint8Array): string {
  return guarded((room) => {
    const state = room.output(64)
    const out = room.output(32)
    pure.hmacPrepare(state, room.input(key))
    pure.hmacSha256(state, room.input(message), out)
    return room.read(out, 32).toString('hex')
  })
}

function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array): string {
  return guarded((room) => {
    const out = room.output(32)
    pure.hkdfSha256(room.input(secret), room.input(salt), room.input(info), out)
    return room.read(out, 32).toString('hex')
  })
}

const reference = (key: Uint8Array, message: Uint8Array): string =>
  createHmac('sha256', key).update(message).digest('hex')

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

describe('HMAC-SHA256', () => {
  test.each([
    [
      '1',
      Buffer.alloc(20, 0x0b),
      bytes('Hi There'),
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      '2',
      bytes('Jefe'),
      bytes('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      '3',
      Buffer.alloc(20, 0xaa),
      Buffer.alloc(50, 0xdd),
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ],
    [
      '4',
      hex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
      Buffer.alloc(50, 0xcd),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
    [
      '6',
      Buffer.alloc(131, 0xaa),
      bytes('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      '7',
      Buffer.alloc(131, 0xaa),
      bytes(
        'This is a test using a larger than block-size key and a larger than block-size data. ' +
          'The key needs to be hashed before being used by the HMAC algorithm.',
      ),
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ])('gives the code of RFC 4231, test case %s', (_, key, message, expected) => {
    expect(hmac(key, message)).toBe(expected)
  })

  test('gives the first 16 bytes of RFC 4231, test case 5', () => {
    const code = hmac(Buffer.alloc(20, 0x0c), bytes('Test With Truncation'))
    expect(code.slice(0, 32)).toBe('a3b6167473100ee06e0c796c2955552b')
  })

  test('agrees with node:crypto for keys around the length of a block', () => {
    for (let length = 0; length <= 130; length++) {
      const key = Buffer.from(Array.from({ length }, (_, i) => (i * 11 + length) & 0xff))
      expect(hmac(key, bytes('message')), `a key of ${length} bytes`).toBe(reference(key, bytes('message')))
    }
  })

  test('agrees with node:crypto for random keys and messages', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 300 }), (key, message) => {
        expect(hmac(key, message)).toBe(reference(key, message))
      }),
      cases(2_000, 100_000),
    )
  })

  test('takes a message in parts', () => {
    const code = guarded((room) => {
      const state = room.output(64)
      const out = room.output(32)
      pure.hmacPrepare(state, room.input('key'))
      pure.hmacStart(state)
      pure.sha256Update(startOf(room.input('one ')), 4)
      pure.sha256Update(startOf(room.input('message')), 7)
      pure.hmacFinish(state, out)
      return room.read(out, 32).toString('hex')
    })
    expect(code).toBe(reference(bytes('key'), bytes('one message')))
  })

  test('may write the code over its own message', () => {
    const code = guarded((room) => {
      const state = room.output(64)
      const message = room.output(32, Buffer.alloc(32, 'm'))
      pure.hmacPrepare(state, room.input('key'))
      pure.hmacSha256(state, (32n << 32n) | BigInt(message), message)
      return room.read(message, 32).toString('hex')
    })
    expect(code).toBe(reference(bytes('key'), Buffer.alloc(32, 'm')))
  })

  test('keeps nothing of a key but its prepared form', () => {
    const key = Buffer.from('vutsrqponmlkjihgfedcba9876543210')
    const room = new Room(0, 0)
    const start = room.output(32, key)
    pure.hmacPrepare(room.output(64), (32n << 32n) | BigInt(start))
    Buffer.from(pure.memory.buffer).fill(0, start, start + 32)
    expectNoTrace(key, ...[0x36, 0x5c].map((pad) => Buffer.from(key.map((byte) => byte ^ pad))))
  })

  test('does not spend a prepared key', () => {
    const codes = guarded((room) => {
      const state = room.output(64)
      const out = room.output(32)
      pure.hmacPrepare(state, room.input('key'))
      const other = room.output(64)
      pure.hmacPrepare(other, room.input('another key'))
      return ['one', 'two', 'one'].map((message) => {
        pure.hmacSha256(state, room.input(message), out)
        return room.read(out, 32).toString('hex')
      })
    })
    expect(codes).toEqual(['one', 'two', 'one'].map((message) => reference(bytes('key'), bytes(message))))
  })
})

describe('HKDF-SHA256', () => {
  // RFC 5869 asks for 42 or 82 bytes; the first 32 are the first block, the same at any length.
  test.each([
    [
      'A.1',
      Buffer.alloc(22, 0x0b),
      hex('000102030405060708090a0b0c'),
      hex('f0f1f2f3f4f5f6f7f8f9'),
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf',
    ],
    [
      'A.2',
      Buffer.from(Array.from({ length: 80 }, (_, i) => i)),
      Buffer.from(Array.from({ length: 80 }, (_, i) => 0x60 + i)),
      Buffer.from(Array.from({ length: 80 }, (_, i) => 0xb0 + i)),
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c',
    ],
    [
      'A.3',
      Buffer.alloc(22, 0x0b),
      Buffer.alloc(0),
      Buffer.alloc(0),
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
    ],
  ])('gives the first block of RFC 5869, %s', (_, secret, salt, info, expected) => {
    expect(hkdf(secret, salt, info)).toBe(expected)
  })

  test.each([
    ['token', 0x00, 'a24c8d8c95597aaf6d21799a78a244aa7bdb63bdb9301772408604d4d9969d6c'],
    ['key', 0x20, 'faa2ba914cb3da967d882d2d38832c9bfbe775bbd2be1e7f58dd662b8aef02f7'],
  ])('derives the %s key that the format is fixed to', (purpose, first, expected) => {
    const secret = Buffer.from(Array.from({ length: 32 }, (_, i) => first + i))
    expect(hkdf(secret, bytes('mooring/v1'), bytes(purpose))).toBe(expected)
  })

  test('agrees with node:crypto', () => {
    const part = fc.uint8Array({ maxLength: 100 })
    fc.assert(
      fc.property(part, part, part, (secret, salt, info) => {
        expect(hkdf(secret, salt, info)).toBe(
          Buffer.from(hkdfSync('sha256', secret, salt, info, 32)).toString('hex'),
        )
      }),
      cases(300, 20_000),
    )
  })

  test('leaves neither the secret nor anything that it passed through in memory', () => {
    const secret = Buffer.from('0123456789abcdefghijklmnopqrstuv')
    const pseudoRandomKey = createHmac('sha256', 'salt').update(secret).digest()
    const [inner, outer] = [0x36, 0x5c].map((pad) =>
      Buffer.concat([pseudoRandomKey.map((byte) => byte ^ pad), Buffer.alloc(32, pad)]),
    )
    if (!inner || !outer) throw new Error('two pads give two blocks')
    const innerDigest = createHash('sha256').update(inner).update('info\x01').digest()
    const states = [inner, outer].map((block) => stateAfter(block))
    const room = new Room(0, 0)
    const out = room.output(32)
    const start = room.output(32, secret)

    pure.hkdfSha256((32n << 32n) | BigInt(start), room.input('salt'), room.input('info'), out)

    const key = room.read(out, 32)
    const memory = Buffer.from(pure.memory.buffer)
    memory.fill(0, start, start + 32)
    memory.fill(0, out, out + 32)
    expectNoTrace(secret, key, pseudoRandomKey, inner, outer, innerDigest, ...states)
  })
})

/** In memory nothing stands that starts with the same 32 bytes, in the order of bytes or as the hash's words. */
function expectNoTrace(...secrets: Buffer[]): void {
  const memory = Buffer.from(pure.memory.buffer)
  for (const secret of secrets) {
    expect(memory.indexOf(secret.subarray(0, 32))).toBe(-1)
    expect(memory.indexOf(Buffer.from(secret.subarray(0, 32)).swap32())).toBe(-1)
  }
}

/** The hash's state after one block, of which the module keeps no trace. */
function stateAfter(block: Buffer): Buffer {
  const room = new Room(0, 0)
  const saved = room.output(32)
  pure.sha256Start()
  pure.sha256Update(startOf(room.input(block)), 64)
  pure.sha256Save(saved)
  pure.sha256Wipe()
  return room.read(saved, 32)
}

describe('comparing in constant time', () => {
  const same = (a: string, b: string): number =>
    guarded((room) => pure.equalsInConstantTime(room.input(a), room.input(b)))

  test('finds texts equal that have the same bytes', () => {
    expect(same('', '')).toBe(1)
    expect(same('0123456789abcdef', '0123456789abcdef')).toBe(1)
    expect(same('\xff\x00', '\xff\x00')).toBe(1)
  })

  test('finds a difference of one bit wherever it is', () => {
    const text = Buffer.from('0123456789abcdef')
    for (let bit = 0; bit < text.length * 8; bit++) {
      const other = Buffer.from(text.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))
      expect(same(text.toString('latin1'), other.toString('latin1')), `bit ${bit}`).toBe(0)
    }
  })

  test('finds texts of different lengths different', () => {
    expect(same('abc', 'abcd')).toBe(0)
    expect(same('', 'a')).toBe(0)
  })
})
