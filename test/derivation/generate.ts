/** Keys as a configuration writes them, and requests that their sources often find something in. */
import type { HeaderEntry, HeaderList } from '../../host/index.ts'
import { damagedText } from '../fuzz/damage.ts'
import type { Prng } from '../fuzz/prng.ts'
import type { PeerCertificate } from './certificate.ts'
import type { KeyText, Request, SourceText } from './derive.ts'
import { CARRIERS, TOKEN_CLAIMS, token, tokenHeaders } from './generate-token.ts'
import type { TransformText } from './transform.ts'

const COOKIES = ['cart', 'sid']
const HEADERS = ['X-User', 'x-tenant']
const QUERIES = ['user', 'u[]']
const CLAIMS: (string | string[])[] = ['sub', 'uid', 'https://acme.io/tenant', 'a~b', ['realm', 'id']]
const AUTHZ = 'envoy.filters.http.ext_authz'
const PLACES = [['envoy.filters.http.jwt_authn', 'payload'], [AUTHZ, 'cl/ms'], [AUTHZ]]
const TYPES = ['string', 'number', 'boolean', 'list']
const TEMPLATES = ['/carts/{cart}/**', '/carts/{cart}', '/{tenant}/users/{user}', '/*/{b}/**', '/a%20b/{x}/']
const TEXTS = [
  'a',
  'alice',
  'b c',
  '',
  '%20x',
  'a,b',
  '+',
  ' Alice\t',
  '"q"',
  'YWxpY2U=',
  '=?base64?w6Jnw6k=?=',
  ...[256, 257, 4096, 4097].map((length) => 'x'.repeat(length)),
  'ü',
]
const PATHS = [
  ...[
    '/carts/7',
    '/carts/7/items',
    '//carts/./x/../%37',
    '/carts/7;v=1',
    '/carts/%c3%a9',
    '/acme/users/alice',
  ],
  ...[
    '/acme/users/',
    '/shop.v1.Carts/GetItem',
    '/a%20b/x/',
    '/',
    '/a/..',
    '/../a',
    '/carts\\8',
    '/carts/7%2Fx',
  ],
]
const VALUES: unknown[] = [
  ...['alice', '', 'a\nb', 'größe', 'x'.repeat(4097), 0, -0, 42, 1.5, -7, 2 ** 53, 2 ** 53 + 2, true, false],
  ...[['a', 'bc'], ['abc'], [''], [], ['a,b'], { id: 'x' }, { id: 7 }, { id: ['a'] }],
]
const AUTHORITIES = [
  'test.com',
  'Shop.Example.COM:8443',
  'a.b.',
  'a.b.:80',
  '[2001:DB8::1]:80',
  '10.0.0.1:80',
]
const ADDRESSES = [
  '10.1.2.3:443',
  '[2001:db8:1:2::f]:80',
  '[::ffff:1.2.3.4]:80',
  '1.2.3.4',
  'pipe',
  '[::1]:1',
]

/** What a key is made for, and how many sources it may still have. */
interface Shape {
  readonly raw: boolean
  left: number
  /** Unverified claims, which a key without a secret may not have. */
  unverifiedLeft: number
}

const URIS = [
  ...['spiffe://cluster.local/ns/shop/sa/cart', 'spiffe://td/ns/a/sa/b', 'spiffe://td/x', 'spiffe://td'],
  ...['spiffe://td/ns/a/sa/c', 'spiffe://cluster.local/ns/b/sa/cart'],
  ...['spiffe://Td/ns/a/sa/b', 'spiffe://td/ns/a/sa/', 'spiffe://td/ns/../sa/b', 'https://a/?b=c', ''],
]
const SUBJECTS = ['CN=a,O=b', 'CN=a\\,O=b', 'CN=\\"a\\"', 'CN=a\\\\', 'CN=gr\\C3\\B6', '', 'CN=a;URI=b']
const NAMES: Record<string, string[]> = {
  By: URIS,
  Hash: ['00ff', 'a5cc', ''],
  Cert: ['', '-----BEGIN%20CERTIFICATE-----%0AMII'],
  Subject: SUBJECTS,
  URI: URIS,
  DNS: ['a.example.com', '', '*'],
  'X-new_1': ['x'],
}

export function randomKey(prng: Prng, secret: string): KeyText {
  const raw = prng.onceIn(4)
  const keyed = !raw && prng.onceIn(2)
  return {
    from: sources(prng, { raw, left: 16, unverifiedLeft: keyed ? 4 : 0 }, 0),
    format: raw ? 'raw' : 'hash',
    secret: keyed ? secret : undefined,
  }
}

function sources(prng: Prng, shape: Shape, depth: number): SourceText[] {
  const list: SourceText[] = []
  for (let more = 1 + prng.below(3); more > 0 && shape.left > 0; more--) {
    list.push(source(prng, shape, depth))
  }
  return list
}

function source(prng: Prng, shape: Shape, depth: number): SourceText {
  const required = prng.onceIn(12) ? { required: true } : {}
  if (depth < 4 && shape.left > 1 && prng.onceIn(4)) {
    const kind = !shape.raw && prng.onceIn(2) ? 'all' : 'firstOf'
    return { [kind]: sources(prng, shape, depth + 1), ...required }
  }
  shape.left--
  const unverified = shape.unverifiedLeft > 0 && prng.onceIn(6)
  if (unverified) shape.unverifiedLeft--
  const chosen = unverified ? { claim: unverifiedClaim(prng) } : leaf(prng)
  if (typeof chosen === 'string') return chosen
  return {
    ...chosen,
    ...required,
    ...(prng.onceIn(6) ? { as: prng.pick(unverified ? ['anybody'] : ['user', 'method']) } : {}),
    ...(prng.onceIn(3) && yieldsText(chosen)
      ? { transform: prng.list(1 + prng.below(3), () => transform(prng)) }
      : {}),
  }
}

/** True for sources whose text may be transformed. */
function yieldsText(chosen: Readonly<Record<string, unknown>>): boolean {
  const written = JSON.stringify(chosen)
  if (/"address"|"type":"(number|boolean|list)"/.test(written)) return false
  return [...written.matchAll(/\{[a-z]+\}/g)].length < 2
}

function transform(prng: Prng): TransformText {
  const pick = <T>(from: readonly T[]): T => prng.pick(from)
  return prng.oneOf<TransformText>([
    () => pick(['trim', 'lower', 'upper', 'unquote', 'percentDecode', 'base64Decode', 'mcpDecode']),
    () => ({ first: 1 + prng.below(6) }),
    () => ({ last: 1 + prng.below(6) }),
    () => ({ split: { by: pick(['l', ' ', ',', 'xx']), take: prng.below(5) - 2 } }),
    () => ({ capture: pick(['{}', 'a{}', '*c{}', '{}c*', 'b*c{}', '*l{}c*', 'x*x{}x', '*i*e{}']) }),
  ])
}

/** A claim of a token that nobody has verified. */
export function unverifiedClaim(prng: Prng): Record<string, unknown> {
  const carrier = prng.pick(CARRIERS)
  const [name, type] = prng.pick(TOKEN_CLAIMS)
  return {
    name,
    type: prng.onceIn(4) ? prng.pick(TYPES) : type,
    token: 'unverified',
    ...(carrier === undefined ? {} : { in: carrier }),
  }
}

const PARTS = ['trustDomain', 'namespace', 'serviceAccount']
const FORWARDED = ['by', 'hash', 'subject', 'uri', 'dns']

function element(prng: Prng): Record<string, unknown> {
  const hops = prng.pick([1, 1, 2, 3])
  return prng.oneOf<Record<string, unknown>>([
    () => ({}),
    () => ({ element: 'last' }),
    () => ({ hops }),
    () => ({ element: 'first', hops }),
    () => ({ element: prng.below(hops), hops }),
  ])
}

function leaf(prng: Prng): SourceText {
  const pick = <T>(from: readonly T[]): T => prng.pick(from)
  return prng.oneOf<SourceText>([
    () => pick(['address', 'authority', 'method']),
    () => ({ address: { ipv4Prefix: 1 + prng.below(32), ipv6Prefix: 1 + prng.below(128) } }),
    () => ({ cookie: pick(COOKIES) }),
    () => ({ header: pick(HEADERS) }),
    () => ({ header: { name: pick(HEADERS), repeated: pick(['ignore', 'join']) } }),
    () => ({ query: pick(QUERIES) }),
    () => ({ query: { name: pick(QUERIES), decode: true } }),
    () => ({ claim: { name: pick(CLAIMS) } }),
    () => ({ claim: { name: pick(CLAIMS), type: pick(TYPES) } }),
    () => ({ claim: { name: pick(CLAIMS), type: pick(TYPES), metadata: pick(PLACES) } }),
    () => ({ path: pick(TEMPLATES) }),
    () => ({ path: { template: pick(TEMPLATES) } }),
    () => ({ grpc: pick(['service', 'method']) }),
    () => ({ constant: pick(['k', 'größe', 'a b']) }),
    () => ({ peer: pick(['uri', 'dns', 'subject', 'digest', { field: 'uri', part: pick(PARTS) }]) }),
    () => ({ forwardedClientCert: pick([pick(FORWARDED), { field: pick(FORWARDED), ...element(prng) }]) }),
    () => ({ forwardedClientCert: { field: 'uri', part: pick(PARTS), ...element(prng) } }),
  ])
}

export function randomRequest(prng: Prng): Request {
  const text = (): string => Buffer.from(prng.pick(TEXTS)).toString('latin1')
  const some = (most: number, make: () => string): string[] => prng.list(prng.below(most + 1), make)
  const query = some(3, () => `${prng.pick(QUERIES)}${prng.pick(['=', '=', ''])}${queryText(prng)}`)
  if (prng.onceIn(3)) query.push(`id_token=${token(prng)}`)
  const headers: HeaderEntry[] = [
    [':method', prng.pick(['GET', 'POST', 'M-SEARCH'])],
    [':scheme', 'http'],
    [':authority', prng.pick(AUTHORITIES)],
    [':path', prng.pick(PATHS) + (query.length > 0 ? `?${query.join('&')}` : '')],
  ]
  for (const name of some(3, () => prng.pick(HEADERS).toLowerCase())) headers.push([name, text()])
  headers.push(...tokenHeaders(prng))
  for (const line of some(2, () => cookieLine(prng))) headers.push(['cookie', line])
  if (prng.onceIn(2)) {
    headers.push(['content-type', prng.pick(['application/grpc', 'application/grpc+proto', 'text/plain'])])
  }
  for (const line of prng.list(prng.pick([0, 1, 1, 1, 2]), () => forwardedLine(prng)))
    headers.push(['x-forwarded-client-cert', line])
  const metadata = {
    'envoy.filters.http.jwt_authn': { payload: claims(prng) },
    [AUTHZ]: { ...claims(prng), 'cl/ms': claims(prng) },
  }
  return {
    headers: headers satisfies HeaderList,
    metadata,
    address: prng.pick(ADDRESSES),
    peer: peer(prng),
  }
}

/** What a proxy writes, sometimes damaged. */
function forwardedLine(prng: Prng): string {
  const pair = (): string => {
    const [key, values] = prng.pick(Object.entries(NAMES))
    const name = prng.onceIn(6) ? key.toLowerCase() : key
    const value = prng.pick(values)
    const isQuoted = key === 'Subject' || key === 'Cert' || prng.onceIn(8)
    return `${name}=${isQuoted ? `"${value}"` : value}`
  }
  const elements = prng.list(prng.pick([1, 1, 2, 3]), () => prng.list(2 + prng.below(6), pair).join(';'))
  const line = elements.join(prng.pick([',', ',', ', ', ',\t ']))
  if (prng.onceIn(40)) return `Cert="${'x'.repeat(prng.pick([4097, 16_366, 16_367]))}";URI=a`
  if (prng.onceIn(40)) return prng.list(prng.pick([64, 65]), () => 'URI=a').join(',')
  return prng.onceIn(8) ? damagedText(prng, line) : line
}

function peer(prng: Prng): PeerCertificate {
  return {
    ...(prng.onceIn(4) ? {} : { uri: prng.pick([...URIS, 'x'.repeat(4097)]) }),
    ...(prng.onceIn(3) ? {} : { dns: prng.pick(['a.example.com', '*.example.com']) }),
    ...(prng.onceIn(3) ? {} : { subject: prng.pick(SUBJECTS) }),
    ...(prng.onceIn(3) ? {} : { digest: prng.pick(['00ff', 'a5cc']) }),
  }
}

function queryText(prng: Prng): string {
  return prng.pick(['alice', '', 'a%20b+c', '%zz', '%', '%C3%BC', 'a=b', 'x'.repeat(300)])
}

function cookieLine(prng: Prng): string {
  const part = (): string =>
    `${prng.pick([...COOKIES, 'theme'])}=${prng.pick(['7', '', '"8"', '"', 'a b', 'x'.repeat(300)])}`
  return prng.list(1 + prng.below(3), part).join(prng.pick(['; ', ';', ';;']))
}

function claims(prng: Prng): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const name of ['sub', 'uid', 'https://acme.io/tenant', 'a~b', 'realm']) {
    if (!prng.onceIn(3)) found[name] = prng.pick(VALUES)
  }
  return found
}
