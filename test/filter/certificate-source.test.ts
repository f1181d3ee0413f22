/** Sources that are a certificate's: of the mTLS peer, and of those that proxies on the way were shown. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type HeaderList, type PropertyTree, Status } from '../../host/index.ts'
import { HEADER, keysOf } from './key-of.ts'
import { HASH_SECRET, counter, pass, requestValues, startMooring } from './mooring.ts'
import { allNode, keyedKey, plainKey, textNode } from './reference-key.ts'

const XFCC = 'x-forwarded-client-cert'
const CART = 'spiffe://cluster.local/ns/shop/sa/cart'
const DIGEST = 'a5ccfddc3b45bdcfc33a19e545ce0e6853bb34c5a292b14d58d467b0a3ba427a'
const PEER: PropertyTree = {
  connection: {
    uri_san_peer_certificate: CART,
    dns_san_peer_certificate: 'cart.shop.example.com',
    subject_peer_certificate: 'CN=Cart \\"1\\"\\, Ltd,O=Shop',
    sha256_peer_certificate_digest: DIGEST,
  },
}

const peer = (uri: string): PropertyTree => ({ connection: { uri_san_peer_certificate: uri } })
const forwarded = (...lines: string[]): HeaderList => lines.map((line) => [XFCC, line])
const key = (label: string, value: string): string[] => [plainKey(textNode(label, value))]

describe('peer yields what the certificate of the connection says', () => {
  test.each<[source: unknown, label: string, value: string]>([
    ['uri', 'peer:uri', CART],
    [{ field: 'uri' }, 'peer:uri', CART],
    ['dns', 'peer:dns', 'cart.shop.example.com'],
    ['subject', 'peer:subject', 'CN=Cart \\"1\\"\\, Ltd,O=Shop'],
    ['digest', 'peer:digest', DIGEST],
    [{ field: 'uri', part: 'trustDomain' }, 'peer:trustDomain', 'cluster.local'],
    [{ field: 'uri', part: 'namespace' }, 'peer:namespace', 'shop'],
    [{ field: 'uri', part: 'serviceAccount' }, 'peer:serviceAccount', 'cart'],
  ])('%j', (source, label, value) => {
    expect(keysOf({ from: [{ peer: source }] }, [], PEER)).toEqual(key(label, value))
    const keyed = { from: [{ peer: source }], hashSecret: { env: 'SECRET' } }
    expect(keysOf(keyed, [], PEER)).toEqual([keyedKey(textNode(label, value), HASH_SECRET)])
  })

  test('a trust domain of any SPIFFE id', () => {
    const from = [{ peer: { field: 'uri', part: 'trustDomain' } }]
    expect(keysOf({ from }, [], peer('spiffe://td.example/some/other/form'))).toEqual(
      key('peer:trustDomain', 'td.example'),
    )
    expect(keysOf({ from }, [], peer('spiffe://td.example'))).toEqual(key('peer:trustDomain', 'td.example'))
  })

  test('as a part of a composite, transformed, named and raw', () => {
    const parts = ['namespace', 'serviceAccount'].map((part) => ({ peer: { field: 'uri', part } }))
    expect(keysOf({ from: [{ all: parts }] }, [], PEER)).toEqual([
      plainKey(allNode(textNode('peer:namespace', 'shop'), textNode('peer:serviceAccount', 'cart'))),
    ])
    const source = { peer: 'dns', transform: [{ split: { by: '.', take: 0 } }, 'upper'], as: 'caller' }
    expect(keysOf({ from: [source] }, [], PEER)).toEqual(key('as:caller', 'CART'))
    expect(keysOf({ from: [{ peer: 'subject' }], format: 'raw' }, [], PEER)).toEqual([
      'CN=Cart%20\\"1\\"\\%2C%20Ltd%2CO=Shop',
    ])
  })
})

describe('forwardedClientCert yields what a proxy says', () => {
  const CLIENT = `By=spiffe://td/gw;Hash=${DIGEST};Subject="CN=Cart \\"1\\"\\, Ltd,O=Shop";URI=${CART};DNS=a.example.com;DNS=b.example.com`
  const GATEWAY = 'By=spiffe://td/cart;Hash=00;Subject="";URI=spiffe://td/gw'

  test.each<[source: unknown, label: string, value: string]>([
    ['by', 'by', 'spiffe://td/gw'],
    ['hash', 'hash', DIGEST],
    ['subject', 'subject', 'CN=Cart \\"1\\"\\, Ltd,O=Shop'],
    ['uri', 'uri', CART],
    ['dns', 'dns', 'a.example.com'],
    [{ field: 'uri', part: 'trustDomain' }, 'trustDomain', 'cluster.local'],
    [{ field: 'uri', part: 'namespace' }, 'namespace', 'shop'],
    [{ field: 'uri', part: 'serviceAccount', element: 'first', hops: 1 }, 'serviceAccount', 'cart'],
  ])('%j of one element', (source, label, value) => {
    expect(keysOf({ from: [{ forwardedClientCert: source }] }, forwarded(CLIENT))).toEqual(
      key(`forwardedClientCert:${label}`, value),
    )
  })

  test.each<[fields: object, value: string]>([
    [{}, 'spiffe://td/gw'],
    [{ element: 'last' }, 'spiffe://td/gw'],
    [{ element: 'last', hops: 2 }, 'spiffe://td/gw'],
    [{ element: 'first', hops: 2 }, CART],
    [{ element: 0, hops: 2 }, CART],
    [{ element: 1, hops: 2 }, 'spiffe://td/gw'],
  ])('%j of two elements, in one line or in two', (fields, value) => {
    const from = [{ forwardedClientCert: { field: 'uri', ...fields } }]
    const expected = key('forwardedClientCert:uri', value)
    expect(keysOf({ from }, forwarded(`${CLIENT},${GATEWAY}`))).toEqual(expected)
    expect(keysOf({ from }, forwarded(CLIENT, GATEWAY))).toEqual(expected)
  })

  test('with as, one certificate gives one key at the gateway and behind it', () => {
    for (const [peer, field] of [
      ['digest', 'hash'],
      ['subject', 'subject'],
    ]) {
      const at = keysOf({ from: [{ peer, as: 'client' }] }, [], PEER)
      const behind = { forwardedClientCert: { field, element: 'first', hops: 2 }, as: 'client' }
      expect(at).toHaveLength(1)
      expect(keysOf({ from: [behind] }, forwarded(`${CLIENT},${GATEWAY}`))).toEqual(at)
    }
  })

  test('raw and transformed', () => {
    const source = { forwardedClientCert: 'dns', transform: [{ split: { by: '.', take: 0 } }] }
    expect(keysOf({ from: [source], format: 'raw' }, forwarded(CLIENT))).toEqual(['a'])
  })

  test('16,384 bytes are read', () => {
    const frame = 'Cert="";URI=a'
    const header = `Cert="${'x'.repeat(16384 - frame.length)}";URI=a`
    expect(header).toHaveLength(16384)
    expect(keysOf({ from: [{ forwardedClientCert: 'uri' }] }, forwarded(header))).toEqual(
      key('forwardedClientCert:uri', 'a'),
    )
  })
})

describe('the example of docs/keys.md', () => {
  const page = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8')
  const header = /^ {4}(By=.*)$/m.exec(page)?.[1] ?? ''
  const rows = [...page.matchAll(/^\| `(forwardedClientCert: .*)` \| (?:`(.*)`|nothing) \|$/gm)]

  test('is there', () => {
    expect(rows).toHaveLength(8)
  })

  test.each(rows.map(([, source = '', value]) => [source, value]))('%s', (source, value) => {
    const written = keysOf({ from: [parse(source) as object], format: 'raw' }, forwarded(header))
    expect(written.map(decodeURIComponent)).toEqual(value === undefined ? [] : [value])
  })
})

describe('nothing is yielded, the reason is counted, and the next is tried', () => {
  const namespace = { peer: { field: 'uri', part: 'namespace' } }
  const first = { forwardedClientCert: { field: 'uri', element: 'first', hops: 1 } }
  const uri = { forwardedClientCert: 'uri' }
  const cases: [string, object, HeaderList, PropertyTree, string][] = [
    ['no TLS', { peer: 'uri' }, [], {}, 'source_absent'],
    ['a certificate without a DNS SAN', { peer: 'dns' }, [], peer(CART), 'source_absent'],
    [
      'an empty subject',
      { peer: 'subject' },
      [],
      { connection: { subject_peer_certificate: '' } },
      'source_absent',
    ],
    ['no URI to take a part of', namespace, [], {}, 'source_absent'],
    [
      'a URI that is no SPIFFE id',
      namespace,
      [],
      peer('https://cluster.local/ns/a/sa/b'),
      'source_malformed',
    ],
    [
      "an id that is not Istio's",
      namespace,
      [],
      peer('spiffe://cluster.local/shop/cart'),
      'source_malformed',
    ],
    ['a URI of 4,097 bytes', { peer: 'uri' }, [], peer('x'.repeat(4097)), 'source_too_large'],
    [
      'a null property',
      { peer: 'uri' },
      [],
      { connection: { uri_san_peer_certificate: null } },
      'source_unreadable',
    ],
    ['no header', uri, [], {}, 'source_absent'],
    ['an empty header', uri, forwarded(''), {}, 'source_absent'],
    ['an element without the key', { forwardedClientCert: 'dns' }, forwarded('URI=a'), {}, 'source_absent'],
    ['an empty value', uri, forwarded('Hash=a;URI='), {}, 'source_absent'],
    ['the key in another element only', uri, forwarded('URI=a,Hash=b'), {}, 'source_absent'],
    ['a damaged element behind', uri, forwarded('URI=a', 'URI'), {}, 'source_malformed'],
    ['a damaged element before', uri, forwarded('Subject="', 'URI=a'), {}, 'source_malformed'],
    ['one element more than hops', first, forwarded('URI=forged,URI=a'), {}, 'source_malformed'],
    ['one line more than hops', first, forwarded('URI=forged', 'URI=a'), {}, 'source_malformed'],
    [
      'one element less than hops',
      { forwardedClientCert: { field: 'uri', hops: 2 } },
      forwarded('URI=a'),
      {},
      'source_malformed',
    ],
    [
      'a value that is no SPIFFE id',
      { forwardedClientCert: { field: 'uri', part: 'trustDomain' } },
      forwarded('URI=a'),
      {},
      'source_malformed',
    ],
    ['a value of 4,097 bytes', uri, forwarded(`URI=${'x'.repeat(4097)}`), {}, 'source_too_large'],
    ['a header of 16,385 bytes', uri, forwarded(`URI=a;Cert=${'x'.repeat(16374)}`), {}, 'source_too_large'],
  ]

  test.each(cases)('%s', (_, source, headers, properties, reason) => {
    const mooring = startMooring({ key: { from: [source, { constant: 'next' }] } })
    const passed = pass(mooring.plugin, headers, properties)
    passed.stream.end()
    expect(requestValues(passed, HEADER)).toEqual(key('constant', 'next'))
    const reasons = ['source_absent', 'source_malformed', 'source_too_large', 'source_unreadable']
    expect(reasons.filter((name) => counter(mooring, name) > 0n)).toEqual([reason])
    expect(counter(mooring, reason)).toBe(1n)
  })

  test.each([{ peer: 'uri' }, uri])('%j where the proxy refuses to show it', (source) => {
    const mooring = startMooring({ key: { from: [source, { constant: 'next' }] } })
    mooring.vm.inject({ hostcall: 'proxy_get_property', status: Status.InternalFailure })
    const passed = pass(mooring.plugin, forwarded('URI=a'), PEER)
    passed.stream.end()
    expect(requestValues(passed, HEADER)).toEqual(key('constant', 'next'))
    expect(counter(mooring, 'source_unreadable')).toBe(1n)
  })
})

test('keys are counted by their source', () => {
  const mooring = startMooring({ key: { from: [{ peer: 'uri' }, { forwardedClientCert: 'uri' }] } })
  pass(mooring.plugin, forwarded('URI=a'), PEER).stream.end()
  pass(mooring.plugin, forwarded('URI=a')).stream.end()
  pass(mooring.plugin, forwarded('URI=a')).stream.end()
  expect(counter(mooring, 'key_peer')).toBe(1n)
  expect(counter(mooring, 'key_forwarded_client_cert')).toBe(2n)
  expect(counter(mooring, 'key_all')).toBe(0n)
})

test('one name in two places has two keys', () => {
  const at = keysOf({ from: [{ peer: 'uri' }] }, [], PEER)
  const forwardedThere = keysOf({ from: [{ forwardedClientCert: 'uri' }] }, forwarded(`URI=${CART}`))
  const namespaceThere = keysOf({ from: [{ peer: 'dns' }] }, [], {
    connection: { dns_san_peer_certificate: CART },
  })
  expect(new Set([...at, ...forwardedThere, ...namespaceThere]).size).toBe(3)
})
