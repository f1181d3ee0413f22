/** Whose key header is believed: `key.trustInbound`. */
import { describe, expect, test } from 'vitest'
import { type HeaderList, type PropertyTree, Status } from '../../host/index.ts'
import { HEADER } from './key-of.ts'
import { counter, pass, requestValues, startMooring } from './mooring.ts'
import { plainKey, textNode } from './reference-key.ts'

const GATEWAY = 'spiffe://cluster.local/ns/istio-ingress/sa/gateway'
const OWN = plainKey(textNode('header:x-user', 'alice'))
const KEY = {
  from: [{ header: 'x-user' }],
  trustInbound: { peers: ['spiffe://cluster.local/ns/istio-ingress/sa/*'] },
}

const peer = (uri: string): PropertyTree => ({ connection: { uri_san_peer_certificate: uri } })

function keys(key: object, headers: HeaderList, properties: PropertyTree): readonly string[] {
  const passed = pass(startMooring({ key }).plugin, [['x-user', 'alice'], ...headers], properties)
  passed.stream.end()
  return requestValues(passed, HEADER)
}

describe('the key header of a trusted peer', () => {
  test('is the key, and is counted as such', () => {
    const mooring = startMooring({ key: KEY })
    const passed = pass(
      mooring.plugin,
      [
        ['x-user', 'alice'],
        [HEADER, 'Abc-7'],
      ],
      peer(GATEWAY),
    )
    passed.stream.end()
    expect(requestValues(passed, HEADER)).toEqual(['Abc-7'])
    expect(counter(mooring, 'key_inbound')).toBe(1n)
    expect(counter(mooring, 'key_header')).toBe(0n)
  })

  test('stands in for what the sources would have yielded, whatever onNone says', () => {
    const key = { ...KEY, from: [{ header: 'x-absent' }], onNone: 'reject' }
    expect(keys(key, [[HEADER, 'k']], peer(GATEWAY))).toEqual(['k'])
  })

  test('is derived where it is missing', () => {
    expect(keys(KEY, [], peer(GATEWAY))).toEqual([OWN])
  })

  test.each<[string, HeaderList]>([
    [
      'two entries',
      [
        [HEADER, 'a'],
        [HEADER, 'b'],
      ],
    ],
    [
      'two equal entries',
      [
        [HEADER, 'a'],
        [HEADER, 'a'],
      ],
    ],
    ['an empty entry', [[HEADER, '']]],
    ['a blank', [[HEADER, 'a b']]],
    ['a byte beyond ASCII', [[HEADER, 'a\x80']]],
    ['257 characters', [[HEADER, 'x'.repeat(257)]]],
  ])('is not believed with %s: the sources are tried', (_, headers) => {
    expect(keys(KEY, headers, peer(GATEWAY))).toEqual([OWN])
  })

  test('may have 256 characters', () => {
    const long = 'x'.repeat(256)
    expect(keys(KEY, [[HEADER, long]], peer(GATEWAY))).toEqual([long])
  })
})

describe('the key header of anyone else is removed', () => {
  test.each<[string, PropertyTree]>([
    ['without mTLS', {}],
    ['of another service account', peer('spiffe://cluster.local/ns/shop/sa/gateway')],
    ['of another trust domain', peer('spiffe://evil.local/ns/istio-ingress/sa/gateway')],
    ['with a segment more', peer(`${GATEWAY}/x`)],
    ['with an empty segment', peer('spiffe://cluster.local/ns/istio-ingress/sa/')],
    ['with another scheme', peer('https://cluster.local/ns/istio-ingress/sa/gateway')],
    ['with the pattern itself in another case', peer('SPIFFE://cluster.local/ns/istio-ingress/sa/gateway')],
  ])('%s', (_, properties) => {
    expect(keys(KEY, [[HEADER, 'forged']], properties)).toEqual([OWN])
  })

  test('without trustInbound, whoever the peer is', () => {
    expect(keys({ from: KEY.from }, [[HEADER, 'forged']], peer(GATEWAY))).toEqual([OWN])
  })

  test('where the proxy refuses to show the peer', () => {
    const mooring = startMooring({ key: KEY })
    mooring.vm.inject({ hostcall: 'proxy_get_property', status: Status.InternalFailure })
    const passed = pass(
      mooring.plugin,
      [
        ['x-user', 'alice'],
        [HEADER, 'forged'],
      ],
      peer(GATEWAY),
    )
    passed.stream.end()
    expect(requestValues(passed, HEADER)).not.toContain('forged')
  })

  test('under a rule that trusts nobody else than its own', () => {
    const configuration = {
      key: KEY,
      rules: [
        {
          name: 'own',
          match: { paths: ['/own'] },
          key: { trustInbound: { peers: ['spiffe://cluster.local/ns/own/**'] } },
        },
        { name: 'static', match: { paths: ['/static'] }, skip: true },
      ],
    }
    const at = (path: string, uri: string): readonly string[] => {
      const headers: HeaderList = [
        [':path', path],
        ['x-user', 'alice'],
        [HEADER, 'k'],
      ]
      const passed = pass(startMooring(configuration).plugin, headers, peer(uri))
      passed.stream.end()
      return requestValues(passed, HEADER)
    }
    expect(at('/own', GATEWAY)).toEqual([OWN])
    expect(at('/own', 'spiffe://cluster.local/ns/own/sa/a')).toEqual(['k'])
    expect(at('/', GATEWAY)).toEqual(['k'])
    expect(at('/static', GATEWAY)).toEqual([])
  })
})
