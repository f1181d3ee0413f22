/** How phrases are stored, read back by the drawing in tools/phrase-packing.ts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packPhrases } from '../../tools/phrase-packing.ts'

function unpack(bytes: readonly number[], place: number): string {
  let text = ''
  for (let at = place; bytes[at] !== 0x7f; at++) text += expand(bytes, bytes[at] ?? Number.NaN)
  return text
}

function expand(bytes: readonly number[], byte: number): string {
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte)
  const pair = 2 * ((byte - 0x80) & 0xff)
  return expand(bytes, bytes[pair] ?? Number.NaN) + expand(bytes, bytes[pair + 1] ?? Number.NaN)
}

function unpackAll(phrases: readonly string[]): string[] {
  const { bytes, places } = packPhrases(phrases)
  return phrases.map((phrase) => unpack(bytes, places.get(phrase) ?? Number.NaN))
}

// Few letters make many pairs, and pairs of the same letter.
const phrases = fc.array(
  fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 60 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  ),
  { maxLength: 60 },
)

test('every phrase reads back as it was written', () => {
  fc.assert(
    fc.property(phrases, (written) => {
      expect(unpackAll(written)).toEqual(written)
    }),
  )
})

test('every phrase reads back where the dictionary is full', () => {
  const written = Array.from({ length: 500 }, (_, i) => `${String(i * i)} of ${String(i * 7919)} rules`)
  expect(unpackAll(written)).toEqual(written)
  const { bytes, places } = packPhrases(written)
  expect(Math.min(...places.values())).toBe(320)
  expect(bytes).toContain(0x1f)
})

test('the order in which phrases come makes no difference, nor how often', () => {
  fc.assert(
    fc.property(phrases, (written) => {
      expect(packPhrases([...written, ...written].toReversed())).toEqual(packPhrases(written))
    }),
  )
})

test('a pair that stands three times is stored once', () => {
  expect(packPhrases(['to', 'toto']).bytes).toEqual([0x74, 0x6f, 0x80, 0x7f, 0x80, 0x80, 0x7f])
})

test('a phrase without any pair that is worth a place is stored as it is', () => {
  expect(packPhrases(['abc']).bytes).toEqual([0x61, 0x62, 0x63, 0x7f])
  expect(packPhrases([]).bytes).toEqual([])
})
