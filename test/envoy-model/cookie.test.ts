import { describe, expect, test } from 'vitest'
import { type HeaderEntry, makeSetCookieValue, parseCookieValue } from '../../host/envoy/index.ts'

const cookies = (...lines: string[]): HeaderEntry[] => lines.map((line) => ['cookie', line])

describe('parseCookieValue reads a cookie as Envoy’s router does', () => {
  test.each<[rule: string, lines: string[], value: string]>([
    ['a plain pair', ['sid=abc'], 'abc'],
    ['one pair of several', ['a=1; sid=abc; b=2'], 'abc'],
    ['without blanks between pairs', ['a=1;sid=abc;b=2'], 'abc'],
    ['after empty pairs', [';; ;sid=abc'], 'abc'],
    ['after junk without an equals sign', ['junk; sid=abc'], 'abc'],
    ['on a later line', ['a=1', 'sid=abc'], 'abc'],
    ['the first of two lines', ['sid=first', 'sid=second'], 'first'],
    ['the first of two pairs', ['sid=first; sid=second'], 'first'],
    ['an empty first one hides a later one', ['sid=; sid=second'], ''],
    ['an empty first line hides a later one', ['sid=', 'sid=second'], ''],
    ['one pair of quotes is dropped', ['sid="abc"'], 'abc'],
    ['only one pair of quotes is dropped', ['sid=""abc""'], '"abc"'],
    ['two quotes alone are empty', ['sid=""'], ''],
    ['one quote alone is a value', ['sid="'], '"'],
    ['a quote at one end stays', ['sid="abc'], '"abc'],
    ['a blank after the closing quote keeps the quotes', ['sid="abc" ; b=2'], '"abc" '],
    ['a blank before the equals sign is part of the name', ['sid =abc'], ''],
    ['several blanks before the name are dropped', ['   sid=abc'], 'abc'],
    ['a tab before the name is part of the name', ['\tsid=abc'], ''],
    ['a blank after the equals sign is part of the value', ['sid= abc'], ' abc'],
    ['a blank at the end is part of the value', ['sid=abc '], 'abc '],
    ['further equals signs are part of the value', ['sid=a=b=='], 'a=b=='],
    ['the name is case-sensitive', ['SID=abc'], ''],
    ['a longer name is another cookie', ['sid2=abc; xsid=abc'], ''],
    ['no cookie at all', [], ''],
  ])('%s', (_rule, lines, value) => {
    expect(parseCookieValue(cookies(...lines), 'sid')).toBe(value)
  })

  test('and looks at no header but cookie', () => {
    expect(parseCookieValue([['set-cookie', 'sid=abc']], 'sid')).toBe('')
  })
})

describe('makeSetCookieValue writes the text of Envoy’s router', () => {
  test('with a lifetime and a path', () => {
    expect(makeSetCookieValue('ISTIOID', '5e1192314817394d', { maxAge: 60, path: '/' })).toBe(
      'ISTIOID="5e1192314817394d"; Max-Age=60; Path=/; HttpOnly',
    )
  })

  test('as a browser-session cookie where the lifetime is 0', () => {
    expect(makeSetCookieValue('sid', 'v', { maxAge: 0 })).toBe('sid="v"; HttpOnly')
  })

  test('with attributes between path and HttpOnly, those without a value as bare names', () => {
    const attributes = [
      { name: 'SameSite', value: 'Lax' },
      { name: 'Secure' },
      { name: 'Partitioned', value: '' },
    ]
    expect(makeSetCookieValue('sid', 'v', { maxAge: 1, path: '/a', attributes })).toBe(
      'sid="v"; Max-Age=1; Path=/a; SameSite=Lax; Secure; Partitioned; HttpOnly',
    )
  })
})
