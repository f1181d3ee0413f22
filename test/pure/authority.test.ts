import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UNREADABLE, cases, guarded, pure, textOf } from './module.ts'

const ERRORS = [
  'None',
  'Empty',
  'TooLong',
  'PartialStar',
  'Port',
  'UpperCase',
  'EmptyLabel',
  'LabelTooLong',
  'Octet',
]

const hostOf = (authority: string): string => guarded((room) => textOf(pure.hostOf(room.input(authority))))

const matches = (pattern: string, host: string): boolean =>
  guarded((room) => pure.matchHost(room.input(pattern), room.input(host))) === 1

const errorOf = (pattern: string): string | undefined =>
  ERRORS[guarded((room) => pure.hostPatternError(room.input(pattern)))]

describe('the host of an authority', () => {
  test.each([
    ['shop.example.com', 'shop.example.com'],
    ['shop.example.com:8443', 'shop.example.com'],
    ['shop.example.com.', 'shop.example.com'],
    ['shop.example.com.:8443', 'shop.example.com'],
    ['Shop.Example.com', 'Shop.Example.com'],
    ['localhost:', 'localhost'],
    ['a', 'a'],
    ['1.2.3.4:80', '1.2.3.4'],
    ['1.2.3.4', '1.2.3.4'],
    ['[::1]', '::1'],
    ['[::1]:80', '::1'],
    ['[2001:db8::1]:', '2001:db8::1'],
    ['[]', ''],
    [':80', ''],
    ['', ''],
    ['a..', 'a.'],
  ])('of %j is %j', (authority, host) => {
    expect(hostOf(authority)).toBe(host)
  })

  test.each([
    'a:b',
    'a:80b',
    '::1',
    '2001:db8::1',
    '[::1',
    '::1]',
    '[::1]x',
    '.',
    'user@a',
    '1',
    ':',
    'a:80:90',
  ])('leaves %j, which is no authority, as it is but for a port', (authority) => {
    expect([authority, authority.slice(0, -1)]).toContain(hostOf(authority))
  })

  test.each([
    ['::1', '::1'],
    ['[::1', '[::1'],
    ['a:80:90', 'a:80:90'],
    ['a:80b', 'a:80b'],
  ])('does not take part of %j for a port', (authority, host) => {
    expect(hostOf(authority)).toBe(host)
  })

  test('stays absent or unreadable', () => {
    expect(pure.hostOf(0n)).toBe(0n)
    expect(pure.hostOf(UNREADABLE)).toBe(UNREADABLE)
  })
})

describe('matching a host', () => {
  test.each([
    ['shop.example.com', 'shop.example.com'],
    ['shop.example.com', 'SHOP.Example.COM'],
    ['*.example.com', 'shop.example.com'],
    ['*.example.com', 'A.B.EXAMPLE.com'],
    ['*.com', 'example.com'],
    ['*', 'anything.at.all'],
    ['*', ''],
    ['*', '::1'],
    ['a_b-1', 'A_B-1'],
    ['*', 'a'.repeat(256)],
    ['*.com', `${'a'.repeat(251)}.com`],
  ])('%s matches %s', (pattern, host) => {
    expect(matches(pattern, host)).toBe(true)
  })

  test.each([
    ['shop.example.com', 'shop.example.co'],
    ['shop.example.com', 'xshop.example.com'],
    ['example.com', 'shop.example.com'],
    ['*.example.com', 'example.com'],
    ['*.example.com', '.example.com'],
    ['*.example.com', 'shopexample.com'],
    ['*.example.com', 'shop.example.com.evil.org'],
    ['*.example.com', ''],
    ['a@', 'a`'],
    ['{', '['],
    ['*.com', `${'a'.repeat(252)}.com`],
  ])('%s does not match %s', (pattern, host) => {
    expect(matches(pattern, host)).toBe(false)
  })

  test('matches no host that is absent or unreadable', () => {
    for (const none of [0n, UNREADABLE]) {
      expect(guarded((room) => pure.matchHost(room.input('*'), none))).toBe(0)
      expect(guarded((room) => pure.matchHost(none, room.input('a')))).toBe(0)
    }
  })

  test('agrees with regular expressions of the same meaning', () => {
    const part = fc.constantFrom('a', 'b', '.a', '.b', '.', 'A', 'ab')
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 4 }),
        fc.array(part, { maxLength: 6 }),
        fc.boolean(),
        (end, host, star) => {
          const suffix = end.join('').toLowerCase()
          const expected = new RegExp(`^${star ? '.+\\.' : ''}${suffix.replaceAll('.', '\\.')}$`, 'i')
          expect(matches(`${star ? '*.' : ''}${suffix}`, host.join(''))).toBe(expected.test(host.join('')))
        },
      ),
      cases(1_000, 50_000),
    )
  })
})

describe('a host pattern', () => {
  test.each([
    '*',
    'a',
    'shop.example.com',
    '*.example.com',
    '*.com',
    'xn--bcher-kva.example',
    'my_svc.ns.svc.cluster.local',
    '1.2.3.4',
    'a'.repeat(63),
    `${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(63),
  ])('may be %s', (pattern) => {
    expect(errorOf(pattern)).toBe('None')
  })

  test.each([
    ['', 'Empty'],
    ['a'.repeat(256), 'TooLong'],
    ['**', 'PartialStar'],
    ['*a', 'PartialStar'],
    ['*example.com', 'PartialStar'],
    ['shop*.example.com', 'PartialStar'],
    ['a.*', 'PartialStar'],
    ['*.*.com', 'PartialStar'],
    ['a:80', 'Port'],
    ['*:80', 'PartialStar'],
    ['::1', 'Port'],
    ['Shop.example.com', 'UpperCase'],
    ['.a', 'EmptyLabel'],
    ['a.', 'EmptyLabel'],
    ['a..b', 'EmptyLabel'],
    ['.', 'EmptyLabel'],
    ['*.', 'EmptyLabel'],
    ['*..a', 'EmptyLabel'],
    ['a'.repeat(64), 'LabelTooLong'],
    ['http//a', 'Octet'],
    ['a/b', 'Octet'],
    ['b\xfccher.example', 'Octet'],
    ['a b', 'Octet'],
    ['[a]', 'Octet'],
    ['a\0', 'Octet'],
  ])('is wrong as %j: %s', (pattern, error) => {
    expect(errorOf(pattern)).toBe(error)
  })

  test('is wrong if it is absent or unreadable', () => {
    expect(ERRORS[pure.hostPatternError(0n)]).toBe('Empty')
    expect(ERRORS[pure.hostPatternError(UNREADABLE)]).toBe('Empty')
  })
})
