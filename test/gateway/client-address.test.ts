import { describe, expect, test } from 'vitest'
import type { HeaderEntry } from '../../host/envoy/index.ts'
import { type ClientAddressOptions, resolveClientAddress } from '../../host/gateway/client-address.ts'
import { HeaderMap } from '../../host/header-map.ts'

const PEER = '10.0.0.9:4711'

function resolve(headers: HeaderEntry[], options: ClientAddressOptions) {
  const map = new HeaderMap('request', [[':scheme', 'http'], ...headers])
  const address = resolveClientAddress(map, PEER, options)
  return {
    address,
    forwardedFor: map.get('x-forwarded-for'),
    proto: map.get('x-forwarded-proto'),
    scheme: map.get(':scheme'),
  }
}

describe('at the edge, with useRemoteAddress and no trusted hops', () => {
  test('the peer is the client, whatever x-forwarded-for says, and is added to it', () => {
    const claimed: HeaderEntry[] = [
      ['x-forwarded-for', '203.0.113.1'],
      ['x-forwarded-proto', 'https'],
    ]
    expect(resolve(claimed, { useRemoteAddress: true })).toEqual({
      address: PEER,
      forwardedFor: '203.0.113.1,10.0.0.9',
      proto: 'http',
      scheme: 'http',
    })
  })

  test('x-forwarded-for and x-forwarded-proto are written where they were absent', () => {
    expect(resolve([], { useRemoteAddress: true })).toEqual({
      address: PEER,
      forwardedFor: '10.0.0.9',
      proto: 'http',
      scheme: 'http',
    })
  })
})

describe('behind trusted proxies, with useRemoteAddress', () => {
  const chain: HeaderEntry[] = [
    ['x-forwarded-for', '203.0.113.1, 198.51.100.2'],
    ['x-forwarded-proto', 'https'],
  ]

  test.each([
    [1, '198.51.100.2:0'],
    [2, '203.0.113.1:0'],
    [3, PEER],
  ])('%i hop: the client is %s', (xffNumTrustedHops, address) => {
    expect(resolve(chain, { useRemoteAddress: true, xffNumTrustedHops })).toEqual({
      address,
      forwardedFor: '203.0.113.1, 198.51.100.2,10.0.0.9',
      proto: 'https',
      scheme: 'https',
    })
  })
})

describe('inside, without useRemoteAddress', () => {
  test.each([
    ['203.0.113.1, 198.51.100.2', 0, '198.51.100.2:0'],
    ['203.0.113.1, 198.51.100.2', 1, '203.0.113.1:0'],
    ['2001:db8::1', 0, '[2001:db8::1]:0'],
    ['unknown', 0, PEER],
    ['', 0, PEER],
  ])('x-forwarded-for %j and %i trusted hops: the client is %s', (forwarded, xffNumTrustedHops, address) => {
    expect(resolve([['x-forwarded-for', forwarded]], { xffNumTrustedHops })).toEqual({
      address,
      forwardedFor: forwarded,
      proto: 'http',
      scheme: 'http',
    })
  })

  test('an x-forwarded-proto is kept, and only https makes the scheme https', () => {
    expect(resolve([['x-forwarded-proto', 'https']], {})).toMatchObject({ proto: 'https', scheme: 'https' })
    expect(resolve([['x-forwarded-proto', 'gopher']], {})).toMatchObject({ proto: 'gopher', scheme: 'http' })
  })
})
