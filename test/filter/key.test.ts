import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type HeaderList, type PropertyTree, Status } from '../../host/index.ts'
import { HEADER, keysOf, verified } from './key-of.ts'
import { HASH_SECRET, counter, pass, requestValues, startMooring } from './mooring.ts'
import {
  allNode,
  binaryNode,
  booleanNode,
  keyedKey,
  listNode,
  numberNode,
  plainKey,
  textNode,
} from './reference-key.ts'

describe('each source yields its key as docs/keys.md says', () => {
  const cases: [string, object | string, HeaderList, PropertyTree, Buffer][] = [
    ['a cookie', { cookie: 'cart' }, [['cookie', 'a=1; cart="7"']], {}, textNode('cookie:cart', '7')],
    [
      'a cookie in a later line',
      { cookie: 'cart' },
      [
        ['cookie', 'a=1'],
        ['cookie', 'cart=7; cart=8'],
      ],
      {},
      textNode('cookie:cart', '7'),
    ],
    ['a header', { header: 'X-User' }, [['x-user', 'alice']], {}, textNode('header:x-user', 'alice')],
    [
      'a header of several entries, joined',
      { header: { name: 'x-user', repeated: 'join' } },
      [
        ['x-user', 'a'],
        ['x-user', 'b'],
      ],
      {},
      textNode('header:x-user', 'a,b'),
    ],
    [
      'a query parameter as it stands',
      { query: 'id' },
      [[':path', '/p?x=1&id=a%20b+c&id=2']],
      {},
      textNode('query:id', 'a%20b+c'),
    ],
    [
      'a query parameter, decoded',
      { query: { name: 'id', decode: true } },
      [[':path', '/p?id=a%20b+c']],
      {},
      textNode('query:id', 'a b c'),
    ],
    ['a string claim', { claim: 'sub' }, [], verified({ sub: 'alice' }), textNode('claim:/sub', 'alice')],
    [
      'a claim whose name is a URL',
      { claim: 'https://acme.io/tenant' },
      [],
      verified({ 'https://acme.io/tenant': 't1' }),
      textNode('claim:/https:~1~1acme.io~1tenant', 't1'),
    ],
    [
      'a nested claim',
      { claim: { name: ['realm', 'tenant'] } },
      [],
      verified({ realm: { tenant: 't1' } }),
      textNode('claim:/realm/tenant', 't1'),
    ],
    [
      'a number claim',
      { claim: { name: 'uid', type: 'number' } },
      [],
      verified({ uid: 42 }),
      numberNode('claim:/uid', 42),
    ],
    [
      'minus zero, which is zero',
      { claim: { name: 'uid', type: 'number' } },
      [],
      verified({ uid: -0 }),
      numberNode('claim:/uid', 0),
    ],
    [
      'a boolean claim',
      { claim: { name: 'vip', type: 'boolean' } },
      [],
      verified({ vip: true }),
      booleanNode('claim:/vip', true),
    ],
    [
      'a list claim',
      { claim: { name: 'aud', type: 'list' } },
      [],
      verified({ aud: ['a', 'bc'] }),
      listNode('claim:/aud', ['a', 'bc']),
    ],
    [
      'an address',
      'address',
      [],
      { source: { address: '192.0.2.7:4711' } },
      binaryNode('address', 'c0000207'),
    ],
    [
      'an address masked to its network',
      { address: { ipv4Prefix: 24 } },
      [],
      { source: { address: '192.0.2.7:4711' } },
      binaryNode('address', 'c0000200'),
    ],
    [
      'an IPv6 address',
      { address: { ipv6Prefix: 64 } },
      [],
      { source: { address: '[2001:db8::1:2:3:4]:80' } },
      binaryNode('address', '20010db8000000000000000000000000'),
    ],
    [
      'an IPv4 address in IPv6 form',
      'address',
      [],
      { source: { address: '[::ffff:192.0.2.7]:80' } },
      binaryNode('address', 'c0000207'),
    ],
    ['a constant', { constant: 'everybody' }, [], {}, textNode('constant', 'everybody')],
    [
      'a composite',
      { all: [{ header: 'x-a' }, { header: 'x-b' }] },
      [
        ['x-a', 'a'],
        ['x-b', 'bc'],
      ],
      {},
      allNode(textNode('header:x-a', 'a'), textNode('header:x-b', 'bc')),
    ],
    [
      'the first of several that is there',
      { firstOf: [{ header: 'x-a' }, { header: 'x-b' }] },
      [['x-b', 'bc']],
      {},
      textNode('header:x-b', 'bc'),
    ],
    [
      'a composite of a first-of and a composite',
      { all: [{ firstOf: [{ header: 'x-a' }, { header: 'x-b' }] }, { all: [{ header: 'x-c' }] }] },
      [
        ['x-b', 'b'],
        ['x-c', 'c'],
      ],
      {},
      allNode(textNode('header:x-b', 'b'), allNode(textNode('header:x-c', 'c'))),
    ],
  ]

  test.each(cases)('%s', (_, source, headers, properties, node) => {
    expect(keysOf({ from: [source] }, headers, properties)).toEqual([plainKey(node)])
    const secret = { env: 'SECRET' }
    expect(keysOf({ from: [source], hashSecret: secret }, headers, properties)).toEqual([
      keyedKey(node, HASH_SECRET),
    ])
  })

  test('a session by the bytes of its id', () => {
    const { plugin } = startMooring({ session: {} })
    const passed = pass(plugin, [['cookie', 'ISTIOID=ABEiM0RVZneImaq7zN3u_w']])
    expect(requestValues(passed, HEADER)).toEqual(['9AfeeRy0n9B_1r3h8pWh-Q'])
    passed.stream.end()
  })

  test('a session in another form by its text', () => {
    const { plugin } = startMooring({ session: {} })
    const passed = pass(plugin, [['cookie', 'ISTIOID=5e1192314817394d']])
    expect(requestValues(passed, HEADER)).toEqual([plainKey(textNode('session', '5e1192314817394d'))])
    passed.stream.end()
  })

  test('a new session by the same key as its next request', () => {
    const { plugin } = startMooring({ session: {} })
    const first = pass(plugin)
    const second = pass(plugin, [['cookie', requestValues(first, 'cookie')[0] ?? '']])
    expect(requestValues(second, HEADER)).toEqual(requestValues(first, HEADER))
    first.stream.end()
    second.stream.end()
  })
})

test('the vectors in docs/keys.md are what the filter computes', () => {
  const nodes: Record<string, Buffer> = {
    '`claim:/sub` s `alice`': textNode('claim:/sub', 'alice'),
    '`claim:/uid` n `42`': numberNode('claim:/uid', 42),
    '`claim:/aud` l `a` `bc`': listNode('claim:/aud', ['a', 'bc']),
    '`session` b `00112233445566778899aabbccddeeff`': binaryNode(
      'session',
      '00112233445566778899aabbccddeeff',
    ),
    'all: `header:x-a` s `a`, `header:x-b` s `bc`': allNode(
      textNode('header:x-a', 'a'),
      textNode('header:x-b', 'bc'),
    ),
  }
  const rows = readFileSync('docs/keys.md', 'utf8')
    .split('## Vectors')[1]
    ?.matchAll(/^\| (.*`) \| `(.*)` \| `(.*)` \|$/gm)
  const documented = [...(rows ?? [])].map(([, node, plain, keyed]) => ({ node, plain, keyed }))
  expect(documented).toEqual(
    Object.entries(nodes).map(([node, bytes]) => ({
      node,
      plain: plainKey(bytes),
      keyed: keyedKey(bytes, HASH_SECRET),
    })),
  )
})

describe('a source yields nothing, and the next is tried', () => {
  const fallback = plainKey(textNode('constant', 'next'))
  const cases: [string, object, HeaderList, PropertyTree, string][] = [
    ['an absent header', { header: 'x-a' }, [], {}, 'source_absent'],
    ['an empty header', { header: 'x-a' }, [['x-a', '']], {}, 'source_absent'],
    [
      'two headers of one name',
      { header: 'x-a' },
      [
        ['x-a', '1'],
        ['x-a', '1'],
      ],
      {},
      'source_malformed',
    ],
    ['a header of 4,097 bytes', { header: 'x-a' }, [['x-a', 'x'.repeat(4097)]], {}, 'source_too_large'],
    ['an empty cookie before a full one', { cookie: 'a' }, [['cookie', 'a=; a=1']], {}, 'source_absent'],
    ['an absent query', { query: 'q' }, [[':path', '/?p=1']], {}, 'source_absent'],
    ['a query without a value', { query: 'q' }, [[':path', '/?q']], {}, 'source_absent'],
    [
      'a query with a broken escape',
      { query: { name: 'q', decode: true } },
      [[':path', '/?q=%2']],
      {},
      'source_malformed',
    ],
    ['no token', { claim: 'sub' }, [], {}, 'source_absent'],
    ['an empty claim', { claim: 'sub' }, [], verified({ sub: '' }), 'source_absent'],
    ['a null claim', { claim: 'sub' }, [], verified({ sub: null }), 'source_unreadable'],
    ['a claim with a line feed', { claim: 'sub' }, [], verified({ sub: 'a\nb' }), 'source_malformed'],
    ['a number read as a string', { claim: 'sub' }, [], verified({ sub: 42 }), 'source_malformed'],
    ['a map read as a string', { claim: 'sub' }, [], verified({ sub: { a: 'b' } }), 'source_malformed'],
    [
      'a string read as a number',
      { claim: { name: 'sub', type: 'number' } },
      [],
      verified({ sub: 'alice' }),
      'source_malformed',
    ],
    [
      'a number beyond 2^53',
      { claim: { name: 'sub', type: 'number' } },
      [],
      verified({ sub: 2 ** 53 + 2 }),
      'source_malformed',
    ],
    [
      'a string read as a boolean',
      { claim: { name: 'sub', type: 'boolean' } },
      [],
      verified({ sub: '1' }),
      'source_malformed',
    ],
    ['an empty list', { claim: { name: 'sub', type: 'list' } }, [], verified({ sub: [] }), 'source_absent'],
    [
      'a map read as a list',
      { claim: { name: 'sub', type: 'list' } },
      [],
      verified({ sub: { a: 'b' } }),
      'source_malformed',
    ],
    ['an address that is none', { address: {} }, [], { source: { address: 'pipe' } }, 'source_malformed'],
    [
      'a composite with one part missing',
      { all: [{ constant: 'a' }, { header: 'x-a' }] },
      [],
      {},
      'source_absent',
    ],
  ]

  test.each(cases)('%s', (_, source, headers, properties, reason) => {
    const mooring = startMooring({ key: { from: [source, { constant: 'next' }] } })
    const passed = pass(mooring.plugin, headers, properties)
    expect(requestValues(passed, HEADER)).toEqual([fallback])
    passed.stream.end()
    expect(counter(mooring, reason)).toBe(1n)
    expect(counter(mooring, 'key_constant')).toBe(1n)
  })

  test('a source that the host refuses', () => {
    const mooring = startMooring({ key: { from: [{ claim: 'sub' }, { constant: 'next' }] } })
    mooring.vm.inject({ hostcall: 'proxy_get_property', status: Status.InternalFailure })
    const passed = pass(mooring.plugin, [], verified({ sub: 'alice' }))
    expect(requestValues(passed, HEADER)).toEqual([fallback])
    passed.stream.end()
    expect(counter(mooring, 'source_unreadable')).toBe(1n)
  })
})

describe('what differs has different keys', () => {
  test('the same text from a header and from a claim', () => {
    const header = keysOf({ from: [{ header: 'sub' }] }, [['sub', 'alice']])
    const claim = keysOf({ from: [{ claim: 'sub' }] }, [], verified({ sub: 'alice' }))
    expect(header).not.toEqual(claim)
  })

  test('a with bc, and ab with c', () => {
    const from = [{ all: [{ header: 'x-a' }, { header: 'x-b' }] }]
    const one = keysOf({ from }, [
      ['x-a', 'a'],
      ['x-b', 'bc'],
    ])
    const other = keysOf({ from }, [
      ['x-a', 'ab'],
      ['x-b', 'c'],
    ])
    expect(one).not.toEqual(other)
  })
})

describe('where nothing yields a key', () => {
  test('the request is balanced without one', () => {
    const mooring = startMooring({ key: { from: [{ header: 'x-a' }] } })
    const passed = pass(mooring.plugin)
    expect(requestValues(passed, HEADER)).toEqual([])
    expect(passed.request.localReply).toBeUndefined()
    passed.stream.end()
    expect(counter(mooring, 'key_none')).toBe(1n)
  })

  test('it is refused under onNone: reject', () => {
    const mooring = startMooring({ key: { from: [{ header: 'x-a' }], onNone: 'reject' } })
    const { request, stream } = pass(mooring.plugin)
    expect(request.localReply?.status).toBe(400)
    expect(request.localReply?.details).toBe('mooring_no_key')
    expect(Buffer.from(request.localReply?.body ?? '').toString()).toBe(
      'This request names no session and no identity to route by.\n',
    )
    stream.end()
    expect(counter(mooring, 'key_rejected')).toBe(1n)
  })
})

test('key.header names the header', () => {
  const { plugin } = startMooring({ session: {}, key: { header: 'X-Shop-Key' } })
  const passed = pass(plugin)
  expect(requestValues(passed, 'x-shop-key')).toHaveLength(1)
  expect(requestValues(passed, HEADER)).toEqual([])
  passed.stream.end()
})

test('key.skip writes none', () => {
  const { plugin } = startMooring({ session: {}, key: { skip: true } })
  const passed = pass(plugin)
  expect(requestValues(passed, 'cookie')).toHaveLength(1)
  expect(requestValues(passed, HEADER)).toEqual([])
  passed.stream.end()
})
