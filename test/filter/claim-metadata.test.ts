import { describe, expect, test } from 'vitest'
import { keysOf } from './key-of.ts'
import { listNode, plainKey, textNode } from './reference-key.ts'

describe('metadata says where the verified claims are', () => {
  const AUTHZ = 'envoy.filters.http.ext_authz'
  const properties = {
    metadata: {
      filter_metadata: {
        [AUTHZ]: { claims: { sub: 'alice', groups: ['a', 'b'] }, sub: 'root' },
        'envoy.filters.http.jwt_authn': { payload: { sub: 'bob' } },
      },
    },
  }

  test.each<[claim: object, node: Buffer]>([
    [{ name: 'sub', metadata: [AUTHZ, 'claims'] }, textNode(`metadata:/${AUTHZ}/claims/sub`, 'alice')],
    [{ name: 'sub', metadata: [AUTHZ] }, textNode(`metadata:/${AUTHZ}/sub`, 'root')],
    [
      { name: 'groups', type: 'list', metadata: [AUTHZ, 'claims'] },
      listNode(`metadata:/${AUTHZ}/claims/groups`, ['a', 'b']),
    ],
    [{ name: 'sub', metadata: ['envoy.filters.http.jwt_authn', 'payload'] }, textNode('claim:/sub', 'bob')],
    [{ name: 'sub' }, textNode('claim:/sub', 'bob')],
  ])('%j', (claim, node) => {
    expect(keysOf({ from: [{ claim }] }, [], properties)).toEqual([plainKey(node)])
  })

  test('of a filter that left none yields nothing', () => {
    const claim = { name: 'sub', metadata: ['envoy.lb', 'claims'] }
    expect(keysOf({ from: [{ claim }] }, [], properties)).toEqual([])
  })
})
