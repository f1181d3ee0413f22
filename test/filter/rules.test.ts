import { describe, expect, test } from 'vitest'
import { type HeaderList, Status } from '../../host/index.ts'
import { counter, pass, requestValues, startMooring } from './mooring.ts'

/** A constant key for the top level and for each rule: the key on the request tells which plan applied. */
function rulesOf(...matches: readonly object[]): object {
  return {
    key: { from: [{ constant: 'top' }], format: 'raw' },
    rules: matches.map((match, i) => ({ name: `r${i}`, match, key: { from: [{ constant: `r${i}` }] } })),
  }
}

function chosen(configuration: object, headers: HeaderList): readonly string[] {
  const { plugin } = startMooring(configuration)
  const passed = pass(plugin, headers)
  passed.stream.end()
  return requestValues(passed, 'x-mooring-key')
}

describe('a rule matches', () => {
  const cases: [string, object, HeaderList, boolean][] = [
    ['its host', { hosts: ['shop.example.com'] }, [[':authority', 'shop.example.com']], true],
    [
      'its host whatever the case and the port',
      { hosts: ['shop.example.com'] },
      [[':authority', 'SHOP.Example.com:8443']],
      true,
    ],
    ['no longer host', { hosts: ['example.com'] }, [[':authority', 'shop.example.com']], false],
    ['hosts under a suffix', { hosts: ['*.example.com'] }, [[':authority', 'a.b.example.com']], true],
    ['not the suffix itself', { hosts: ['*.example.com'] }, [[':authority', 'example.com']], false],
    ['one of several hosts', { hosts: ['a.com', 'b.com'] }, [[':authority', 'b.com']], true],
    ['its path', { paths: ['/cart'] }, [[':path', '/cart']], true],
    ['its path before the query', { paths: ['/cart'] }, [[':path', '/cart?x=/other']], true],
    ['no deeper path', { paths: ['/cart'] }, [[':path', '/cart/7']], false],
    ['a whole segment', { paths: ['/cart/*'] }, [[':path', '/cart/7']], true],
    ['a captured segment', { paths: ['/cart/{id}/items'] }, [[':path', '/cart/7/items']], true],
    ['zero segments under **', { paths: ['/mcp/**'] }, [[':path', '/mcp']], true],
    ['many segments under **', { paths: ['/mcp/**'] }, [[':path', '/mcp/a/b/c']], true],
    ['no other first segment under **', { paths: ['/mcp/**'] }, [[':path', '/mcpx']], false],
    ['a path in another spelling', { paths: ['/static/**'] }, [[':path', '/x/../%73tatic//a']], true],
    ['its method', { methods: ['POST'] }, [[':method', 'POST']], true],
    ['no other method', { methods: ['POST'] }, [[':method', 'GET']], false],
    ['all of its conditions', { hosts: ['test.com'], methods: ['GET'], paths: ['/'] }, [], true],
    ['not some of its conditions', { hosts: ['test.com'], methods: ['GET'], paths: ['/x'] }, [], false],
  ]

  test.each(cases)('%s', (_, match, headers, matches) => {
    expect(chosen(rulesOf(match), headers)).toEqual([matches ? 'r0' : 'top'])
  })

  test('before all rules that follow', () => {
    const rules = rulesOf({ paths: ['/x'] }, { hosts: ['test.com'] }, { methods: ['GET'] })
    expect(chosen(rules, [])).toEqual(['r1'])
    expect(chosen(rules, [[':path', '/x']])).toEqual(['r0'])
    expect(chosen(rules, [[':authority', 'other.com']])).toEqual(['r2'])
  })
})

describe('an ambiguous path reaches no path rule', () => {
  test.each([
    '/static/%2e%2e%2fadmin',
    '/static%2Fa',
    '/static/a;b',
    '/static/%5C',
    '/static/%00',
    '/static/%zz',
    '/../static/a',
  ])('%s', (path) => {
    expect(chosen(rulesOf({ paths: ['/static/**'] }), [[':path', path]])).toEqual(['top'])
  })
})

describe('a condition that cannot be read gives the top level, never a rule', () => {
  test.each([
    ['host', { hosts: ['test.com'] }],
    ['path', { paths: ['/**'] }],
    ['method', { methods: ['GET'] }],
  ])('%s', (_, match) => {
    const mooring = startMooring({ ...rulesOf(match), rules: [{ name: 'static', match, skip: true }] })
    mooring.vm.inject({ hostcall: 'proxy_get_header_map_value', nth: 1, status: Status.InternalFailure })
    const passed = pass(mooring.plugin)
    expect(requestValues(passed, 'x-mooring-key')).toEqual(['top'])
    passed.stream.end()
    expect(counter(mooring, 'match_unreadable')).toBe(1n)
  })
})

describe('a rule inherits from the top level', () => {
  test('field by field: what it does not say stays', () => {
    const { plugin } = startMooring({
      session: { cookie: { name: 'TOP', path: '/top' } },
      key: { header: 'x-top-key' },
      rules: [{ name: 'cart', match: { paths: ['/cart'] }, session: { cookie: { path: '/cart' } } }],
    })
    const passed = pass(plugin, [[':path', '/cart']])
    expect(requestValues(passed, 'x-top-key')).toHaveLength(1)
    const response = passed.stream.responseHeaders()
    expect(response.headers.get('set-cookie')).toMatch(/^TOP=.{22}; Path=\/cart; HttpOnly; SameSite=Lax$/)
    passed.stream.end()
  })

  test('skip leaves out session and key', () => {
    const { plugin } = startMooring({
      session: {},
      rules: [{ name: 'static', match: { paths: ['/static/**'] }, skip: true }],
    })
    const passed = pass(plugin, [[':path', '/static/app.js']])
    expect(requestValues(passed, 'cookie')).toEqual([])
    expect(requestValues(passed, 'x-mooring-key')).toEqual([])
    expect(passed.stream.responseHeaders().headers.all('set-cookie')).toEqual([])
    passed.stream.end()
  })

  test('setting any field of the key takes back its skip', () => {
    const configuration = {
      session: {},
      key: { skip: true },
      rules: [{ name: 'api', match: { paths: ['/api'] }, key: { format: 'raw' } }],
    }
    expect(chosen(configuration, [['cookie', 'ISTIOID=abc']])).toEqual([])
    expect(
      chosen(configuration, [
        ['cookie', 'ISTIOID=abc'],
        [':path', '/api'],
      ]),
    ).toEqual(['abc'])
  })

  test('mode can differ', () => {
    const configuration = {
      session: {},
      rules: [{ name: 'trial', match: { paths: ['/trial'] }, mode: 'shadow' }],
    }
    expect(chosen(configuration, [[':path', '/trial']])).toEqual([])
    expect(chosen(configuration, [])).toHaveLength(1)
  })
})
