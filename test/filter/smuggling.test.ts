/**
 * What a client can do with repeated, oversized and unreadable parts of a request: which value counts is stated, and no
 * trick reaches `skip`, another rule, another key or a request without a key where one is needed.
 */
import { describe, expect, test } from 'vitest'
import { type HeaderList, Status } from '../../host/index.ts'
import { type Mooring, counter, pass, requestValues, setCookies, startMooring } from './mooring.ts'

const KEY = 'x-mooring-key'
const MIB = 1 << 20

/** The key tells which plan applied; a request that a rule skips has none. */
const RULES = {
  key: { from: [{ constant: 'top' }], format: 'raw' },
  rules: [
    { name: 'static', match: { paths: ['/static/**'] }, skip: true },
    { name: 'health', match: { hosts: ['health.internal'] }, skip: true },
    { name: 'options', match: { methods: ['OPTIONS'] }, skip: true },
  ],
}

function keysOf(mooring: Mooring, headers: HeaderList): readonly string[] {
  const passed = pass(mooring.plugin, headers)
  passed.stream.end()
  expect(mooring.vm.failure).toBeUndefined()
  return requestValues(passed, KEY)
}

/** The raw key that `source` gives. */
function raw(source: unknown, headers: HeaderList): readonly string[] {
  return keysOf(startMooring({ key: { from: [source], format: 'raw' } }), headers)
}

describe('which value counts', () => {
  test.each<[string, unknown, HeaderList, string[]]>([
    [
      'of two header entries none',
      { header: 'x-user' },
      [
        ['x-user', 'a'],
        ['X-User', 'b'],
      ],
      [],
    ],
    [
      'of two equal header entries none',
      { header: 'x-user' },
      [
        ['x-user', 'a'],
        ['x-user', 'a'],
      ],
      [],
    ],
    [
      'of a value and an empty entry none',
      { header: 'x-user' },
      [
        ['x-user', 'a'],
        ['x-user', ''],
      ],
      [],
    ],
    [
      'of an empty entry and a value none',
      { header: 'x-user' },
      [
        ['x-user', ''],
        ['x-user', 'a'],
      ],
      [],
    ],
    [
      'with repeated: join all of them',
      { header: { name: 'x-user', repeated: 'join' } },
      [
        ['x-user', 'a'],
        ['x-user', 'b'],
      ],
      ['a%2Cb'],
    ],
    ['one entry with a comma is one value', { header: 'x-user' }, [['x-user', 'a,b']], ['a%2Cb']],
    ['of two parameters the first', { query: 'u' }, [[':path', '/?u=a&u=b']], ['a']],
    ['of two parameters the first, though it is empty', { query: 'u' }, [[':path', '/?u=&u=b']], []],
    ['a parameter in another spelling is another', { query: 'u' }, [[':path', '/?%75=x&U=y&u=a']], ['a']],
    ['of two cookies the first', { cookie: 'c' }, [['cookie', 'c=a; c=b']], ['a']],
    [
      'of two Cookie entries the first that has it',
      { cookie: 'c' },
      [
        ['cookie', 'x=1'],
        ['cookie', 'c=a'],
        ['cookie', 'c=b'],
      ],
      ['a'],
    ],
    ['of two cookies the first, though it is empty', { cookie: 'c' }, [['cookie', 'c=; c=b']], []],
  ])('%s', (_, source, headers, keys) => {
    expect(raw(source, headers)).toEqual(keys)
  })

  test('the sources see what came, not the key header that it carries', () => {
    expect(
      keysOf(startMooring(RULES), [
        [KEY, 'a'],
        [KEY, 'b'],
      ]),
    ).toEqual(['top'])
  })
})

describe('no request talks its way into a skip', () => {
  test.each<[string, HeaderList]>([
    ['by an escaped slash', [[':path', '/static%2Fx']]],
    ['by a backslash that is escaped', [[':path', '/static%5cx']]],
    ['by parameters', [[':path', '/static;x/y']]],
    ['by an escape that is none', [[':path', '/static/%zz']]],
    ['by NUL', [[':path', '/static/%00']]],
    ['by climbing above the root', [[':path', '/../static/x']]],
    ['by dots behind an empty segment', [[':path', '/static//../x']]],
    ['by climbing out of it', [[':path', '/static/../api']]],
    ['by a query', [[':path', '/?/static/x']]],
    ['by a fragment', [[':path', '/#/../static/x']]],
    ['by 65 segments', [[':path', `/static${'/a'.repeat(64)}`]]],
    ['by another case', [[':path', '/STATIC/x']]],
    ['by a Host beside :authority', [['host', 'health.internal']]],
    ['by a host before a user part', [[':authority', 'health.internal@test.com']]],
    ['by two hosts in one', [[':authority', 'health.internal,test.com']]],
    ['by a host of 256 characters', [[':authority', `${'a.'.repeat(120)}health.internal`]]],
    ['by a method in lower case', [[':method', 'options']]],
    ['by a header that overrides the method', [['x-http-method-override', 'OPTIONS']]],
    [
      'by headers that rewrite the path',
      [
        ['x-original-url', '/static/x'],
        ['x-envoy-original-path', '/static/x'],
      ],
    ],
  ])('%s', (_, headers) => {
    expect(keysOf(startMooring(RULES), headers)).toEqual(['top'])
  })

  const WANTED: HeaderList = [
    [':path', '/static/x'],
    [':authority', 'health.internal'],
    [':method', 'OPTIONS'],
  ]

  test.each(RULES.rules.map((rule): [string, object] => [Object.keys(rule.match).join(), rule]))(
    'by a refused read, where a rule looks at %s alone: the top level applies',
    (_, rule) => {
      const mooring = startMooring({ ...RULES, rules: [rule] })
      expect(keysOf(mooring, WANTED)).toEqual([])
      mooring.vm.inject({ hostcall: 'proxy_get_header_map_value', status: Status.InternalFailure })
      expect(keysOf(mooring, WANTED)).toEqual(['top'])
      expect(counter(mooring, 'match_unreadable')).toBe(1n)
      expect(counter(mooring, 'requests_skipped')).toBe(1n)
    },
  )

  test('by a refused read of all headers, where rules look at several things: the top level applies', () => {
    const mooring = startMooring(RULES)
    mooring.vm.inject({ hostcall: 'proxy_get_header_map_pairs', status: Status.InternalFailure })
    expect(keysOf(mooring, WANTED)).toEqual(['top'])
    expect(counter(mooring, 'match_unreadable')).toBe(1n)
    expect(counter(mooring, 'requests_skipped')).toBe(0n)
  })
})

describe('an arena made to run out', () => {
  test.each<[string, HeaderList]>([
    ['by the path', [[':path', `/static/${'a'.repeat(MIB)}`]]],
    ['by a path whose escapes take three times its room', [[':path', `/static/${'\xff'.repeat(MIB / 2)}`]]],
    [
      'by the host',
      [
        [':authority', 'h'.repeat(MIB + 1)],
        [':path', '/static/x'],
      ],
    ],
  ])('%s gives the top level, and no skip', (_, headers) => {
    const mooring = startMooring(RULES)
    expect(keysOf(mooring, headers)).toEqual(['top'])
    expect(counter(mooring, 'match_unreadable')).toBe(1n)
  })

  test('by cookies mints nothing, and no other source takes the place of the session', () => {
    const mooring = startMooring({ session: {}, key: { from: ['session', { header: 'x-user' }] } })
    const passed = pass(mooring.plugin, [
      ['cookie', 'a'.repeat(MIB + 1)],
      ['x-user', 'alice'],
      [KEY, 'forged'],
    ])
    expect(requestValues(passed, KEY)).toEqual([])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_unreadable')).toBe(1n)
    expect(counter(mooring, 'key_none')).toBe(1n)
  })

  test('by sources before the last one leaves no key of the last one in their place where they are required', () => {
    const from = [{ header: 'x-big', required: true }, { header: 'x-user' }]
    const mooring = startMooring({ key: { from, onNone: 'reject' } })
    const { request, stream } = pass(mooring.plugin, [
      ['x-big', 'b'.repeat(MIB + 1)],
      ['x-user', 'alice'],
    ])
    expect(request.localReply?.status).toBe(400)
    stream.end()
    expect(counter(mooring, 'source_unreadable')).toBe(1n)
  })

  test('leaves nothing behind: the next request is as ever', () => {
    const mooring = startMooring(RULES)
    expect(keysOf(mooring, [[':path', `/static/${'a'.repeat(MIB)}`]])).toEqual(['top'])
    expect(keysOf(mooring, [[':path', '/static/x']])).toEqual([])
    expect(keysOf(mooring, [])).toEqual(['top'])
  })
})

describe('an oversized value yields nothing, and is counted as such', () => {
  const LONG = 'x'.repeat(4097)
  test.each<[string, unknown, HeaderList]>([
    ['a header', { header: 'x-user' }, [['x-user', LONG]]],
    [
      'headers joined',
      { header: { name: 'x-user', repeated: 'join' } },
      [
        ['x-user', LONG.slice(1)],
        ['x-user', ''],
      ],
    ],
    ['a cookie', { cookie: 'c' }, [['cookie', `c=${LONG}`]]],
    ['a parameter', { query: 'u' }, [[':path', `/?u=${LONG}`]]],
    ['a captured segment', { path: '/{a}' }, [[':path', `/${LONG}`]]],
    ['a host', 'authority', [[':authority', LONG]]],
  ])('%s', (_, source, headers) => {
    const mooring = startMooring({ key: { from: [source, { constant: 'next' }] } })
    const plain = startMooring({ key: { from: [{ constant: 'next' }] } })
    expect(keysOf(mooring, headers)).toEqual(keysOf(plain, []))
    expect(counter(mooring, 'source_too_large')).toBe(1n)
  })

  test('of 4,096 bytes it counts', () => {
    const mooring = startMooring({ key: { from: [{ header: 'x-user' }] } })
    expect(keysOf(mooring, [['x-user', 'x'.repeat(4096)]])).toHaveLength(1)
    expect(counter(mooring, 'key_header')).toBe(1n)
  })
})
