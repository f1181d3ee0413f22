import { describe, expect, test } from 'vitest'
import { Compiler, SECRET } from './compiler.ts'
import type { KeyView, PlanView, PolicyView, SourceView } from './policy-view.ts'

const compiler = new Compiler()

function compile(configuration: unknown): PolicyView {
  const { policy, errors } = compiler.compile(configuration, { MOORING_HASH_SECRET: SECRET })
  expect(errors).toEqual([])
  if (!policy) throw new Error('refused')
  return policy
}

function top(configuration: object): PlanView {
  const plan = compile(configuration).top
  if (!plan) throw new Error('no plan')
  return plan
}

function key(fields: object): KeyView {
  const view = top({ session: {}, key: fields }).key
  if (!view) throw new Error('no key')
  return view
}

const SOURCE: SourceView = {
  kind: 'session',
  label: '',
  name: '',
  claimType: 'string',
  path: '',
  join: false,
  decode: false,
  ipv4Prefix: 0,
  ipv6Prefix: 0,
  part: 0,
  hops: 0,
  element: 0,
  required: false,
  token: [],
  transforms: [],
  children: [],
}
const SESSION_SOURCE: SourceView = { ...SOURCE, label: 'session' }
const CLAIMS = 'metadata\0filter_metadata\0envoy.filters.http.jwt_authn\0payload\0'

describe('{"session": {}} takes every default', () => {
  test('of the session, the key and the rest', () => {
    const policy = compile({ session: {} })
    expect(policy).toMatchObject({
      rules: [],
      keyHeaders: ['x-mooring-key'],
      asked: [],
      instance: 'default',
      podHeader: '',
    })
    expect(policy.top?.mode).toBe('enforce')
    expect(policy.top?.session).toEqual({
      name: 'ISTIOID',
      attributes: '; Path=/; HttpOnly; SameSite=Lax',
      attributesSecure: '; Path=/; Secure; HttpOnly; SameSite=Lax',
      ttl: 0,
      secure: 'auto',
      sameSite: 'Lax',
      renewAlways: false,
      readOnly: false,
      onInvalid: 'replace',
      hideFromUpstream: false,
      mintSkip: false,
      perConnection: false,
      onCacheable: 'omit',
      onLocalReply: false,
      domain: '',
      methods: [],
      adopted: [],
      adopt: undefined,
      signing: undefined,
      carrier: 'own',
      notFound: false,
      follows: '',
      watches: false,
    })
    expect(policy.top?.key).toMatchObject({
      header: 'x-mooring-key',
      format: 'hash',
      onNone: 'balance',
      hmac: undefined,
      from: [SESSION_SOURCE],
      bound: false,
    })
  })
})

test('key.trustInbound is merged as every part is', () => {
  const policy = compile({
    session: {},
    key: { header: 'X-Key', trustInbound: { peers: ['spiffe://a/b'] } },
    rules: [
      {
        name: 'other',
        match: { paths: ['/a'] },
        key: { trustInbound: { peers: ['spiffe://c/*', 'spiffe://d/**'] } },
      },
      { name: 'same', match: { paths: ['/b'] }, key: { onNone: 'reject' } },
    ],
  })
  expect(policy.top?.key).toMatchObject({
    trustedPeers: ['spiffe://a/b'],
  })
  expect(policy.rules.map(({ plan }) => plan.key?.trustedPeers)).toEqual([
    ['spiffe://c/*', 'spiffe://d/**'],
    ['spiffe://a/b'],
  ])
})

describe('key.from', () => {
  test.each<[source: unknown, view: Partial<SourceView>]>([
    ['session', { kind: 'session', label: 'session' }],
    [{ session: {} }, { kind: 'session', label: 'session' }],
    [{ cookie: 'SID' }, { kind: 'cookie', label: 'cookie:SID', name: 'SID' }],
    [{ cookie: { name: 'SID' } }, { kind: 'cookie', label: 'cookie:SID', name: 'SID' }],
    [
      { header: 'X-User' },
      { kind: 'header', label: 'header:x-user', name: 'x-user', path: 'request\0headers\0x-user' },
    ],
    [
      { header: { name: 'x-user', repeated: 'join' } },
      {
        kind: 'header',
        label: 'header:x-user',
        name: 'x-user',
        path: 'request\0headers\0x-user',
        join: true,
      },
    ],
    [
      { header: { name: 'x-user', repeated: 'ignore' } },
      { kind: 'header', label: 'header:x-user', name: 'x-user', path: 'request\0headers\0x-user' },
    ],
    [{ query: 'user' }, { kind: 'query', label: 'query:user', name: 'user' }],
    [
      { query: { name: 'u%5B0%5D', decode: true } },
      { kind: 'query', label: 'query:u%5B0%5D', name: 'u%5B0%5D', decode: true },
    ],
    [{ claim: 'sub' }, { kind: 'claim', label: 'claim:/sub', name: `${CLAIMS}sub` }],
    [
      { claim: { name: 'uid', type: 'number' } },
      { kind: 'claim', claimType: 'number', label: 'claim:/uid', name: `${CLAIMS}uid` },
    ],
    [
      { claim: { type: 'boolean', name: 'a' } },
      { kind: 'claim', claimType: 'boolean', label: 'claim:/a', name: `${CLAIMS}a` },
    ],
    [
      { claim: { name: 'aud', type: 'list' } },
      { kind: 'claim', claimType: 'list', label: 'claim:/aud', name: `${CLAIMS}aud` },
    ],
    [
      { claim: ['realm', 'tenant'] },
      { kind: 'claim', label: 'claim:/realm/tenant', name: `${CLAIMS}realm\0tenant` },
    ],
    [
      { claim: { name: ['https://acme.io/tenant', 'a~b'] } },
      {
        kind: 'claim',
        label: 'claim:/https:~1~1acme.io~1tenant/a~0b',
        name: `${CLAIMS}https://acme.io/tenant\0a~b`,
      },
    ],
    ['address', { kind: 'address', label: 'address', ipv4Prefix: 32, ipv6Prefix: 128 }],
    [{ address: {} }, { kind: 'address', label: 'address', ipv4Prefix: 32, ipv6Prefix: 128 }],
    [{ address: 24.0 }, { kind: 'address', label: 'address', ipv4Prefix: 24, ipv6Prefix: 128 }],
    [{ address: { ipv6Prefix: 64 } }, { kind: 'address', label: 'address', ipv4Prefix: 32, ipv6Prefix: 64 }],
    [{ path: '/a/{b}' }, { kind: 'path', label: 'path:/a/{b}', name: '/a/{b}' }],
    [{ path: { template: '/{a}/**' } }, { kind: 'path', label: 'path:/{a}/**', name: '/{a}/**' }],
    ['authority', { kind: 'authority', label: 'authority' }],
    [{ method: {} }, { kind: 'method', label: 'method' }],
    [{ grpc: 'service' }, { kind: 'grpc', label: 'grpc:service', name: 'service' }],
    [{ grpc: { part: 'method' } }, { kind: 'grpc', label: 'grpc:method', name: 'method', part: 1 }],
    [
      { claim: 'sub', as: 'user' },
      { kind: 'claim', label: 'as:user', name: `${CLAIMS}sub` },
    ],
    [
      {
        cookie: 'id',
        transform: ['mcpDecode', { last: 8.0 }, { split: { by: '--', take: -2 } }, { capture: 'u{}@*' }],
      },
      {
        kind: 'cookie',
        label: 'cookie:id',
        name: 'id',
        transforms: [
          { kind: 'mcpDecode', count: 0, text: '' },
          { kind: 'last', count: 8, text: '' },
          { kind: 'split', count: -2, text: '--' },
          { kind: 'capture', count: 0, text: 'u{}@*' },
        ],
      },
    ],
    [
      { required: true, header: 'x-user' },
      {
        kind: 'header',
        label: 'header:x-user',
        name: 'x-user',
        path: 'request\0headers\0x-user',
        required: true,
      },
    ],
    [{ constant: 'blå' }, { kind: 'constant', label: 'constant', name: 'blå' }],
    [{ constant: { value: 'x' } }, { kind: 'constant', label: 'constant', name: 'x' }],
  ])('%j', (source, view) => {
    expect(key({ from: [source] }).from).toEqual([{ ...SOURCE, ...view }])
  })

  test('nests firstOf and all up to four deep', () => {
    const nested = { all: [{ firstOf: [{ all: [{ firstOf: ['session', 'address'] }, { claim: 'a' }] }] }] }
    const [source] = key({ from: [nested] }).from
    expect(source).toMatchObject({
      kind: 'all',
      children: [
        {
          kind: 'firstOf',
          children: [
            {
              kind: 'all',
              children: [
                { kind: 'firstOf', children: [{ kind: 'session' }, { kind: 'address' }] },
                { kind: 'claim' },
              ],
            },
          ],
        },
      ],
    })
  })

  test('without a session there is no default: the key comes from what is named', () => {
    const plan = top({ key: { from: [{ claim: 'sub' }] } })
    expect(plan.session).toBeUndefined()
    expect(plan.key?.from).toEqual([{ ...SOURCE, kind: 'claim', label: 'claim:/sub', name: `${CLAIMS}sub` }])
  })
})

describe('key', () => {
  test('has its header in lower case, and takes format and onNone as given', () => {
    expect(key({ header: 'X-Pod-Key', format: 'raw', onNone: 'reject' })).toMatchObject({
      header: 'x-pod-key',
      format: 'raw',
      onNone: 'reject',
    })
  })

  test('skip: true writes no header and removes none', () => {
    const policy = compile({ session: {}, key: { skip: true } })
    expect(policy.top?.key).toBeUndefined()
    expect(policy.keyHeaders).toEqual([])
  })

  test('a header that is named is removed from requests even where skip leaves the key out', () => {
    expect(compile({ session: {}, key: { skip: true, header: 'X-Key' } }).keyHeaders).toEqual(['x-key'])
  })
})

test('patterns are in the index once, with the rules that have them', () => {
  const rules = Array.from({ length: 12 }, (_, i) => ({
    name: `r${i}`,
    match: {
      hosts: ['shop.example.com', `s${i % 2}.example.com`],
      paths: [i % 2 === 0 ? '/a/{id}/**' : '/a/{other}/**', '/'],
      services: ['*'],
      headers: [
        { name: i === 0 ? 'X-Beta' : 'x-beta', exact: 'Ä' },
        { name: 'x-beta', prefix: 'v' },
        { name: 'x-none', present: false },
        { name: 'x-some', present: true },
      ],
    },
  }))
  const policy = compile({ session: {}, rules })
  expect(policy.asked).toEqual(['host', 'service', 'path', 'header x-beta', 'header x-none', 'header x-some'])
  expect(policy.shapes).toBe(2)
  for (const [i, { match, eligible }] of policy.rules.entries()) {
    expect(eligible).toBe(true)
    expect(match).toEqual([
      'header x-beta exact Ä',
      'header x-beta prefix v',
      'header x-none absent',
      'header x-some present',
      `host s${i % 2}.example.com`,
      'host shop.example.com',
      'path /',
      'path /a/*/**',
      'service *',
    ])
  }
})

describe('the configuration of a shop', () => {
  const policy = compile({
    version: 1,
    mode: 'shadow',
    session: { cookie: { name: 'SHOP', ttl: '8h' }, mint: { methods: ['GET'] } },
    key: { from: ['session'], hashSecret: { env: 'MOORING_HASH_SECRET' } },
    rules: [
      {
        name: 'by-tenant',
        match: { hosts: ['*.api.example.com'], paths: ['/mcp/**'], methods: ['POST'] },
        mode: 'enforce',
        key: {
          header: 'x-tenant-key',
          from: [
            { all: [{ claim: 'https://acme.io/tenant' }, { claim: 'sub' }] },
            { header: 'x-user-id' },
            'session',
          ],
        },
      },
      { name: 'static', match: { paths: ['/static/**', '/healthz'] }, skip: true },
      { name: 'long', match: { paths: ['/long'] }, session: { cookie: { ttl: '24h', path: '/long' } } },
    ],
    observe: { instance: 'edge' },
  })

  test('is compiled with everything a request needs to know', () => {
    expect(policy).toMatchObject({
      keyHeaders: ['x-mooring-key', 'x-tenant-key'],
      asked: ['host', 'method', 'path'],
      shapes: 2,
      instance: 'edge',
      top: { mode: 'shadow', session: { name: 'SHOP', methods: ['GET'] }, key: { header: 'x-mooring-key' } },
      rules: [
        { name: 'by-tenant', match: ['host *.api.example.com', 'method POST', 'path /mcp/**'] },
        { name: 'static', match: ['path /healthz', 'path /static/**'] },
        { name: 'long', match: ['path /long'] },
      ],
    })
  })

  test('a rule inherits what it does not say, and shares it', () => {
    const [byTenant, , long] = policy.rules
    expect(byTenant?.plan.mode).toBe('enforce')
    expect(byTenant?.plan.at.session).toBe(policy.top?.at.session)
    expect(byTenant?.plan.key?.at.hmac).toBe(policy.top?.key?.at.hmac)
    expect(byTenant?.plan.key?.from.map((source) => source.kind)).toEqual(['all', 'header', 'session'])
    expect(long?.plan.mode).toBe('shadow')
    expect(long?.plan.at.key).toBe(policy.top?.at.key)
    expect(long?.plan.session).toMatchObject({
      name: 'SHOP',
      ttl: 86400,
      attributes: '; Path=/long; HttpOnly; SameSite=Lax',
      methods: ['GET'],
    })
  })

  test('skip: true leaves session and key out', () => {
    expect(policy.rules[1]?.plan).toMatchObject({ session: undefined, key: undefined })
  })
})
