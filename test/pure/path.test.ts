import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UNREADABLE, cases, guarded, pure, textOf } from './module.ts'
import { referencePath } from './reference-path.ts'

/** The normalised path, or 'ambiguous'. */
const normalise = (path: string, capacity = path.length * 3): string =>
  guarded((room) => {
    const writer = room.writer(capacity)
    return pure.normalisePath(room.input(path), writer) ? textOf(pure.writerResult(writer)) : 'ambiguous'
  })

const matches = (pattern: string, path: string): boolean =>
  guarded((room) => pure.matchPath(room.input(pattern), room.input(path))) === 1

describe('normalising a path', () => {
  test.each([
    ['leaves a plain path', '/a/b.c/d-e_f~g', '/a/b.c/d-e_f~g'],
    ['leaves the root', '/', '/'],
    ['leaves what a segment may hold', "/!$&'()*+,=:@", "/!$&'()*+,=:@"],
    ['keeps the case of letters', '/A/b', '/A/b'],
    ['keeps a last slash', '/a/', '/a/'],
    ['cuts the query', '/a?b=/../c', '/a'],
    ['cuts the fragment', '/a#b', '/a'],
    ['cuts at whichever comes first', '/a#b?c', '/a'],
    ['does not judge what it cuts', '/a?%2F;%zz', '/a'],
    ['decodes unreserved octets', '/%61%7E%2d%2E%5f%39', '/a~-._9'],
    ['keeps the escapes of others', '/%21%25%3A%3B%20', '/%21%25%3A%3B%20'],
    ['writes escapes in upper case', '/%e4%bC', '/%E4%BC'],
    ['decodes once', '/%2561%252F', '/%2561%252F'],
    [
      'escapes what no path may hold',
      '/ "<>^`{|}\x01\x7f\x80\xff',
      '/%20%22%3C%3E%5E%60%7B%7C%7D%01%7F%80%FF',
    ],
    ['takes a backslash for a slash', '\\a\\b/c\\', '/a/b/c/'],
    ['resolves a dot', '/a/./b/.', '/a/b/'],
    ['resolves two dots', '/a/b/../c', '/a/c'],
    ['resolves two dots at the end', '/a/b/..', '/a/'],
    ['resolves down to the root', '/a/..', '/'],
    ['resolves several', '/a/b/c/../../d/..', '/a/'],
    ['resolves escaped dots', '/a/%2e%2E/b/%2e', '/b/'],
    ['leaves three dots', '/.../..a/a../.a', '/.../..a/a../.a'],
    ['collapses slashes', '//a///b//', '/a/b/'],
    ['collapses slashes alone', '///', '/'],
    ['collapses across a dot', '/a/.//./b', '/a/b'],
    ['takes 64 segments', '/a'.repeat(64), '/a'.repeat(64)],
    ['takes 64 segments and a last slash', `${'/a'.repeat(64)}/`, `${'/a'.repeat(64)}/`],
    ['counts what is left after dots', `/..a${'/b/..'.repeat(70)}`, '/..a/'],
  ])('%s', (_, path, expected) => {
    expect(normalise(path)).toBe(expected)
  })

  test.each([
    ['an escaped slash', '/a%2Fb'],
    ['an escaped slash in lower case', '/a%2fb'],
    ['an escaped backslash', '/a%5Cb'],
    ['an escaped backslash in lower case', '/a%5cb'],
    ['an escaped NUL', '/a%00'],
    ['a NUL', '/a\0'],
    ['a semicolon', '/a;v=1/b'],
    ['a percent sign alone', '/a%'],
    ['half an escape', '/a%4'],
    ['half an escape before a slash', '/a%4/1'],
    ['an escape with other letters', '/a%4g'],
    ['an escape cut by the query', '/a%4?1'],
    ['two dots at the root', '/..'],
    ['two dots above the root', '/a/../../b'],
    ['escaped dots above the root', '/%2e%2e/a'],
    ['dots above the root behind a backslash', '\\..\\a'],
    ['two dots behind an empty segment', '/a//../b'],
    ['two dots further behind an empty segment', '/a//b/../../c'],
    ['65 segments', '/a'.repeat(65)],
    ['no leading slash', 'a/b'],
    ['an asterisk', '*'],
    ['an absolute URL', 'http://a/b'],
    ['nothing', ''],
    ['nothing but a query', '?a'],
  ])('finds a path ambiguous that has %s', (_, path) => {
    expect(normalise(path)).toBe('ambiguous')
  })

  test('finds an absent or unreadable path ambiguous', () => {
    for (const none of [0n, UNREADABLE]) {
      expect(guarded((room) => pure.normalisePath(none, room.writer(8)))).toBe(0)
    }
  })

  test('finds a path ambiguous that it has no room for, dots or not', () => {
    expect(normalise('/abc', 3)).toBe('ambiguous')
    expect(normalise('/abc', 4)).toBe('/abc')
    expect(normalise('/a/..', 0)).toBe('ambiguous')
    expect(normalise('/abcd/../..', 3)).toBe('ambiguous')
    expect(normalise('/a/.', 2)).toBe('ambiguous')
  })

  const piece = fc.constantFrom(
    ...[
      '/',
      '/',
      '/',
      '.',
      '..',
      '/..',
      '/.',
      'a',
      'b',
      '%2e',
      '%2E',
      '%61',
      '%20',
      '%2f',
      '%5C',
      '%00',
      '%',
      '%e4',
      '%25',
    ],
    ...['\\', '?', '#', ';', ' ', '\xe4', '\0', '~', '{', '*', '\x01', '%0a', 'A'],
  )
  const path = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`)

  test('agrees with a second implementation', () => {
    fc.assert(
      fc.property(path, (text) => {
        expect(normalise(text)).toBe(referencePath(text))
      }),
      cases(3_000, 40_000),
    )
  })

  const isNormalised = (text: string): boolean => guarded((room) => pure.isNormalised(room.input(text))) === 1

  test('is told beforehand of a path only if nothing is to be done', () => {
    fc.assert(
      fc.property(path, (text) => {
        if (isNormalised(text)) expect(normalise(text)).toBe(text)
      }),
      cases(3_000, 40_000),
    )
  })

  test.each([
    ['/', true],
    ['/a/b.c/d-e_f~g/', true],
    ["/!$&'()*+,=:@", true],
    [`/${'a/'.repeat(63)}`, true],
    ['/a'.repeat(64), true],
    ['/a'.repeat(65), false],
    ['', false],
    ['a', false],
    ['*', false],
    ['//', false],
    ['/a//b', false],
    ['/./a', false],
    ['/a/..', false],
    ['/.well-known', false],
    ['/a?b', false],
    ['/a#b', false],
    ['/a;b', false],
    ['/%61', false],
    ['/a\\b', false],
    ['/a b', false],
    ['/\xe4', false],
  ])('of %s it is told: %s', (text, told) => {
    expect(isNormalised(text)).toBe(told)
    if (told) expect(normalise(text)).toBe(text)
  })

  test('leaves what it has normalised as it is', () => {
    fc.assert(
      fc.property(path, (text) => {
        const once = normalise(text)
        if (once !== 'ambiguous') expect(normalise(once)).toBe(once)
      }),
      cases(1_000, 20_000),
    )
  })
})

describe('matching a path', () => {
  test.each([
    ['/', '/'],
    ['/a', '/a'],
    ['/a/', '/a/'],
    ['/a/*', '/a/b'],
    ['/*/b', '/a/b'],
    ['/*/*', '/a/b'],
    ['/users/{id}/cart', '/users/42/cart'],
    ['/{a}', '/%7B'],
    ['/mcp/**', '/mcp'],
    ['/mcp/**', '/mcp/'],
    ['/mcp/**', '/mcp/a'],
    ['/mcp/**', '/mcp/a/b/c/'],
    ['/**', '/'],
    ['/**', '/a/b'],
    ['/*/**', '/a'],
    ['/*/', '/a/'],
    ['/*/x/**', '/a/x/b'],
    ['/%21', '/%21'],
  ])('%s matches %s', (pattern, path) => {
    expect(matches(pattern, path)).toBe(true)
  })

  test.each([
    ['/', '/a'],
    ['/a', '/'],
    ['/a', '/A'],
    ['/a', '/a/'],
    ['/a/', '/a'],
    ['/a', '/ab'],
    ['/ab', '/a'],
    ['/a', '/a/b'],
    ['/a/b', '/a'],
    ['/*', '/'],
    ['/a/*', '/a/'],
    ['/a/*', '/a'],
    ['/a/*', '/a/b/'],
    ['/a/*', '/a/b/c'],
    ['/a/{x}', '/a/'],
    ['/mcp/**', '/mcpx'],
    ['/mcp/**', '/mc'],
    ['/*/**', '/'],
    ['/a/**', '/b/a'],
    ['/%21', '/!'],
  ])('%s does not match %s', (pattern, path) => {
    expect(matches(pattern, path)).toBe(false)
  })

  test('matches nothing that is absent or unreadable', () => {
    for (const none of [0n, UNREADABLE]) {
      expect(guarded((room) => pure.matchPath(room.input('/**'), none))).toBe(0)
      expect(guarded((room) => pure.matchPath(none, room.input('/')))).toBe(0)
    }
  })

  test('agrees with regular expressions of the same meaning', () => {
    const segment = fc.constantFrom('a', 'b', 'ab', '*', '{x}')
    const pattern = fc.tuple(
      fc.array(segment, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', '/', '/**'),
    )
    const path = fc.array(fc.constantFrom('/a', '/b', '/ab', '/c'), { maxLength: 5 })
    fc.assert(
      fc.property(pattern, path, fc.boolean(), ([segments, end], parts, slash) => {
        const text = `${parts.join('')}${slash || parts.length === 0 ? '/' : ''}`
        const literal = segments.map((name) => `/${/^[*{]/.test(name) ? '[^/]+' : name}`).join('')
        const expected = new RegExp(`^${literal}${end === '/**' ? '(/.*)?' : end}$`)
        expect(matches(`/${segments.join('/')}${end}`, text)).toBe(expected.test(text))
      }),
      cases(2_000, 20_000),
    )
  })
})
