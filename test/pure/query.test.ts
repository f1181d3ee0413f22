import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UNREADABLE, cases, guarded, pure, textOf } from './module.ts'

const find = (path: string, name = 'a'): string =>
  guarded((room) => textOf(pure.findQuery(room.input(path), room.input(name))))

/** The decoded text, or 'refused'. */
const decode = (value: string, capacity = value.length): string =>
  guarded((room) => {
    const writer = room.writer(capacity)
    return pure.decodePercent(room.input(value), 1, writer) ? textOf(pure.writerResult(writer)) : 'refused'
  })

describe('finding a query parameter', () => {
  test.each([
    ['alone', '/p?a=1', '1'],
    ['behind others', '/p?b=2&a=1', '1'],
    ['twice: the first counts', '/p?a=1&a=2', '1'],
    ['twice, the first one empty: it still counts', '/p?a=&a=2', ''],
    ['without an equals sign: present and empty', '/p?a', ''],
    ['without an equals sign, before others', '/p?a&b=1', ''],
    ['without a value', '/p?a=', ''],
    ['with an equals sign in its value', '/p?a=x=y=', 'x=y='],
    ['with a question mark in its value', '/p?a=x?a=y', 'x?a=y'],
    ['not decoded', '/p?a=%41+b', '%41+b'],
    ['behind empty parameters', '/p?&&a=1', '1'],
    ['with a fragment: Envoy does not cut it', '/p?a=1#f', '1#f'],
    ['with a question mark in a fragment', '/p#f?a=1', '1'],
    ['without a path', '?a=1', '1'],
    ['with bytes from 0x80', '/?a=\xff', '\xff'],
  ])('%s', (_, path, expected) => {
    expect(find(path)).toBe(expected)
  })

  test.each([
    ['no query', '/a=1'],
    ['an empty query', '/p?'],
    ['an empty path', ''],
    ['another case', '/p?A=1'],
    ['a longer name', '/p?aa=1'],
    ['an escaped name', '/p?%61=1'],
    ['a semicolon as separator', '/p?b=1;a=2'],
    ['the name in a value', '/p?b=a=1'],
    ['a question mark before the name', '/p??a=1'],
  ])('finds nothing with %s', (_, path) => {
    expect(find(path)).toBe('ABSENT')
  })

  test('knows a parameter without a name only where a separator shows it', () => {
    expect(find('/p?', '')).toBe('ABSENT')
    expect(find('/p?a=1&', '')).toBe('ABSENT')
    expect(find('/p?&', '')).toBe('')
    expect(find('/p?=1', '')).toBe('1')
  })

  test('tells absent and unreadable apart', () => {
    expect(guarded((room) => textOf(pure.findQuery(0n, room.input('a'))))).toBe('ABSENT')
    expect(guarded((room) => textOf(pure.findQuery(UNREADABLE, room.input('a'))))).toBe('UNREADABLE')
  })

  test('reads every path as Envoy does', () => {
    const piece = fc.constantFrom('a', 'b', 'ab', '=', '&', '&', '?', '/', '%', '#', ';')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const path = `/?${pieces.join('')}`
        const parameters = path
          .slice(2)
          .split('&')
          .map((parameter) => /^([^=]*)=?(.*)$/s.exec(parameter) ?? [])
        const [, , expected = 'ABSENT'] = parameters.find(([, name]) => name === 'a') ?? []
        expect(find(path)).toBe(expected)
      }),
      cases(1_000, 20_000),
    )
  })
})

describe('decoding a query value', () => {
  test.each([
    ['', ''],
    ['abc', 'abc'],
    ['a+b', 'a b'],
    ['a%20b', 'a b'],
    ['%2B', '+'],
    ['%e4%FC', '\xe4\xfc'],
    ['%00', '\0'],
    ['%25%32%35', '%25'],
    ['%aF', '\xaf'],
  ])('reads %j as %j', (value, expected) => {
    expect(decode(value)).toBe(expected)
  })

  test.each(['%', '%4', 'a%', 'a%4', '%4g', '%g4', '%%41', '%-1', '% 1', '%\xb11'])('refuses %j', (value) => {
    expect(decode(value)).toBe('refused')
  })

  test('refuses a value that does not fit, is absent or unreadable', () => {
    expect(decode('abc', 2)).toBe('refused')
    for (const none of [0n, UNREADABLE]) {
      expect(guarded((room) => pure.decodePercent(none, 1, room.writer(8)))).toBe(0)
    }
  })

  test('reads back what URLSearchParams writes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40, unit: 'grapheme' }), (text) => {
        const value = new URLSearchParams({ a: text }).toString().slice(2)
        expect(decode(value)).toBe(Buffer.from(text).toString('latin1'))
      }),
      cases(500, 20_000),
    )
  })
})
