import { describe, expect, test } from 'vitest'
import { MALFORMED, guarded, pure, textOf } from './module.ts'

const LAST = -1

/** What the filter reads; `hops` 0 asks for no number of elements. */
function read(header: string, key: string, element = LAST, hops = 0): string {
  return guarded((room) => {
    const value = pure.forwardedValue(room.input(header), room.input(key), element, hops)
    return value === MALFORMED ? 'MALFORMED' : textOf(value)
  })
}

// As Envoy 1.40.0 writes them, digests shortened.
const CLIENT =
  'By=spiffe://td/ns/istio-ingress/sa/gw;Hash=a5cc;Subject="CN=Test Client,O=A=B\\;C";URI=spiffe://td/ns/shop/sa/cart;DNS=a.example.com;DNS=b.example.com'
const GATEWAY = 'By=spiffe://td/ns/shop/sa/cart;Hash=45ad;Subject="";URI=spiffe://td/ns/istio-ingress/sa/gw'

describe('the values of one element', () => {
  test.each([
    ['by', 'spiffe://td/ns/istio-ingress/sa/gw'],
    ['hash', 'a5cc'],
    ['subject', 'CN=Test Client,O=A=B\\;C'],
    ['uri', 'spiffe://td/ns/shop/sa/cart'],
    ['dns', 'a.example.com'],
    ['cert', 'ABSENT'],
  ])('%s: %s', (key, value) => {
    expect(read(CLIENT, key)).toBe(value)
    expect(read(CLIENT, key, 0, 1)).toBe(value)
  })

  test.each([
    ['keys in any case', 'UrI=a', 'a'],
    ['the first of several', 'URI=a;URI=b;uri=c', 'a'],
    ['an empty first before another', 'URI=;URI=b', ''],
    ['an empty value, quoted', 'URI=""', ''],
    ['a plain value with = and a backslash', 'URI=http://a/?b=c\\d', 'http://a/?b=c\\d'],
    ['bytes above ASCII', 'URI=\xff\x80', '\xff\x80'],
    ['an unknown key beside', 'X-New_1="a,b;c";URI=a;other=', 'a'],
    ['a key that only starts alike', 'URIS=b;UR=c;URI=a', 'a'],
    ['separators in quotes', 'Subject="a,b;URI=c";URI=d', 'd'],
    ['a quoted value of any key', 'URI="spiffe://a,b"', 'spiffe://a,b'],
  ])('%s', (_, header, value) => {
    expect(read(header, 'uri')).toBe(value)
  })

  test.each([
    ['a quote', 'a\\"b\\"'],
    ['a separator', 'a\\,b\\;c\\\\'],
    ['a quote behind a backslash pair', 'a\\\\\\"b'],
    ['an octet, as RFC 2253 writes it', 'gr\\C3\\B6'],
  ])('what stands between the quotes, with the backslash before %s', (_, value) => {
    expect(read(`Subject="${value}"`, 'subject')).toBe(value)
  })
})

describe('which element', () => {
  const both = `${CLIENT},${GATEWAY}`

  test('the last by default, even where only an earlier one has the key', () => {
    expect(read(both, 'uri')).toBe('spiffe://td/ns/istio-ingress/sa/gw')
    expect(read(both, 'dns')).toBe('ABSENT')
  })

  test.each([
    [0, 2, 'spiffe://td/ns/shop/sa/cart'],
    [1, 2, 'spiffe://td/ns/istio-ingress/sa/gw'],
    [LAST, 2, 'spiffe://td/ns/istio-ingress/sa/gw'],
    [0, 1, 'MALFORMED'],
    [0, 3, 'MALFORMED'],
    [LAST, 1, 'MALFORMED'],
    [LAST, 3, 'MALFORMED'],
    [2, 0, 'ABSENT'],
  ])('number %i of %i hops', (element, hops, value) => {
    expect(read(both, 'uri', element, hops)).toBe(value)
  })

  test('blanks and tabs may stand before an element', () => {
    expect(read(' \tURI=a, \t URI=b', 'uri', 0, 2)).toBe('a')
    expect(read('URI=a, URI=b', 'uri', 1, 2)).toBe('b')
  })

  test('64 elements are read, 65 are not', () => {
    const many = (count: number): string => Array.from({ length: count }, (_, n) => `URI=${n}`).join(',')
    expect(read(many(64), 'uri')).toBe('63')
    expect(read(many(65), 'uri')).toBe('MALFORMED')
  })
})

describe('an error anywhere makes the whole header yield nothing', () => {
  test.each([
    '',
    ' ',
    ',',
    'URI=a,',
    ',URI=a',
    'URI=a,,URI=b',
    'URI=a;',
    ';URI=a',
    'URI=a;;DNS=b',
    'URI',
    'URI=a;DNS',
    '=a',
    'URI=a;=b',
    'U RI=a',
    'URI =a',
    'URI=a; DNS=b',
    'URI=a ,URI=b',
    'URI=a b',
    'URI= a',
    'URI=a\tb',
    'URI=a\x7fb',
    'URI=a"b',
    'URI=a"',
    'URI="a',
    'URI="',
    'URI="a\\',
    'URI="a\\"',
    'URI="a"b',
    'URI="a" ',
    'URI="a""b"',
    'URI=a,Subject="CN=x,URI=b',
    'Subject="a"b";URI=c',
    'URI(=a',
  ])('%j', (header) => {
    expect(read(header, 'uri')).toBe('MALFORMED')
    expect(read(`URI=x;Hash=y,${header}`, 'uri', 0)).toBe('MALFORMED')
  })

  test('what a client opens with a quote, Envoy never closes for him', () => {
    for (const opened of ['X="', 'URI=a;X="', 'URI=a,X="\\']) {
      expect(read(`${opened},${CLIENT}`, 'uri')).toBe('MALFORMED')
      expect(read(`${opened},${GATEWAY}`, 'uri')).toBe('MALFORMED')
    }
  })
})
