/** What mooring explain is asked about, and a real Envoy runs: plugins, DestinationRules, and who may ask. */
import fc from 'fast-check'
import { base64url, tokenOf } from '../session/token.ts'
import { K1, K2, STRANGER } from '../session/keys.ts'

export const PODS = 5
export const HOUR = 3_600

/** One plugin and one DestinationRule. */
export interface Scenario {
  readonly name: string
  readonly pluginConfig: object
  readonly consistentHash: object
  /** By pod; all 1 when absent. */
  readonly weights?: readonly number[]
}

const HASHED = { hashSecret: { env: 'MOORING_HASH_SECRET' } }
const SIGNING = {
  keys: [
    { id: 'k2', env: 'MOORING_SIGNING_2' },
    { id: 'k1', env: 'MOORING_SIGNING_1' },
  ],
  idleTimeout: '2h',
  absoluteTimeout: '24h',
}
const KEY_HEADER = { httpHeaderName: 'x-mooring-key' }

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "a session, Istio's ring without a size",
    pluginConfig: { session: {} },
    consistentHash: KEY_HEADER,
  },
  {
    name: 'rules, and sources one after another, a ring of 4096',
    pluginConfig: {
      session: { cookie: { name: 'SHOP' } },
      key: { ...HASHED, from: [{ claim: 'sub' }, { header: 'x-user' }, 'session'] },
      rules: [
        {
          name: 'api',
          match: { hosts: ['api.test.com'] },
          key: {
            onNone: 'reject',
            from: [{ header: { name: 'x-user', repeated: 'join' } }, { query: 'user' }],
          },
        },
        {
          name: 'carts',
          match: { paths: ['/carts/**'] },
          key: {
            from: [
              { all: [{ claim: 'tenant' }, { claim: 'sub' }] },
              {
                firstOf: [
                  { cookie: 'cart', as: 'cart' },
                  { path: '/carts/{cart}/**', as: 'cart' },
                ],
              },
              'session',
            ],
          },
        },
        {
          name: 'service',
          match: {
            services: ['*.shop.svc.cluster.local'],
            namespaces: ['istio-system'],
            methods: ['DELETE'],
          },
          key: { from: [{ all: ['method', 'authority', { query: 'user' }] }, 'authority'] },
        },
        { name: 'static', match: { paths: ['/static/**'] }, skip: true },
        {
          name: 'beta',
          match: { headers: [{ name: 'x-beta', exact: '1' }], methods: ['GET', 'POST'] },
          key: {
            from: [
              { header: { name: 'x-user' }, transform: ['trim', 'lower', { first: 3 }] },
              { query: { name: 'user', decode: true }, required: true },
              { constant: 'nobody' },
            ],
          },
        },
        { name: 'trial', match: { paths: ['/trial'] }, mode: 'shadow' },
      ],
    },
    consistentHash: { ...KEY_HEADER, ringHash: { minimumRingSize: 4096 } },
  },
  {
    name: 'signed sessions, Maglev',
    pluginConfig: {
      session: { signing: SIGNING, adopt: [{ cookie: 'OLD' }] },
      key: { ...HASHED, from: ['session'] },
    },
    consistentHash: { ...KEY_HEADER, maglev: { tableSize: 65_537 } },
  },
  {
    name: 'signed sessions that are bound, forged ones refused, a small Maglev table',
    pluginConfig: {
      session: { signing: SIGNING, onInvalid: 'reject' },
      key: { ...HASHED, bind: 'session', from: [{ claim: 'sub' }, { header: 'x-user' }, 'session'] },
    },
    consistentHash: { ...KEY_HEADER, maglev: { tableSize: 1_009 } },
  },
  {
    name: 'the cookie itself with a ttl, a ring of 100',
    pluginConfig: { session: { mint: { methods: ['GET'] } }, key: { skip: true } },
    consistentHash: { httpCookie: { name: 'ISTIOID', ttl: '60s' }, ringHash: { minimumRingSize: 100 } },
  },
  {
    name: "the client's address",
    pluginConfig: { key: { ...HASHED, from: [{ address: { ipv4Prefix: 31 } }] } },
    consistentHash: { useSourceIp: true },
  },
  {
    name: 'a query parameter, pods with weights',
    pluginConfig: { session: {} },
    consistentHash: { httpQueryParameterName: 'user', ringHash: { minimumRingSize: 512 } },
    weights: [1, 2, 3, 4, 1],
  },
]

/** A request, with what only the moment of asking can make of it: a token by its user. */
export interface Asked {
  readonly method: string
  readonly host: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly claims: number
  readonly client: number
}

/** Whose tokens there are; none for the first. */
export const CLAIMS: readonly (Record<string, unknown> | undefined)[] = [
  undefined,
  { sub: 'alice', tenant: 'acme' },
  { sub: 'bob' },
  { sub: 'carol', tenant: 7 },
  { tenant: 'acme', scope: 'a b' },
]

const SCOPE = { name: 'ISTIOID' }

/** Cookies of signed sessions: good, of another key, expired, forged. `seconds` since 1970. */
export function tokensAt(seconds: number): readonly string[] {
  const id = (byte: number): Buffer => Buffer.alloc(16, byte)
  const aged = (byte: number, age: number) => ({ id: id(byte), birth: seconds - age, issued: seconds - age })
  const good = tokenOf(K1, SCOPE, aged(1, 60))
  return [
    good,
    tokenOf(K2, SCOPE, aged(2, HOUR - 600)),
    tokenOf(K2, SCOPE, { ...aged(3, 90), bound: id(9) }),
    tokenOf(STRANGER, SCOPE, aged(4, 60)),
    tokenOf(K1, SCOPE, aged(5, 5 * HOUR)),
    tokenOf(K1, SCOPE, { id: id(6), birth: seconds - 30 * HOUR, issued: seconds - 60 }),
    `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`,
    base64url(id(7)),
  ]
}

/** Requests; `tokens` as {@link tokensAt} makes them. */
export function requests(tokens: readonly string[], clients: number): fc.Arbitrary<Asked> {
  const word = fc.stringMatching(/^[a-zA-Z0-9._~-]{1,12}$/)
  const user = fc.constantFrom('alice', 'Bob', 'carol', 'x,y', '')
  const cookie = fc.oneof(
    { weight: 3, arbitrary: word.map((value) => `ISTIOID=${value}`) },
    { weight: 4, arbitrary: fc.constantFrom(...tokens).map((token) => `ISTIOID=${token}`) },
    { weight: 2, arbitrary: word.map((value) => `SHOP=${value}`) },
    word.map((value) => `cart=${value}`),
    word.map((value) => `OLD=${value}`),
    fc.constantFrom('ISTIOID=', 'ISTIOID="q"', 'a=1', 'ISTIOID=a b', 'ISTIOID'),
  )
  const path = fc.oneof(
    fc.constantFrom('/', '/cart', '/static/a.js', '/trial', '/carts', '/a/../carts/7'),
    word.map((cart) => `/carts/${cart}/items`),
  )
  const query = fc.option(
    user.map((value) => `?x=1&user=${encodeURIComponent(value)}`),
    { nil: '' },
  )
  return fc.record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'OPTIONS', 'DELETE'),
    host: fc.constantFrom('test.com', 'test.com', 'api.test.com'),
    target: fc.tuple(path, query).map((parts) => parts.join('')),
    claims: fc.nat(CLAIMS.length - 1),
    client: fc.nat(clients - 1),
    headers: fc
      .record({
        users: fc.array(user, { maxLength: 2 }),
        beta: fc.constantFrom([], [], ['1'], ['2']),
        cookies: fc.oneof(
          {
            weight: 5,
            arbitrary: fc.array(cookie, { minLength: 1, maxLength: 3 }).map((parts) => [parts.join('; ')]),
          },
          { weight: 1, arbitrary: fc.constant<string[]>([]) },
        ),
        keys: fc.constantFrom([], [], ['chosen-by-the-client']),
      })
      .map(({ users, beta, cookies, keys }) => [
        ...users.map((value) => ['x-user', value] as const),
        ...beta.map((value) => ['x-beta', value] as const),
        ...cookies.map((value) => ['cookie', value] as const),
        ...keys.map((value) => ['x-mooring-key', value] as const),
      ]),
  })
}
