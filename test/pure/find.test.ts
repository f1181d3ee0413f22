import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytes, cases, guarded, pure, textOf } from './module.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff)
const KINDS = ['null', 'boolean', 'number', 'string', 'list', 'object'] as const

type Found = string | number | boolean

/** Everything that `findNext` finds in a text, or 'refused'. A number is the integer that it is, or NaN. */
function find(text: string, ...names: string[]): Found[] | 'refused' {
  return guarded((room) => {
    const contents = bytes(text)
    const start = room.output(contents.length, contents)
    const found: Found[] = []
    pure.openFind((BigInt(contents.length) << 32n) | BigInt(start), room.input(path(names)))
    while (pure.findNext() === 1) found.push(value())
    return pure.hasFailed() === 1 ? 'refused' : found
  })
}

function path(names: string[]): Buffer {
  return Buffer.from(names.map((name) => `\0${name}`).join(''))
}

function value(): Found {
  switch (KINDS[pure.foundKind.value]) {
    case 'string':
      return `"${textOf(pure.valueText.value)}"`
    case 'number':
      return pure.exactInteger()
    case 'boolean':
      return pure.valueNumber.value === 1
    default:
      return KINDS[pure.foundKind.value] ?? 'no kind'
  }
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

describe('one value of an object is found', () => {
  test.each<[text: string, names: string[], found: Found[]]>([
    ['{"a":"x"}', ['a'], ['"x"']],
    [' {\n"a"\t:\r"x" , "b" : 1 } \n', ['a'], ['"x"']],
    ['{"b":1,"a":"x"}', ['a'], ['"x"']],
    ['{"a":true}', ['a'], [true]],
    ['{"a":false}', ['a'], [false]],
    ['{"a":null}', ['a'], ['null']],
    ['{"a":{"b":"x"}}', ['a'], ['object']],
    ['{"a":["x","",7,null,{},["y"]],"b":["z"]}', ['a'], ['list', '"x"', '""', 7, 'null', 'object', 'list']],
    ['{"a":[]}', ['a'], ['list']],
    ['{"":"x"}', [''], ['"x"']],
    ['{"a":{"b":{"c":"x"}}}', ['a', 'b', 'c'], ['"x"']],
    ['{"z":{"a":1},"a":{"a":2,"b":3}}', ['a', 'b'], [3]],
    [String.raw`{"\u0061\u00e9\ud83d\ude00":"\"\\\/\b\f\n\r\t"}`, ['aé😀'], ['""\\/\b\f\n\r\t"']],
    [utf8('{"aé😀":"é"}'), ['aé😀'], [utf8('"é"')]],
    [String.raw`{"a\u0000b":1,"a":{"b":2}}`, ['a', 'b'], [2]],
  ])('%j at %j', (text, names, found) => {
    expect(find(text, ...names)).toEqual(found)
  })

  test.each<[text: string, names: string[]]>([
    ['{}', ['a']],
    ['{"b":"x"}', ['a']],
    ['{"A":"x"}', ['a']],
    ['{"b":{"a":"x"}}', ['a']],
    ['{"a":"x"}', ['a', 'b']],
    ['{"a":["b"]}', ['a', 'b']],
    ['{"a":[{"b":1}]}', ['a', 'b']],
    ['{"a":{"c":1},"b":2}', ['a', 'b']],
    ['{"a":{"c":1},"x":{"b":2}}', ['a', 'b']],
    ['{"a":1,"x":{"b":2}}', ['a', 'b']],
    ['{"x":{"a":{"b":2}}}', ['a', 'b']],
    ['{"a":{"b":{"d":1},"x":{"c":2}}}', ['a', 'b', 'c']],
    ['{"a":1,"":2}', ['a', 'b']],
    ['{"a":1}', []],
  ])('nothing in %j at %j', (text, names) => {
    expect(find(text, ...names)).toEqual([])
  })
})

describe('what is no object within the limits is refused', () => {
  const deep = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
  const mixed = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
  const wide = (members: number, from = 0): string =>
    `{${Array.from({ length: members }, (_, index) => `"n${from + index}":0`).join(',')}}`

  test.each<[why: string, text: string]>([
    ['nothing', ''],
    ['a byte order mark', `\xef\xbb\xbf{}`],
    ['a list', '[]'],
    ['a string', '"a"'],
    ['an object and more', '{}{}'],
    ['an object and a comma', '{},'],
    ['an open object', '{"a":1'],
    ['an open object in one', '{"a":{}'],
    ['an open list', '{"a":[1'],
    ['a wrong bracket', '{"a":[1}'],
    ['another wrong bracket', '{"a":1]'],
    ['a comma first', '{,"a":1}'],
    ['a comma last', '{"a":1,}'],
    ['two commas', '{"a":1,,"b":1}'],
    ['a comma last in a list', '{"a":[1,]}'],
    ['no comma', '{"a":1 "b":1}'],
    ['no colon', '{"a" 1}'],
    ['no value', '{"a":}'],
    ['no name', '{1:1}'],
    ['a single quote', "{'a':1}"],
    ['a comment', '{/**/}'],
    ['a word', '{"a":nul}'],
    ['a longer word', '{"a":nulls}'],
    ['NaN', '{"a":NaN}'],
    ['a plus sign', '{"a":+1}'],
    ['a leading zero', '{"a":01}'],
    ['no digit before the point', '{"a":.5}'],
    ['no digit after the point', '{"a":1.}'],
    ['no digit in the exponent', '{"a":1e}'],
    ['a number of 65 characters', `{"a":${'1'.repeat(65)}}`],
    ['an open string', '{"a":"x}'],
    ['a line feed in a string', '{"a":"x\ny"}'],
    ['a NUL in a string', '{"a":"x\0y"}'],
    ['a NUL after the object', '{}\0'],
    ['an unknown escape', String.raw`{"a":"\x41"}`],
    ['a short escape', String.raw`{"a":"\u12"}`],
    ['a lone high surrogate', String.raw`{"a":"\ud800"}`],
    ['a lone low surrogate', String.raw`{"a":"\udc00"}`],
    ['a high surrogate twice', String.raw`{"a":"\ud800\ud800"}`],
    ['a lone surrogate in UTF-8', '{"a":"\xed\xa0\x80"}'],
    ['an overlong form', '{"a":"\xc0\xaf"}'],
    ['a code point beyond the last', '{"a":"\xf4\x90\x80\x80"}'],
    ['a cut sequence', '{"a":"\xc3"}'],
    ['bytes that are no UTF-8 in a name', '{"\xff":1}'],
    ['one name twice', '{"a":1,"a":1}'],
    ['one name twice, once escaped', String.raw`{"sub":1,"s\u0075b":1}`],
    ['one name twice, further in', '{"b":{"a":1,"c":{},"a":1}}'],
    ['one name twice in an object of a list', '{"b":[{"a":1,"a":1}]}'],
    ['the empty name twice', '{"":1,"":1}'],
    ['17 objects in each other', deep(17)],
    ['16 lists in an object', mixed(17)],
    ['65 members', wide(65)],
    ['65 members further in', `{"a":[${wide(65)}]}`],
  ])('%s', (_, text) => {
    expect(find(text, 'sub')).toBe('refused')
  })

  test.each<[what: string, text: string]>([
    ['16 objects in each other', deep(16)],
    ['15 lists in an object', mixed(16)],
    ['64 members', wide(64)],
    ['64 members on every level', `{"x":{"y":${wide(64)},"z":${wide(64)}},"w":${wide(64)}}`],
    ['one name in several objects', '{"a":{"a":[{"a":1},{"a":1}]},"b":{"a":1}}'],
    ['a list of a thousand items', `{"a":[${Array.from({ length: 1000 }, () => '1').join(',')}]}`],
    ['a number of 64 characters', `{"a":${'1'.repeat(64)}}`],
  ])('not %s', (_, text) => {
    expect(find(text, 'sub')).toEqual([])
  })

  test('what was found before it notwithstanding', () => {
    for (const text of ['{"sub":"a"', '{"sub":"a","b":1,"b":1}', '{"sub":"a"}x', '{"sub":["a"']) {
      expect(find(text, 'sub')).toBe('refused')
    }
  })
})

describe('an integer is told by its digits', () => {
  const LARGEST = '9007199254740992'

  test.each<[text: string, integer: number]>([
    ['0', 0],
    ['-0', 0],
    ['-0.0e5', 0],
    ['0e-999999', 0],
    ['42', 42],
    ['-7', -7],
    ['1.0', 1],
    ['1e3', 1000],
    ['1E+3', 1000],
    ['1.5e1', 15],
    ['100e-2', 1],
    ['0.001e3', 1],
    ['1000000000000000000000e-18', 1000],
    ['1.0000000000000000000000000', 1],
    [LARGEST, 2 ** 53],
    [`-${LARGEST}`, -(2 ** 53)],
    [`${LARGEST}.00`, 2 ** 53],
    ['900719925474099.2e1', 2 ** 53],
    ['9007199254740993', NaN],
    ['-9007199254740993', NaN],
    ['9007199254740992.5', NaN],
    ['1.5', NaN],
    ['0.1', NaN],
    ['1e-1', NaN],
    ['0.99999999999999999999', NaN],
    ['1.00000000000000000001', NaN],
    ['1e16', NaN],
    ['1e400', NaN],
    ['1e-400', NaN],
    ['1e99999999999', NaN],
    ['1e-99999999999', NaN],
    ['18446744073709551617', NaN],
    ['123456789012345678901e-3', NaN],
  ])('%s', (text, integer) => {
    expect(find(`{"a":${text}}`, 'a')).toEqual([integer])
  })

  test(`whatever point and exponent it has (SEED=${SEED})`, () => {
    const digits = fc.oneof(
      fc.bigInt(-(2n ** 54n), 2n ** 54n),
      fc.bigInt(2n ** 53n - 3n, 2n ** 53n + 3n),
      fc.bigInt(-1000n, 1000n),
    )
    fc.assert(
      fc.property(digits, fc.integer({ min: -20, max: 20 }), fc.nat(12), (number, exponent, point) => {
        const [, sign = '', plain = ''] = /^(-?)(\d+)$/.exec(String(number)) ?? []
        const padded = plain.padStart(point + 1, '0')
        const cut = padded.length - point
        const text = `${sign}${padded.slice(0, cut)}${point > 0 ? `.${padded.slice(cut)}` : ''}e${exponent}`
        const power = exponent - point
        const scale = 10n ** BigInt(Math.abs(power))
        const isWhole = power >= 0 || number % scale === 0n
        const whole = power >= 0 ? number * scale : number / scale
        const isWithin = whole <= 2n ** 53n && whole >= -(2n ** 53n)
        const expected = isWhole && isWithin ? Number(whole) : NaN
        expect(find(`{"a":${text}}`, 'a')).toEqual([expected])
      }),
      { ...cases(2_000, 200_000), seed: SEED },
    )
  })
})

test(`a text that JSON.parse takes is taken, with its value (SEED=${SEED})`, () => {
  const plain = fc.string({ unit: 'grapheme', maxLength: 4 })
  const json = fc.dictionary(plain, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6, noNullPrototype: true })
  fc.assert(
    fc.property(json, plain, (object, name) => {
      const found = find(utf8(JSON.stringify(object)), name)
      const expected = Object.hasOwn(object, name) ? object[name] : undefined
      if (expected === undefined) expect(found).toEqual([])
      else if (typeof expected === 'string') expect(found).toEqual([`"${utf8(expected)}"`])
      else if (typeof expected === 'boolean') expect(found).toEqual([expected])
      else if (expected === null) expect(found).toEqual(['null'])
      else if (Array.isArray(expected)) expect(found).toHaveLength(1 + expected.length)
      else if (typeof expected === 'object') expect(found).toEqual(['object'])
      else expect(found).toHaveLength(1)
    }),
    { ...cases(2_000, 200_000), seed: SEED },
  )
})
