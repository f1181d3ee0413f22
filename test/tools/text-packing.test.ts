/** How texts are stored, read back as tools/text-packing.ts says; test/tools/ascii-literals.test.ts has the filter do it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TextModel, TextPackingError, packText } from '../../tools/text-packing.ts'

/** `behind` is what stands in memory behind the packed text. */
function unpack(packed: readonly number[], length: number, behind: number): string {
  const model = new TextModel()
  const next = packed.values()
  const take = (): number => next.next().value ?? behind
  let range = 0xffffffff
  let code = ((take() << 24) | (take() << 16) | (take() << 8) | take()) >>> 0
  let text = ''
  while (text.length < length) {
    let bits = 1
    while (bits < 128) {
      const bound = Math.floor(range * model.chance())
      const bit = code < bound ? 1 : 0
      if (bit === 1) {
        range = bound
      } else {
        code -= bound
        range -= bound
      }
      model.learn(bit)
      bits = bits * 2 + bit
      while (range < 2 ** 24) {
        range *= 256
        code = ((code << 8) | take()) >>> 0
      }
    }
    text += String.fromCharCode(bits & 127)
  }
  return text
}

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\0'), maxLength: 300 }),
  fc.string({ unit: fc.nat(127).map((code) => String.fromCharCode(code)), maxLength: 300 }),
)

test('every text reads back as it was written, whatever stands behind it', () => {
  fc.assert(
    fc.property(texts, fc.constantFrom(0, 1, 0x7f, 0xff), (text, behind) => {
      expect(unpack(packText(text), text.length, behind)).toBe(text)
    }),
  )
})

test('what comes again and again takes next to nothing', () => {
  const sentence = 'expected a string, found a list; '
  const once = packText(sentence).length
  expect(packText(sentence.repeat(20)).length).toBeLessThan(once + 20)
})

test('a text without any order takes little more than 7 bits a character', () => {
  let seed = 1
  const text = Array.from({ length: 2000 }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return String.fromCharCode(seed >>> 25)
  }).join('')
  expect(packText(text).length).toBeLessThan((2000 * 7 * 1.15) / 8)
})

test('more text than the table has places for is an error, and no endless search', () => {
  let seed = 1
  const text = Array.from({ length: 20_000 }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return String.fromCharCode(seed >>> 25)
  }).join('')
  expect(() => packText(text)).toThrow(new TextPackingError('the texts are too long to be packed'))
})
