import { describe, expect, test } from 'vitest'
import { UNREADABLE, guarded, pure, textOf } from './module.ts'

const TRUST_DOMAIN = 1
const NAMESPACE = 2
const SERVICE_ACCOUNT = 3

const parts = (uri: string): string[] =>
  guarded((room) => {
    const slice = room.input(uri)
    return [TRUST_DOMAIN, NAMESPACE, SERVICE_ACCOUNT].map((part) => textOf(pure.spiffePart(slice, part)))
  })

describe('the parts of a SPIFFE id', () => {
  test.each([
    ['spiffe://cluster.local/ns/shop/sa/cart', 'cluster.local', 'shop', 'cart'],
    ['spiffe://td-1_x/ns/A.b_c-9/sa/..a', 'td-1_x', 'A.b_c-9', '..a'],
    ['spiffe://td/ns/ns/sa/sa', 'td', 'ns', 'sa'],
  ])("%s has Istio's form", (uri, ...expected) => {
    expect(parts(uri)).toEqual(expected)
  })

  test.each([
    'spiffe://td',
    'spiffe://td/a',
    'spiffe://td/ns/shop',
    'spiffe://td/ns/shop/sa',
    'spiffe://td/ns/shop/sa/cart/x',
    'spiffe://td/NS/shop/sa/cart',
    'spiffe://td/sa/cart/ns/shop',
    `spiffe://td${'/a'.repeat(64)}`,
  ])('%s has a trust domain only', (uri) => {
    expect(parts(uri)).toEqual(['td', 'ABSENT', 'ABSENT'])
  })

  test.each([
    '',
    'spiffe',
    'spiffe://',
    'spiffe:///ns/shop/sa/cart',
    'SPIFFE://td/ns/shop/sa/cart',
    'https://td/ns/shop/sa/cart',
    'spiffe://Td/ns/shop/sa/cart',
    'spiffe://td:443/ns/shop/sa/cart',
    'spiffe://user@td/ns/shop/sa/cart',
    'spiffe://t d/ns/shop/sa/cart',
    'spiffe://td/',
    'spiffe://td/ns/shop/sa/cart/',
    'spiffe://td/ns//sa/cart',
    'spiffe://td/ns/./sa/cart',
    'spiffe://td/ns/../sa/cart',
    'spiffe://td/ns/*/sa/cart',
    'spiffe://td/ns/**',
    'spiffe://td/ns/{a}/sa/cart',
    'spiffe://td/ns/shop/sa/cart?x=1',
    'spiffe://td/ns/shop/sa/cart#x',
    'spiffe://td/ns/shop/sa/c%61rt',
    'spiffe://td/ns/shöp/sa/cart',
    'spiffe://td/ns/shop/sa/cart,URI=x',
    'spiffe://td/ns/shop/sa/ca\0rt',
    `spiffe://td${'/a'.repeat(65)}`,
  ])('%j is no SPIFFE id', (uri) => {
    expect(parts(uri)).toEqual(['ABSENT', 'ABSENT', 'ABSENT'])
  })

  test('of no URI there are none', () => {
    for (const uri of [0n, UNREADABLE]) {
      expect(textOf(pure.spiffePart(uri, TRUST_DOMAIN))).toBe('ABSENT')
      expect(textOf(pure.spiffePart(uri, NAMESPACE))).toBe('ABSENT')
    }
  })
})
