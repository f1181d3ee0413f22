/**
 * Valid configurations with every field that is built, and what each of them promises. They are valid by
 * construction, so one that the filter refuses is a failure too.
 */
import { damagedText } from './damage.ts'
import type { Prng } from './prng.ts'

/** Base64 of 32 different bytes; it must never be seen in a log. */
export const SECRET = Buffer.from(Array.from({ length: 32 }, (_, i) => 0xa0 + i)).toString('base64')

/** What a client presents to be told how its request was decided; never to be seen in a log or by a pod. */
export const DEBUG_TOKEN = Buffer.from(Array.from({ length: 32 }, (_, i) => 0xc0 + i)).toString('base64')
/** Two signing keys: a secret each, and none of them ever to be seen. */
export const SIGNING_SECRETS = [0x40, 0x60].map((first) =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => first + i)).toString('base64'),
)
export const ADOPTED_NAMES = ['OLDSESSION', '__Secure-old', 'theme']
/** The request header that carries it, where it is not the default. */
export const TOKEN_HEADER = 'X-Ask'

export const COOKIE_NAMES = ['ISTIOID', 'sid', 'a', '__Host-sid', "!#$%&'*+-.^_`|~"]
export const KEY_HEADERS = ['x-mooring-key', 'X-Affinity', 'x-k', "!x#$%&'*+.^_`|~"]
export const SOURCE_HEADERS = ['x-user-id', 'X-Tenant', 'accept-language', 'user-agent', 'authorization']
export const CLAIM_NAMES = ['sub', 'uid', 'https://acme.io/tenant', 'a~b', 'groups', 'größe', 'realm']
/** A filter that leaves claims beside jwt_authn. */
export const AUTHZ = 'envoy.filters.http.ext_authz'
const TOKEN_CARRIERS = [
  { header: 'authorization' },
  { header: 'X-Tenant' },
  { query: 'user' },
  { cookie: 'a' },
]
const CLAIM_TYPES = ['string', 'number', 'boolean', 'list']
const FORWARDED_FIELDS = ['by', 'hash', 'subject', 'uri', 'dns']
const METHODS = ['GET', 'POST', 'PUT', 'OPTIONS', 'M-SEARCH']
const HOSTS = ['test.com', '*.example.com', '*', 'a.b.c', 'xn--bcher-kva.example']
const PATHS = ['/', '/**', '/mcp/**', '/static/*', '/users/{id}/x', '/a%20b', '/healthz', '/a/*/**']
export const MATCH_HEADERS = ['x-beta', 'X-Internal', 'accept-language', 'authorization', 'x-5']
export const MATCH_VALUES = ['1', 'v2', 'alice', 'a b', 'ü']
const SERVICES = ['cart.shop.svc.cluster.local', '*.shop.svc.cluster.local', '*', 'plain_cluster']
export const NAMESPACES = ['shop', 'edge']
const INSTANCES = ['default', 'edge', 'a-16-chars-label']

type Fields = Record<string, unknown>

/** What is decided once for a whole configuration, so that every plan of it is valid after merging. */
interface Shape {
  readonly prng: Prng
  /** Every plan has a session, so that any key may be made from it. */
  readonly everySession: boolean
  /** `format: raw` somewhere, so `all` nowhere. */
  readonly raw: boolean
  readonly secret: boolean
  /** Sessions may be hidden from pods, so every session has a key. */
  readonly hidden: boolean
  /** The top level's session is signed, and rules inherit it; a token's life then goes by its own timeouts. */
  readonly signing: boolean
  /** `secure: true` wherever there is a cookie, which `SameSite=None` and prefixes need. */
  readonly secure: boolean
  readonly modes: readonly string[]
}

/** The object, to be written as JSON. */
export function validConfiguration(prng: Prng): Fields {
  const signing = prng.onceIn(2)
  const shape: Shape = {
    prng,
    everySession: signing || !prng.onceIn(3),
    raw: prng.onceIn(3),
    secret: prng.onceIn(2),
    signing,
    hidden: prng.onceIn(3),
    secure: prng.onceIn(3),
    modes: prng.pick([['enforce'], ['enforce'], ['enforce'], ['shadow'], ['enforce', 'shadow']]),
  }
  const withSession = shape.everySession || prng.onceIn(2)
  const configuration: Fields = { mode: prng.pick(shape.modes) }
  if (withSession)
    configuration['session'] = { ...session(shape), ...(signing ? { signing: signed(prng) } : {}) }
  if (!withSession || (signing && shape.secret) || prng.onceIn(2)) configuration['key'] = key(shape)
  if (!prng.onceIn(3))
    configuration['rules'] = prng.list(prng.onceIn(40) ? 80 : 1 + prng.below(4), (index) =>
      rule(shape, index),
    )
  if (!shape.everySession && !shape.hidden && prng.onceIn(4)) configuration['skip'] = prng.onceIn(2)
  if (prng.onceIn(2)) {
    const debugHeader = {
      env: 'MOORING_DEBUG_TOKEN',
      ...(prng.onceIn(2) ? { whenHeader: TOKEN_HEADER } : {}),
    }
    configuration['observe'] = {
      instance: prng.pick(INSTANCES),
      ...(prng.onceIn(2) ? { debugHeader } : {}),
    }
  }
  if (prng.onceIn(2)) configuration['version'] = 1
  return configuration
}

/** A configuration as the proxy hands it over: usually valid, else damaged; and whether it has to be accepted. */
export function configurationBytes(prng: Prng): { bytes: Uint8Array; valid: boolean } {
  const text = JSON.stringify(validConfiguration(prng), null, prng.pick([0, 0, 1, 2]))
  const bytes = Buffer.from(text)
  if (!prng.onceIn(4)) return { bytes, valid: true }
  return { bytes: Buffer.from(damagedText(prng, bytes.toString('latin1')), 'latin1'), valid: false }
}

function session(shape: Shape): Fields {
  const { prng, everySession } = shape
  const fields: Fields = {}
  if (shape.secure || prng.onceIn(2)) fields['cookie'] = cookie(shape)
  if (prng.onceIn(4)) fields['readOnly'] = prng.onceIn(2)
  if (prng.onceIn(4)) {
    const methods = prng.list(1 + prng.below(3), () => prng.pick(METHODS))
    fields['mint'] = prng.oneOf<Fields>([
      () => ({ methods, scope: prng.pick(['request', 'connection']) }),
      () => ({ skip: prng.onceIn(2) }),
      () => ({ onCacheable: prng.pick(['omit', 'markPrivate']), onLocalReply: prng.onceIn(2) }),
    ])
  }
  if (prng.onceIn(4)) fields['onInvalid'] = prng.pick(['replace', 'ignore', 'reject'])
  if (prng.onceIn(4) && (!shape.signing || shape.secret)) fields['adopt'] = adopted(prng)
  if (shape.hidden && prng.onceIn(2)) fields['hideFromUpstream'] = prng.onceIn(2)
  if (!everySession && prng.onceIn(4)) fields['skip'] = prng.onceIn(2)
  return fields
}

function adopted(prng: Prng): Fields[] {
  return ADOPTED_NAMES.slice(0, 1 + prng.below(ADOPTED_NAMES.length)).map((cookie) => ({
    cookie,
    ...(prng.onceIn(2) ? { delete: true, path: prng.pick(['/', '/old']) } : {}),
  }))
}

function signed(prng: Prng): Fields {
  const order = prng.onceIn(2) ? [1, 2] : [2, 1]
  const keys = order.map((n) => ({ id: `k${n}`, env: `MOORING_SIGNING_${n}` }))
  const fields: Fields = { keys: prng.onceIn(3) ? keys.slice(0, 1) : keys }
  if (prng.onceIn(2)) fields['idleTimeout'] = prng.pick(['2m', '30m'])
  if (prng.onceIn(2)) fields['absoluteTimeout'] = prng.pick(['30m', '12h'])
  // Else a rule with another domain would sign for another audience.
  fields['audience'] = 'test.com'
  if (prng.onceIn(3)) fields['clockSkew'] = prng.pick(['0s', '1m'])
  if (prng.onceIn(3))
    fields['acceptUnsignedUntil'] = prng.pick(['2026-01-01T00:10:00Z', '2027-01-31T00:00:00+01:00'])
  return fields
}

function cookie({ prng, secure, signing }: Shape): Fields {
  const fields: Fields = { name: prng.pick(secure ? COOKIE_NAMES : COOKIE_NAMES.slice(0, 3)) }
  const prefixed = secure
  if (!prefixed && prng.onceIn(2))
    fields['path'] = prng.pick(['/', '/shop', `/${'p'.repeat(prng.below(1023))}`])
  if (!prefixed && prng.onceIn(3)) fields['domain'] = prng.pick(['example.com', '.a.example.com'])
  if (secure) fields['secure'] = true
  else if (prng.onceIn(2)) fields['secure'] = prng.pick(['auto', false, true])
  if (prng.onceIn(2)) fields['httpOnly'] = prng.onceIn(2)
  if (prng.onceIn(2)) fields['sameSite'] = prng.pick(secure ? ['Strict', 'Lax', 'None'] : ['Strict', 'Lax'])
  if (secure && prng.onceIn(3)) fields['partitioned'] = prng.onceIn(2)
  if (signing) return fields
  if (prng.onceIn(2)) fields['ttl'] = prng.pick(['60s', '8h', '1h30m', '9600h', '1000ms'])
  if (prng.onceIn(2)) fields['renew'] = prng.pick(['always', 'never'])
  return fields
}

function key(shape: Shape): Fields {
  const { prng } = shape
  const fields: Fields = {}
  if (prng.onceIn(2)) fields['header'] = prng.pick(KEY_HEADERS)
  if (!shape.everySession || prng.onceIn(2)) fields['from'] = sources(shape, 0, { left: 16, unverified: 4 })
  if (prng.onceIn(2)) fields['format'] = shape.raw ? prng.pick(['raw', 'hash']) : 'hash'
  if (shape.secret) fields['hashSecret'] = { env: 'MOORING_HASH_SECRET' }
  if (prng.onceIn(3)) fields['onNone'] = prng.pick(['balance', 'reject'])
  if (!shape.hidden && prng.onceIn(8)) fields['skip'] = prng.onceIn(2)
  if (shape.signing && !shape.raw && prng.onceIn(3)) fields['bind'] = prng.pick(['none', 'session'])
  return fields
}

function rule(shape: Shape, index: number): Fields {
  const { prng } = shape
  const fields: Fields = { name: `rule-${index}`, match: match(prng) }
  if (prng.onceIn(3)) fields['session'] = session(shape)
  if (prng.onceIn(3)) fields['key'] = key(shape)
  if (prng.onceIn(3)) fields['mode'] = prng.pick(shape.modes)
  if (prng.onceIn(4)) fields['skip'] = prng.onceIn(2)
  return fields
}

function match(prng: Prng): Fields {
  const some = (from: readonly string[]): string[] => prng.list(1 + prng.below(3), () => prng.pick(from))
  const fields: Fields = {}
  if (prng.onceIn(2)) fields['hosts'] = some(HOSTS)
  if (prng.onceIn(2)) fields['methods'] = some(METHODS)
  if (prng.onceIn(4)) fields['headers'] = prng.list(1 + prng.below(3), () => condition(prng))
  if (prng.onceIn(4)) fields['services'] = some(SERVICES)
  if (prng.onceIn(6)) fields['namespaces'] = some(NAMESPACES)
  if (Object.keys(fields).length === 0 || prng.onceIn(2)) fields['paths'] = some(PATHS)
  return fields
}

function condition(prng: Prng): Fields {
  const name = prng.pick(MATCH_HEADERS)
  return prng.oneOf<Fields>([
    () => ({ name, exact: prng.pick(MATCH_VALUES) }),
    () => ({ name, prefix: prng.pick(MATCH_VALUES) }),
    () => ({ name, present: prng.onceIn(2) }),
  ])
}

/** How many leaves there may still be, and how many of them unverified claims. */
interface Budget {
  left: number
  unverified: number
}

/** A list of sources. */
function sources(shape: Shape, depth: number, budget: Budget): unknown[] {
  const list: unknown[] = []
  for (let more = 1 + shape.prng.below(4); more > 0 && budget.left > 0; more--) {
    list.push(source(shape, depth, budget))
  }
  return list
}

function source(shape: Shape, depth: number, budget: Budget): unknown {
  const { prng } = shape
  if (depth < 4 && budget.left > 1 && prng.onceIn(4)) {
    return { [!shape.raw && prng.onceIn(2) ? 'all' : 'firstOf']: sources(shape, depth + 1, budget) }
  }
  budget.left--
  const headers = shape.secret && !shape.raw ? SOURCE_HEADERS : SOURCE_HEADERS.slice(0, -1)
  const number = (most: number): number => 1 + prng.below(most)
  const part = (): string => prng.pick(['trustDomain', 'namespace', 'serviceAccount'])
  const leaves: (() => unknown)[] = [
    () => ({ cookie: prng.pick([...COOKIE_NAMES, 'theme']) }),
    () => ({ header: prng.pick(headers) }),
    () => ({ header: { name: prng.pick(headers), repeated: prng.pick(['ignore', 'join']) } }),
    () => ({ query: prng.pick(['user', 'u[]', 'x']) }),
    () => ({ query: { name: 'user', decode: prng.onceIn(2) } }),
    () => ({ claim: prng.pick(CLAIM_NAMES) }),
    () => ({
      claim: {
        name: prng.onceIn(2) ? prng.pick(CLAIM_NAMES) : prng.list(number(4), () => prng.pick(CLAIM_NAMES)),
        type: prng.pick(CLAIM_TYPES),
        ...(prng.onceIn(3) ? { metadata: prng.pick([[AUTHZ], [AUTHZ, 'claims'], ['a', 'b', 'c']]) } : {}),
      },
    }),
    () => prng.pick<unknown>(['address', { address: number(32) }]),
    () => ({ address: { ipv4Prefix: number(32), ipv6Prefix: number(128) } }),
    () => prng.pick<unknown>(['authority', 'method', { grpc: 'service' }, { grpc: { part: 'method' } }]),
    () => ({ path: prng.pick(['/{id}', '/{id}/**', '/users/{id}/x', '/{a}/{b}/**', '/a/*/{c}']) }),
    () => ({ peer: prng.pick<unknown>(['uri', 'dns', 'subject', 'digest', { field: 'uri', part: part() }]) }),
    () => ({ forwardedClientCert: prng.pick(FORWARDED_FIELDS) }),
    () => ({ forwardedClientCert: { field: 'uri', part: part(), element: 'first', hops: number(4) } }),
    () => ({
      forwardedClientCert: { field: prng.pick(FORWARDED_FIELDS), element: prng.below(3), hops: 3 },
    }),
    () => ({ constant: prng.pick(['all', 'a b', 'ü\r\n\0%,', 'x'.repeat(256)]) }),
  ]
  if (shape.secret && !shape.raw && budget.unverified > 0) {
    leaves.push(() => {
      budget.unverified--
      return { claim: unverifiedClaim(prng) }
    })
  }
  if (shape.everySession) leaves.push(() => prng.pick<unknown>(['session', { session: {} }]))
  const leaf = prng.oneOf(leaves)
  if (typeof leaf !== 'object' || !prng.onceIn(6)) return leaf
  const as = JSON.stringify(leaf).includes('"unverified"') ? 'anybody' : 'user'
  return { ...leaf, ...(prng.onceIn(2) ? { as } : {}), required: prng.onceIn(2) }
}

function unverifiedClaim(prng: Prng): Fields {
  const fields: Fields = { name: prng.pick(CLAIM_NAMES), token: 'unverified', type: prng.pick(CLAIM_TYPES) }
  if (prng.onceIn(2)) fields['name'] = prng.list(1 + prng.below(8), () => prng.pick(CLAIM_NAMES))
  if (!prng.onceIn(3)) fields['in'] = prng.pick(TOKEN_CARRIERS)
  return fields
}
