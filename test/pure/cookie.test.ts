import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UNREADABLE, cases, guarded, pure, textOf, written } from './module.ts'

const NAME = 'ISTIOID'

const find = (line: string, name = NAME): string =>
  guarded((room) => textOf(pure.findCookie(room.input(line), room.input(name))))

const without = (line: string, name = NAME): string =>
  written(line.length, (room, writer) => {
    pure.writeWithoutCookie(room.input(line), room.input(name), writer)
  })

/**
 * Envoy's reading, written from the description of its parser: tokens between semicolons, empty ones left out; the
 * name from the first octet that is no blank to the first "="; one pair of quotes around the value is not part of it.
 */
function envoyReads(line: string): [name: string, value: string][] {
  return line
    .split(';')
    .filter((token) => token.includes('='))
    .map((token) => {
      const [, name = '', value = ''] = /^ *([^=]*)=(.*)$/s.exec(token) ?? []
      return [name, /^".*"$/s.test(value) && value.length > 1 ? value.slice(1, -1) : value]
    })
}

// Lines made of what cookies are made of, with much that is odd about them.
const piece = fc.constantFrom(
  NAME,
  'ISTIOI',
  'istioid',
  'a',
  '=',
  '=',
  ';',
  ';',
  '; ',
  ' ',
  '"',
  '"',
  '\t',
  'x',
  ',',
  '\xe9',
)
const line = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''))

describe('finding a cookie', () => {
  test.each([
    ['alone', 'ISTIOID=v', 'v'],
    ['first', 'ISTIOID=v; a=1', 'v'],
    ['last', 'a=1; ISTIOID=v', 'v'],
    ['without a blank', 'a=1;ISTIOID=v;b=2', 'v'],
    ['after several blanks', 'a=1;   ISTIOID=v', 'v'],
    ['twice: the first counts', 'ISTIOID=v; ISTIOID=w', 'v'],
    ['twice, the first one empty: it still counts', 'ISTIOID=; ISTIOID=w', ''],
    ['empty', 'ISTIOID=', ''],
    ['empty, before others', 'ISTIOID=;a=1', ''],
    ['with an equals sign in its value', 'ISTIOID=a=b==', 'a=b=='],
    ['in quotes', 'ISTIOID="v"', 'v'],
    ['in two pairs of quotes: one goes', 'ISTIOID=""v""', '"v"'],
    ['with empty quotes', 'ISTIOID=""', ''],
    ['with one quote', 'ISTIOID="', '"'],
    ['with a quote before it only', 'ISTIOID="v', '"v'],
    ['with a quote behind it only', 'ISTIOID=v"', 'v"'],
    ['with a semicolon in quotes: it still ends there', 'ISTIOID="v;w"', '"v'],
    ['with a blank behind it: part of the value', 'ISTIOID=v ; a=1', 'v '],
    ['with a blank before it: part of the value', 'ISTIOID= v', ' v'],
    ['with a blank behind its quotes: they stay', 'ISTIOID="v" ', '"v" '],
    ['with a tab behind it: part of the value', 'ISTIOID=v\t', 'v\t'],
    ['with bytes from 0x80', 'ISTIOID=\xff\x80', '\xff\x80'],
    ['after parts that are no cookies', ';; ;ISTIOID; a;ISTIOID=v', 'v'],
    ['after a comma: part of the value before', 'a=1, ISTIOID=w; ISTIOID=v', 'v'],
  ])('%s', (_, text, expected) => {
    expect(find(text)).toBe(expected)
  })

  test.each([
    ['an empty line', ''],
    ['another case', 'istioid=v'],
    ['a longer name', 'ISTIOID2=v'],
    ['a name that ends alike', 'XISTIOID=v'],
    ['a shorter name', 'ISTIOI=v'],
    ['no equals sign', 'ISTIOID'],
    ['a blank before the equals sign', 'ISTIOID =v'],
    ['a tab before the name', '\tISTIOID=v'],
    ['the name in a value', 'a=ISTIOID=v'],
    ['only semicolons and blanks', '; ;; ;'],
    ['the name in quotes', '"ISTIOID"=v'],
  ])('finds nothing with %s', (_, text) => {
    expect(find(text)).toBe('ABSENT')
  })

  test('tells absent, unreadable and empty apart', () => {
    expect(guarded((room) => textOf(pure.findCookie(0n, room.input(NAME))))).toBe('ABSENT')
    expect(guarded((room) => textOf(pure.findCookie(UNREADABLE, room.input(NAME))))).toBe('UNREADABLE')
    expect(find('ISTIOID=')).toBe('')
  })

  test('reads every line as Envoy does', () => {
    fc.assert(
      fc.property(line, (text) => {
        const expected = envoyReads(text).filter(([name]) => name === NAME)
        expect(find(text)).toBe(expected[0]?.[1] ?? 'ABSENT')
      }),
      cases(2_000, 40_000),
    )
  })
})

describe('leaving a cookie out', () => {
  test.each([
    ['keeps a line that has none byte for byte', ' a=1 ;;b="2";\tc ; ', ' a=1 ;;b="2";\tc ; '],
    ['in the middle', 'a=1; ISTIOID=v; b=2', 'a=1; b=2'],
    ['first', 'ISTIOID=v; a=1; b=2', 'a=1; b=2'],
    ['last', 'a=1; ISTIOID=v', 'a=1'],
    ['every time', 'ISTIOID=v; a=1; ISTIOID=w; ISTIOID=; b=2; ISTIOID="x"', 'a=1; b=2'],
    ['alone: nothing is left', 'ISTIOID=v', ''],
    ['alone, several times: nothing is left', 'ISTIOID=v; ISTIOID=w', ''],
    ['keeps what is no cookie', 'x;ISTIOID=v;y', 'x;y'],
    [
      'keeps what nobody reads as the name',
      'istioid=1; ISTIOID=v; IST IOID=2; ISTIOID',
      'istioid=1; IST IOID=2; ISTIOID',
    ],
    ['with blanks and tabs around the name', '\tISTIOID=v; a=1; \t ISTIOID \t=w;b=2', 'a=1;b=2'],
    ['keeps the separators of the others', 'a=1;ISTIOID=v;  b=2;c=3', 'a=1;  b=2;c=3'],
    ['nothing from nothing', '', ''],
  ])('%s', (_, text, expected) => {
    expect(without(text)).toBe(expected)
  })

  test('writes nothing for a line that is absent or unreadable', () => {
    for (const none of [0n, UNREADABLE]) {
      expect(
        written(8, (room, writer) => {
          pure.writeWithoutCookie(none, room.input(NAME), writer)
        }),
      ).toBe('')
    }
  })

  test('writes nothing where there is no room', () => {
    const short = written(7, (room, writer) => {
      pure.writeWithoutCookie(room.input('a=1; ISTIOID=v; b=2'), room.input(NAME), writer)
    })
    expect(short).toBe('ABSENT')
  })

  test('removes all that anybody would read as the name, and nothing else', () => {
    const isOurs = ([name]: [string, string]): boolean => name.replace(/^[ \t]+|[ \t]+$/g, '') === NAME
    fc.assert(
      fc.property(line, (text) => {
        const left = without(text)
        expect(envoyReads(left)).toEqual(envoyReads(text).filter((pair) => !isOurs(pair)))
        if (!envoyReads(text).some(isOurs)) expect(left).toBe(text)
        expect(without(left)).toBe(left)
      }),
      cases(2_000, 40_000),
    )
  })
})

describe('what a session value may be', () => {
  const isValue = (text: string): number => guarded((room) => pure.isCookieValue(room.input(text)))

  test('is 1 to 128 octets', () => {
    expect(isValue('')).toBe(0)
    expect(isValue('v')).toBe(1)
    expect(isValue('v'.repeat(128))).toBe(1)
    expect(isValue('v'.repeat(129))).toBe(0)
    expect(pure.isCookieValue(0n)).toBe(0)
    expect(pure.isCookieValue(UNREADABLE)).toBe(0)
  })

  test('has the octets of RFC 6265, and no other', () => {
    for (let octet = 0; octet < 256; octet++) {
      const allowed =
        octet === 0x21 ||
        (octet >= 0x23 && octet <= 0x2b) ||
        (octet >= 0x2d && octet <= 0x3a) ||
        (octet >= 0x3c && octet <= 0x5b) ||
        (octet >= 0x5d && octet <= 0x7e)
      for (const text of ['%', '%v', 'v%', 'v%v']) {
        expect(isValue(text.replace('%', String.fromCharCode(octet))), `octet ${octet}`).toBe(allowed ? 1 : 0)
      }
    }
  })
})
