/** What stands beside a source's kind: `as` and `required`. */
import { describe, expect, test } from 'vitest'
import type { HeaderList } from '../../host/index.ts'
import { HEADER, keysOf, verified } from './key-of.ts'
import { pass, requestValues, startMooring } from './mooring.ts'
import { allNode, numberNode, plainKey, textNode } from './reference-key.ts'

const ALICE: HeaderList = [
  ['x-user', 'alice'],
  [':path', '/?user=alice'],
]

describe('as', () => {
  test('replaces the label, so that two carriers of one value give one key', () => {
    const key = [plainKey(textNode('as:user', 'alice'))]
    expect(keysOf({ from: [{ header: 'x-user', as: 'user' }] }, ALICE)).toEqual(key)
    expect(keysOf({ from: [{ query: 'user', as: 'user' }] }, ALICE)).toEqual(key)
    expect(keysOf({ from: [{ as: 'user', claim: 'sub' }] }, [], verified({ sub: 'alice' }))).toEqual(key)
  })

  test('is never the label of a source without it', () => {
    const named = keysOf({ from: [{ header: 'x-user', as: 'method' }] }, [['x-user', 'GET']])
    expect(named).toEqual([plainKey(textNode('as:method', 'GET'))])
    expect(keysOf({ from: ['method'] })).not.toEqual(named)
  })

  test('leaves the type in the key', () => {
    const source = { claim: { name: 'uid', type: 'number' }, as: 'user' }
    expect(keysOf({ from: [source] }, [], verified({ uid: 42 }))).toEqual([
      plainKey(numberNode('as:user', 42)),
    ])
  })

  test('names a part of a composite', () => {
    const source = { all: [{ header: 'x-user', as: 'user' }, 'method'] }
    expect(keysOf({ from: [source] }, ALICE)).toEqual([
      plainKey(allNode(textNode('as:user', 'alice'), textNode('method', 'GET'))),
    ])
  })
})

describe('required', () => {
  const next = { constant: 'next' }
  const nextKey = [plainKey(textNode('constant', 'next'))]
  const required = { header: 'x-tenant', required: true }
  const tenant: HeaderList = [['x-tenant', 'acme']]
  const tenantKey = [plainKey(textNode('header:x-tenant', 'acme'))]

  test('changes nothing where the source yields', () => {
    expect(keysOf({ from: [required, next] }, tenant)).toEqual(tenantKey)
  })

  test.each<[string, unknown[]]>([
    ['in the list', [required, next]],
    ['within firstOf', [{ firstOf: [required, next] }, next]],
    ['within all', [{ all: [required, next] }, next]],
    ['within all, behind a part that yields', [{ all: [next, required] }, next]],
    ['four deep', [{ firstOf: [{ all: [{ firstOf: [{ all: [required] }] }] }] }, next]],
    ['beside firstOf', [{ firstOf: [{ header: 'x-tenant' }, { header: 'x-other' }], required: true }, next]],
    ['beside all', [{ required: true, all: [{ header: 'x-tenant' }, 'method'] }, next]],
  ])('leaves no key where it does not: %s', (_, from) => {
    expect(keysOf({ from })).toEqual([])
  })

  test('false is as if it were not there', () => {
    expect(keysOf({ from: [{ ...required, required: false }, next] })).toEqual(nextKey)
  })

  test('does not matter where an earlier source yields', () => {
    expect(keysOf({ from: [next, required] })).toEqual(nextKey)
  })

  test('a refusal ends with its request', () => {
    const { plugin } = startMooring({ key: { from: [required, next] } })
    expect(requestValues(pass(plugin), HEADER)).toEqual([])
    expect(requestValues(pass(plugin, tenant), HEADER)).toEqual(tenantKey)
    expect(requestValues(pass(plugin), HEADER)).toEqual([])
  })
})
