import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Room, cases, guarded, pure, startOf } from './module.ts'

/** The digest of a message that is given in these parts. */
function sha256(...parts: Uint8Array[]): string {
  return guarded((room) => {
    const out = room.output(32)
    pure.sha256Start()
    for (const part of parts) {
      pure.sha256Update(startOf(room.input(part)), part.length)
    }
    pure.sha256Finish(out)
    return room.read(out, 32).toString('hex')
  })
}

const reference = (message: Uint8Array): string => createHash('sha256').update(message).digest('hex')

describe('SHA-256', () => {
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    [
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
      'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    ],
  ])('gives the digest of FIPS 180-4 for %j', (message, digest) => {
    expect(sha256(Buffer.from(message))).toBe(digest)
  })

  test('gives the digest of FIPS 180-4 for a million times "a"', () => {
    const part = Buffer.alloc(10_000, 'a')
    const digest = guarded((room) => {
      const start = startOf(room.input(part))
      const out = room.output(32)
      pure.sha256Start()
      for (let i = 0; i < 100; i++) pure.sha256Update(start, part.length)
      pure.sha256Finish(out)
      return room.read(out, 32).toString('hex')
    })
    expect(digest).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')
  })

  test('agrees with node:crypto at every length up to three blocks', () => {
    for (let length = 0; length <= 200; length++) {
      const message = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + length) & 0xff))
      expect(sha256(message), `${length} bytes`).toBe(reference(message))
    }
  })

  test('does not depend on how the message is cut into parts', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (parts) => {
        expect(sha256(...parts)).toBe(reference(Buffer.concat(parts)))
      }),
      cases(300, 20_000),
    )
  })

  test('goes on from a saved state as if it had not been interrupted', () => {
    const blocks = Buffer.alloc(128, 'block')
    const rest = Buffer.from('the rest')
    const digests = guarded((room) => {
      const start = startOf(room.input(blocks))
      const end = startOf(room.input(rest))
      const saved = room.output(32)
      const out = room.output(32)
      pure.sha256Start()
      pure.sha256Update(start, 128)
      pure.sha256Save(saved)
      return [1, 2].map(() => {
        pure.sha256Resume(saved, 128n)
        pure.sha256Update(end, rest.length)
        pure.sha256Finish(out)
        return room.read(out, 32).toString('hex')
      })
    })
    const expected = reference(Buffer.concat([blocks, rest]))
    expect(digests).toEqual([expected, expected])
  })

  test('starts anew whatever was left unfinished', () => {
    const digest = guarded((room) => {
      const start = startOf(room.input('abc'))
      const out = room.output(32)
      pure.sha256Start()
      pure.sha256Update(start, 2)
      pure.sha256Start()
      pure.sha256Update(start, 3)
      pure.sha256Finish(out)
      return room.read(out, 32).toString('hex')
    })
    expect(digest).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  test('leaves nothing of a message in memory once wiped', () => {
    const message = Buffer.from('a key that nobody may find in memory afterwards')
    const room = new Room(0, 0)
    const start = room.output(message.length, message)
    const out = room.output(32)
    pure.sha256Start()
    pure.sha256Update(start, message.length)
    const memory = Buffer.from(pure.memory.buffer)
    memory.fill(0, start, start + message.length)
    const asScheduled = Buffer.from(message.subarray(0, 16)).swap32()
    expect(memory.includes(message.subarray(0, 16))).toBe(true)
    pure.sha256Finish(out)
    expect(memory.includes(message.subarray(0, 16))).toBe(false)
    expect(memory.includes(asScheduled)).toBe(true)
    pure.sha256Wipe()
    expect(memory.includes(asScheduled)).toBe(false)
  })
})
