/** Sources that read what is asked for: path, authority, method, and the gRPC call. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type HeaderList, Status } from '../../host/index.ts'
import { HEADER, keysOf } from './key-of.ts'
import { counter, pass, requestValues, startMooring } from './mooring.ts'
import { listNode, plainKey, textNode } from './reference-key.ts'

const CARTS = '/carts/{cart}/**'
const FALLBACK = plainKey(textNode('constant', 'next'))
const GRPC: [string, string] = ['content-type', 'application/grpc+proto']

describe('each source yields its key as docs/keys.md says', () => {
  const cases: [string, unknown, HeaderList, Buffer][] = [
    [
      'one capture of the path',
      { path: CARTS },
      [[':path', '/carts/7/items?x=1']],
      textNode(`path:${CARTS}`, '7'),
    ],
    [
      'a template in full',
      { path: { template: '/users/{id}' } },
      [[':path', '/users/a%20b']],
      textNode('path:/users/{id}', 'a%20b'),
    ],
    [
      'several captures of the path',
      { path: '/{tenant}/*/{user}' },
      [[':path', '/acme/users/alice']],
      listNode('path:/{tenant}/*/{user}', ['acme', 'alice']),
    ],
    [
      'the host',
      'authority',
      [[':authority', 'Shop.Example.COM.:8443']],
      textNode('authority', 'shop.example.com'),
    ],
    [
      'the host, as an object',
      { authority: {} },
      [[':authority', '[2001:DB8::1]:80']],
      textNode('authority', '2001:db8::1'),
    ],
    ['the method', 'method', [[':method', 'POST']], textNode('method', 'POST')],
    ['the method, as an object', { method: {} }, [], textNode('method', 'GET')],
    [
      'the gRPC service',
      { grpc: 'service' },
      [GRPC, [':path', '/shop.v1.Carts/GetItem']],
      textNode('grpc:service', 'shop.v1.Carts'),
    ],
    [
      'the gRPC method',
      { grpc: { part: 'method' } },
      [GRPC, [':path', '/shop.v1.Carts/GetItem']],
      textNode('grpc:method', 'GetItem'),
    ],
  ]

  test.each(cases)('%s', (_, source, headers, node) => {
    expect(keysOf({ from: [source] }, headers)).toEqual([plainKey(node)])
  })

  test.each([
    [{ path: CARTS }, [[':path', '/carts/a%2Cb']], 'a%252Cb'],
    [{ path: '/{a}/{b}' }, [[':path', '/x/y,z']], 'x,y%2Cz'],
    ['authority', [[':authority', 'SHOP:80']], 'shop'],
    ['method', [[':method', 'PUT']], 'PUT'],
    [{ grpc: 'service' }, [GRPC, [':path', '/a.B/C']], 'a.B'],
  ] as [unknown, HeaderList, string][])('%j raw', (source, headers, text) => {
    expect(keysOf({ from: [source], format: 'raw' }, headers)).toEqual([text])
  })
})

test('every spelling in docs/keys.md captures what its table says', () => {
  const table = /\| path \| normalised \|[\s\S]*?\n\n/.exec(readFileSync('docs/keys.md', 'utf8'))?.[0] ?? ''
  const rows = [...table.matchAll(/^\| `(.+?)` \| (.+?) \| (.+?) \|$/gm)]
  expect(rows).toHaveLength(19)
  for (const [, path = '', normalised, captured = ''] of rows) {
    const mooring = startMooring({ key: { from: [{ path: CARTS }, { constant: 'next' }] } })
    const passed = pass(mooring.plugin, [[':path', path]])
    passed.stream.end()
    const nothing = captured === 'nothing'
    const value = captured.replaceAll('`', '')
    expect(requestValues(passed, HEADER), path).toEqual([
      nothing ? FALLBACK : plainKey(textNode(`path:${CARTS}`, value)),
    ])
    expect(counter(mooring, 'source_malformed'), path).toBe(normalised === 'ambiguous' ? 1n : 0n)
    expect(counter(mooring, 'source_absent'), path).toBe(nothing && normalised !== 'ambiguous' ? 1n : 0n)
  }
})

describe('what yields nothing is counted', () => {
  test.each([
    ['another path', { path: CARTS }, [[':path', '/users/7']], 'source_absent'],
    ['an ambiguous path', { path: CARTS }, [[':path', '/carts/7;v=1']], 'source_malformed'],
    [
      'a segment of over 4,096 bytes',
      { path: CARTS },
      [[':path', `/carts/${'a'.repeat(4097)}`]],
      'source_too_large',
    ],
    ['a host of over 4,096 bytes', 'authority', [[':authority', 'a'.repeat(4097)]], 'source_too_large'],
    ['a request that is no gRPC', { grpc: 'service' }, [[':path', '/a.B/C']], 'source_absent'],
    [
      'gRPC-Web',
      { grpc: 'service' },
      [
        ['content-type', 'application/grpc-web+proto'],
        [':path', '/a.B/C'],
      ],
      'source_absent',
    ],
    [
      'a gRPC path that names no method',
      { grpc: 'method' },
      [GRPC, [':path', '/a.B/C?x']],
      'source_malformed',
    ],
  ] as [string, unknown, HeaderList, string][])('%s', (_, source, headers, reason) => {
    const mooring = startMooring({ key: { from: [source, { constant: 'next' }] } })
    const passed = pass(mooring.plugin, headers)
    passed.stream.end()
    expect(requestValues(passed, HEADER)).toEqual([FALLBACK])
    expect(counter(mooring, reason)).toBe(1n)
  })

  test.each([{ path: CARTS }, 'authority', 'method', { grpc: 'service' }])(
    '%j that the host refuses',
    (source) => {
      const mooring = startMooring({ key: { from: [source, { constant: 'next' }] } })
      mooring.vm.inject({ hostcall: 'proxy_get_header_map_value', status: Status.InternalFailure })
      const passed = pass(mooring.plugin, [GRPC, [':path', '/a.B/C']])
      passed.stream.end()
      expect(requestValues(passed, HEADER)).toEqual([FALLBACK])
      expect(counter(mooring, 'source_unreadable')).toBe(1n)
    },
  )
})

test.each([
  ['key_path', { path: CARTS }],
  ['key_authority', 'authority'],
  ['key_method', 'method'],
  ['key_grpc', { grpc: 'method' }],
])('%s counts the keys that came from such a source', (name, source) => {
  const mooring = startMooring({ key: { from: [source] } })
  const { stream } = pass(mooring.plugin, [GRPC, [':path', '/carts/7']])
  stream.end()
  expect(counter(mooring, name)).toBe(1n)
})

test('a rule and a source that both need the path read it once', () => {
  const rule = { name: 'carts', match: { paths: [CARTS] }, key: { from: [{ path: CARTS }] } }
  const { plugin, vm } = startMooring({ key: { from: [{ constant: 'other' }] }, rules: [rule] })
  vm.hostcalls.reset()
  const passed = pass(plugin, [[':path', '/carts/7']])
  expect(vm.hostcalls.of('proxy_get_header_map_value')).toBe(1)
  expect(requestValues(passed, HEADER)).toEqual([plainKey(textNode(`path:${CARTS}`, '7'))])
})
