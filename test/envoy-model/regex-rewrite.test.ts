import { describe, expect, test } from 'vitest'

import { byteStringOf, EnvoyModelError, generateHash, replaceAll, xxHash64 } from '../../host/envoy/index.ts'

describe('regex_rewrite', () => {
  // The first ones are RE2's own (re2/testing/re2_test.cc, TestReplace).
  test.each([
    ['(qu|[b-df-hj-np-tv-z]*)([a-z]+)', '\\2\\1ay', 'the quick brown fox', 'ethay ickquay ownbray oxfay'],
    ['\\w+', '\\0-NOSPAM', 'abcd.efghi@google.com', 'abcd-NOSPAM.efghi-NOSPAM@google-NOSPAM.com-NOSPAM'],
    ['^', '(START)', 'foo', '(START)foo'],
    ['$', '(END)', '', '(END)'],
    ['b', 'bb', 'ababab', 'abbabbabb'],
    ['b+', 'bb', 'bbb', 'bb'],
    ['b*', 'bb', 'aaaaa', 'bbabbabbabbabbabb'],
    ['b*', 'bb', 'bbbbbb', 'bb'],
    ['a*', '(\\0)', 'baab', '()b(aa)b()'],
    ['(a)|(b)', '[\\1\\2\\\\]', 'abc', '[a\\][b\\]c'],
    ['.', 'x', byteStringOf('üa'), 'xx'],
    ['x*', '-', byteStringOf('ü'), `-${byteStringOf('ü')}-`],
    ['$1', '$1', 'a', 'a'],
  ])('%s by %s in %s', (pattern, substitution, value, expected) => {
    expect(replaceAll(value, { pattern, substitution })).toBe(expected)
  })

  test.each([
    ['a(', 'x', 'bad_regex'],
    ['(?<=a)b', 'x', 'bad_regex'],
    ['a', '\\1', 'bad_substitution'],
    ['a', 'x\\', 'bad_substitution'],
    ['a', '\\n', 'bad_substitution'],
  ])('refuses what Envoy refuses: %s by %s', (pattern, substitution, code) => {
    expect(() => replaceAll('', { pattern, substitution })).toThrow(
      expect.objectContaining({ code }) as EnvoyModelError,
    )
  })

  test('changes what a header policy hashes', () => {
    const regexRewrite = { pattern: '^/([^/]*)/.*$', substitution: '\\1' }
    const { hash } = generateHash([{ header: { headerName: ':path', regexRewrite } }], {
      headers: [[':path', '/users/7']],
      remoteAddress: '10.0.0.1:80',
    })
    expect(hash).toBe(xxHash64('users'))
  })
})

test('an object of the filter state is hashed where there is one', () => {
  const request = { headers: [], remoteAddress: '10.0.0.1:80' }
  const policies = [{ filterState: { key: 'envoy.hashable_string' } }]
  const filterState = new Map([['envoy.hashable_string', 'tenant']])
  expect(generateHash(policies, { ...request, filterState }).hash).toBe(xxHash64('tenant'))
  expect(generateHash(policies, request).hash).toBeUndefined()
})
