/** What the filter decides, as mooring explain tells it: rules, sessions, sources. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { K1, STRANGER } from '../session/keys.ts'
import { tokenOf } from '../session/token.ts'
import { type Case, explained, PODS, sourceLines } from './explained.ts'

const HASHED = { hashSecret: { env: 'MOORING_HASH_SECRET' } }
const COOKIE = ['cookie', 'ISTIOID=abc'] as const
const NOW = Date.UTC(2027, 0, 31) / 1000
const token = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), '']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
const from = (...sources: unknown[]): Case => ({
  pluginConfig: { session: {}, key: { ...HASHED, from: sources } },
})

describe('the rule', () => {
  const rules = [
    {
      name: 'api',
      match: { hosts: ['api.example.com'], methods: ['POST'] },
      key: { from: [{ header: 'x-user' }] },
    },
    { name: 'beta', match: { headers: [{ name: 'x-beta', exact: '1' }] }, mode: 'shadow' },
    { name: 'batch', match: { namespaces: ['batch'] }, skip: true },
    { name: 'carts', match: { services: ['cart.shop.svc.cluster.local'], paths: ['/carts/**'] } },
  ]
  const pluginConfig = { session: {}, key: HASHED, rules }

  test.each<[string, Case, string | undefined]>([
    ['by host and method', { method: 'POST', url: 'https://API.example.com/' }, 'api'],
    ['by header', { headers: [['X-Beta', '1']] }, 'beta'],
    ["by the proxy's namespace", { namespace: 'batch' }, 'batch'],
    ['by service and path', { url: 'http://shop.example.com/a/../carts/7?x=1' }, 'carts'],
    ['none', { method: 'GET', url: 'https://api.example.com/' }, undefined],
  ])('%s', (_, request, rule) => {
    expect(explained({ pluginConfig, ...request }).rule).toBe(rule)
  })

  test('its own sources are told, under its own name', () => {
    const request: Case = { method: 'POST', url: 'https://api.example.com/', headers: [['x-user', 'alice']] }
    expect(sourceLines(explained({ pluginConfig, ...request }))).toEqual(['from[0] header x-user: yielded'])
  })
})

describe('each source, and why it yielded or not', () => {
  test('those after the one that yields are not tried', () => {
    const { sources } = explained({
      ...from({ header: 'x-user' }, 'session', { constant: 'x' }),
      headers: [COOKIE],
    })
    expect(sources).toEqual([
      { at: 'from[0]', source: 'header x-user', outcome: 'absent', reason: 'not in the request, or empty' },
      { at: 'from[1]', source: 'session', outcome: 'yielded', reason: undefined },
      { at: 'from[2]', source: 'constant x', outcome: 'not_tried', reason: 'an earlier source has yielded' },
    ])
  })

  test('combinations are told part by part', () => {
    const combined = explained({
      ...from(
        { all: [{ claim: 'tenant' }, { firstOf: [{ header: 'x-a' }, { cookie: 'b' }] }, { query: 'c' }] },
        { firstOf: [{ query: 'd' }, { all: ['method', 'authority'] }, 'address'] },
        'session',
      ),
      claims: '{"tenant":"acme"}',
    })
    expect(sourceLines(combined)).toEqual([
      'from[0].all[0] claim tenant: yielded',
      'from[0].all[1].firstOf[0] header x-a: absent (not in the request, or empty)',
      'from[0].all[1].firstOf[1] cookie b: absent (not in the request, or empty)',
      'from[0].all[2] query c: not_tried (another part of this all has yielded nothing)',
      'from[1].firstOf[0] query d: absent (not in the request, or empty)',
      'from[1].firstOf[1].all[0] method: yielded',
      'from[1].firstOf[1].all[1] authority: yielded',
      'from[1].firstOf[2] address: not_tried (an earlier source has yielded)',
      'from[2] session: not_tried (an earlier source has yielded)',
    ])
    expect(combined.key).toBe('all')
  })

  test('nothing is tried after a required one', () => {
    const required = explained(
      from({ firstOf: [{ header: 'x-a', required: true }, { query: 'b' }] }, 'session'),
    )
    expect(sourceLines(required)).toEqual([
      'from[0].firstOf[0] header x-a: absent (not in the request, or empty)',
      'from[0].firstOf[1] query b: not_tried (a required source has yielded nothing)',
      'from[1] session: not_tried (a required source has yielded nothing)',
    ])
    expect(required.outcome).toEqual({
      kind: 'any_pod',
      reason: 'the header x-mooring-key is not there: no source yielded a key',
    })
  })

  test.each<[string, unknown, Partial<Case>, string]>([
    [
      'several headers',
      { header: 'x-a' },
      {
        headers: [
          ['x-a', '1'],
          ['x-a', '2'],
        ],
      },
      'header x-a: malformed (several entries of one name)',
    ],
    [
      'a long header',
      { header: 'x-a' },
      { headers: [['x-a', 'x'.repeat(5000)]] },
      'header x-a: too_large (longer than is read)',
    ],
    [
      'a transform',
      { header: 'x-a', transform: [{ capture: 'Bearer {}' }] },
      { headers: [['x-a', 'Basic x']] },
      'header x-a: malformed (several entries of one name, or its transforms do not fit)',
    ],
    ['no claims', { claim: 'sub' }, {}, 'claim sub: absent (no claims: neither --claims nor a bearer token)'],
    [
      'no such claim',
      { claim: 'sub' },
      { claims: '{"a":1}' },
      'claim sub: absent (no such claim, or an empty one)',
    ],
    [
      'a claim of another type',
      { claim: { name: 'n', type: 'number' } },
      { claims: '{"n":"1"}' },
      'claim n: malformed (not of type number)',
    ],
    ['a null claim', { claim: 'n' }, { claims: '{"n":null}' }, 'claim n: unreadable (the claim is null)'],
    ['a nested claim', { claim: ['a', 'b'] }, { claims: '{"a":{"b":"x"}}' }, 'claim ["a","b"]: yielded'],
    [
      'no token',
      { claim: { name: 'sub', token: 'unverified' } },
      {},
      'unverified claim sub: absent (no token with that claim)',
    ],
    ['no address', 'address', {}, 'address: absent (not known: --source-address was not given)'],
    ['an address', { address: 24 }, { sourceAddress: '10.0.0.9:0' }, 'address: yielded'],
    ['no peer', { peer: 'uri' }, {}, 'peer uri: absent (not known: --peer was not given)'],
    [
      'a peer',
      { peer: { field: 'uri', part: 'namespace' } },
      { peer: 'spiffe://cluster.local/ns/shop/sa/cart' },
      'peer uri namespace: yielded',
    ],
    [
      'another path',
      { path: '/carts/{cart}' },
      {},
      'path /carts/{cart}: absent (the path does not fit the template)',
    ],
    ['no gRPC', { grpc: 'service' }, {}, 'grpc service: absent (not a request of gRPC)'],
    [
      'no XFCC',
      { forwardedClientCert: 'uri' },
      {},
      'forwardedClientCert uri: absent (no such element or field in x-forwarded-client-cert)',
    ],
    [
      'damaged XFCC',
      { forwardedClientCert: 'uri' },
      { headers: [['x-forwarded-client-cert', 'URI="']] },
      'forwardedClientCert uri: malformed (x-forwarded-client-cert is damaged, or has another number of elements)',
    ],
  ])('%s', (_, source, more, line) => {
    expect(sourceLines(explained({ ...from(source), ...more }))).toEqual([`from[0] ${line}`])
  })
})

describe('claims', () => {
  const bySub = from({ claim: 'sub' })

  test('of a bearer token are taken as they stand, and that is said', () => {
    const explanation = explained({
      ...bySub,
      headers: [['authorization', `Bearer ${token({ sub: 'alice' })}`]],
    })
    expect(explanation.notes).toEqual([
      'the claims are those of the bearer token; its signature is not verified here',
    ])
    expect(explanation.fingerprint).toBe(explained({ ...bySub, claims: '{"sub":"alice"}' }).fingerprint)
  })

  test('that are given come before those of a token', () => {
    const headers = [['authorization', `Bearer ${token({ sub: 'alice' })}`]] as const
    const bob = explained({ ...bySub, headers, claims: '{"sub":"bob"}' })
    expect(bob.notes).toEqual([])
    expect(bob.fingerprint).toBe(explained({ ...bySub, claims: '{"sub":"bob"}' }).fingerprint)
  })

  test('of scope are a list, as Istio leaves them', () => {
    const byScope = from({ claim: { name: 'scope', type: 'list' } })
    const headers = [['authorization', `Bearer ${token({ scope: 'read write' })}`]] as const
    expect(explained({ ...byScope, headers }).fingerprint).toBe(
      explained({ ...byScope, claims: '{"scope":["read","write"]}' }).fingerprint,
    )
  })

  test('are read from a file, and from other filters', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mooring-claims-'))
    const file = join(folder, 'claims.json')
    writeFileSync(file, '{"envoy.filters.http.ext_authz":{"user":{"id":"7"}}}')
    const source = { claim: { name: 'id', metadata: ['envoy.filters.http.ext_authz', 'user'] } }
    expect(sourceLines(explained({ ...from(source), metadata: `@${file}` }))).toEqual([
      'from[0] claim id: yielded',
    ])
    rmSync(folder, { recursive: true })
  })

  test('are not there in phase AUTHN', () => {
    const early = explained({ ...bySub, spec: { phase: 'AUTHN' }, claims: '{"sub":"alice"}' })
    expect(sourceLines(early)).toEqual([
      'from[0] claim sub: absent (no claims: neither --claims nor a bearer token)',
    ])
    expect(early.notes).toEqual(['phase AUTHN comes before tokens are verified: there are no claims yet'])
  })
})

describe('the session', () => {
  const signing = {
    keys: [{ id: 'k1', env: 'MOORING_SIGNING_1' }],
    idleTimeout: '30m',
    absoluteTimeout: '12h',
  }
  const signed = (onInvalid: string, value: string): Case => ({
    pluginConfig: { session: { onInvalid, signing }, key: HASHED },
    headers: [['cookie', `ISTIOID=${value}`]],
  })
  const aged = (seconds: number, key = K1): string =>
    tokenOf(
      key,
      { name: 'ISTIOID' },
      { id: Buffer.alloc(16, 7), birth: NOW - seconds, issued: NOW - seconds },
    )

  test('is judged at the time that is given', () => {
    const young = explained(signed('replace', aged(60)))
    expect([young.session, young.outcome.kind]).toEqual(['valid', 'pod'])
    const old = explained({ ...signed('replace', aged(60)), time: new Date((NOW + 7200) * 1000) })
    // The successor of an expired token follows from it: its pod can be told.
    expect([old.session, old.sessionBecause, old.outcome.kind]).toEqual(['replaced', ['expired_idle'], 'pod'])
  })

  test('of a stranger is none, and a forged one is refused', () => {
    const strange = explained(signed('replace', aged(60, { ...STRANGER, kid: 'k9' })))
    expect([strange.session, strange.sessionBecause]).toEqual(['none', ['unknown_key']])
    const forged = explained(signed('reject', aged(60, { ...STRANGER, kid: 'k1' })))
    expect([forged.session, forged.sessionBecause]).toEqual(['rejected', ['forged']])
    expect(forged.outcome).toEqual({ kind: 'answered', status: 403, details: 'mooring_session_refused' })
  })

  test('that is bound brings its key along', () => {
    const value = tokenOf(
      K1,
      { name: 'ISTIOID' },
      { id: Buffer.alloc(16, 7), birth: NOW - 60, issued: NOW - 60, bound: Buffer.alloc(16, 9) },
    )
    const bound = explained({
      pluginConfig: {
        session: { signing },
        key: { ...HASHED, bind: 'session', from: [{ header: 'x-user' }, 'session'] },
      },
      headers: [['cookie', `ISTIOID=${value}`]],
    })
    expect(bound.key).toBe('bound')
    expect(sourceLines(bound)).toEqual([
      'from[0] header x-user: not_tried (the session is bound to a key)',
      'from[1] session: not_tried (the session is bound to a key)',
    ])
  })

  test('begins with random bits: no pod can be told, but the fingerprint of what does not hang on it can', () => {
    const first = explained({})
    expect(first).toMatchObject({ session: 'minted', setsCookies: ['ISTIOID'], fingerprint: undefined })
    expect(first.outcome).toEqual({
      kind: 'unforeseeable',
      reason:
        'the id of the new session is random; the pod that it picks stays, where the client keeps the cookie',
    })
    const composed = explained({ ...from({ all: [{ header: 'x-a' }, 'session'] }), headers: [['x-a', '1']] })
    expect(composed.outcome.kind).toBe('unforeseeable')
    const byUser = explained({ ...from({ header: 'x-user' }), headers: [['x-user', 'alice']] })
    expect([byUser.session, byUser.outcome.kind, typeof byUser.fingerprint]).toEqual([
      'minted',
      'pod',
      'string',
    ])
  })

  test('that another cookie became is told, and so is its pod', () => {
    const adopting = explained({
      pluginConfig: { session: { adopt: [{ cookie: 'OLD' }] } },
      headers: [['cookie', 'OLD=7']],
    })
    expect([adopting.session, adopting.outcome.kind]).toEqual(['adopted', 'pod'])
  })
})

test('a key that a trusted peer brings along', () => {
  const inbound = explained({
    pluginConfig: {
      session: {},
      key: { trustInbound: { peers: ['spiffe://cluster.local/ns/istio-ingress/sa/*'] } },
    },
    headers: [['x-mooring-key', 'abc'], COOKIE],
    peer: 'spiffe://cluster.local/ns/istio-ingress/sa/gateway',
  })
  expect(inbound.key).toBe('inbound')
  expect(sourceLines(inbound)).toEqual(['from[0] session: not_tried (a trusted peer brings the key along)'])
})

test('a fingerprint is the one that proxies show to who has the debug token, where that is here', () => {
  const pluginConfig = { session: {}, observe: { debugHeader: { env: 'MOORING_SIGNING_3' } } }
  const shared = explained({ pluginConfig, headers: [COOKIE] })
  expect(shared.notes).toEqual([])
  const absent = { session: {}, observe: { debugHeader: { env: 'ELSEWHERE' } } }
  const own = explained({ pluginConfig: absent, headers: [COOKIE] })
  expect(own.notes).toEqual(["the debug token is not here: proxies' fingerprints are others"])
  expect(own.fingerprint).not.toBe(shared.fingerprint)
})

test.each<[string, object, object, readonly (readonly [string, string])[], string]>([
  [
    'the DestinationRule hashes another header',
    { session: {} },
    { httpHeaderName: 'x-user' },
    [COOKIE],
    'the header x-user is not there; the key header is x-mooring-key',
  ],
  [
    'the key is skipped',
    { session: {}, key: { skip: true } },
    { httpHeaderName: 'x-mooring-key' },
    [COOKIE],
    'the header x-mooring-key is not there: the filter has no key part for this request',
  ],
  [
    'in shadow',
    { mode: 'shadow', session: {} },
    { httpHeaderName: 'x-mooring-key' },
    [COOKIE],
    'the header x-mooring-key is not there: in shadow no key is written',
  ],
  [
    'no such query parameter',
    { session: {} },
    { httpQueryParameterName: 'user' },
    [COOKIE],
    'the query parameter user is not there',
  ],
  [
    'no such cookie',
    { session: {} },
    { httpCookie: { name: 'OTHER' } },
    [COOKIE],
    'the cookie OTHER is not there',
  ],
])('any pod: %s', (_, pluginConfig, consistentHash, headers, reason) => {
  expect(explained({ pluginConfig, consistentHash, headers }).outcome).toEqual({ kind: 'any_pod', reason })
})

test('a cookie that Envoy makes up itself picks a pod that nobody can tell', () => {
  const consistentHash = { httpCookie: { name: 'OTHER', ttl: '0s' } }
  expect(explained({ consistentHash, headers: [COOKIE] }).outcome).toEqual({
    kind: 'unforeseeable',
    reason:
      'the cookie is not there: Envoy makes it up of the two ends of the connection, and its pod stays, where the client keeps it',
  })
})

test('a request without a key can be answered by the filter', () => {
  const pluginConfig = { key: { onNone: 'reject', from: [{ header: 'x-a' }], ...HASHED } }
  expect(explained({ pluginConfig }).outcome).toEqual({
    kind: 'answered',
    status: 400,
    details: 'mooring_no_key',
  })
})

test('in shadow what the client sent is hashed', () => {
  const headers = [COOKIE, ['x-mooring-key', 'mine']] as const
  expect(explained({ pluginConfig: { mode: 'shadow', session: {} }, headers }).outcome).toMatchObject({
    kind: 'pod',
  })
  expect(PODS.split(',')).toHaveLength(3)
})
