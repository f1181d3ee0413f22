/** Requests as no client should send them: header maps, properties and answers. */
import { type HeaderEntry, type HeaderList, type PropertyTree, type PropertyValue } from '../../host/index.ts'
import { token } from '../derivation/generate-token.ts'
import {
  ADOPTED_NAMES,
  AUTHZ,
  CLAIM_NAMES,
  COOKIE_NAMES,
  KEY_HEADERS,
  DEBUG_TOKEN,
  MATCH_HEADERS,
  MATCH_VALUES,
  NAMESPACES,
  SOURCE_HEADERS,
  TOKEN_HEADER,
} from './configuration.ts'
import { damagedPairs, damagedText } from './damage.ts'
import type { Prng } from './prng.ts'

/** What a client writes into the key header; it must not reach the router. */
export const FORGED = 'forged-by-a-client'

const ID = 'ABEiM0RVZneImaq7zN3u_w'
const TOKEN = `1.k2.${ID}.AABlU_EAAABlU_NY.Rnoc6ffVJFY4LYLMV2zTRQ`
const VALUES = [
  ID,
  TOKEN,
  `"${ID}"`,
  '5e1192314817394d',
  '',
  '""',
  '"',
  'a b',
  ' a',
  'a ',
  'a,b',
  'a"b',
  'a\\b',
  'a=b=c',
]
const METHODS = ['GET', 'POST', 'PUT', 'OPTIONS', 'TRACE', 'CONNECT', '', 'get', 'M-SEARCH', 'G\0T']
const AUTHORITIES = [
  'test.com',
  'TEST.com.:80',
  'x.example.com',
  '[::1]:8080',
  'a.b.c',
  '',
  ':80',
  '*',
  '[',
  'a..b',
]
const PATHS = [
  '/',
  '/mcp/a/b?user=u%20v&x=',
  '/static/x',
  '/users/7/x?user=%zz',
  '/a%20b',
  '/..//%2f',
  '\\mcp',
  '',
  '*',
  '/a;b',
  '?user',
]
const ADDRESSES = [
  '10.1.2.3:443',
  '[2001:db8::7]:443',
  '::ffff:1.2.3.4',
  '1.2.3',
  '',
  '[::1',
  '/var/run/envoy.sock',
  '1.2.3.4:999999',
]
const URIS = [
  'spiffe://cluster.local/ns/shop/sa/cart',
  'spiffe://td',
  'spiffe://td/ns/a/sa/',
  'https://a',
  '',
]
const CERTIFICATES = [
  `By=${URIS[0] ?? ''};Hash=00ff;Subject="CN=a\\"b\\,c\\\\";URI=${URIS[0] ?? ''};DNS=a.b`,
  'Subject="";URI=,URI=spiffe://td/ns/a/sa/b',
  `Cert="${'x'.repeat(16_370)}";URI=a`,
  'URI=a,'.repeat(64),
  '',
]
const CLUSTERS = [
  'outbound|8080|v1|cart.shop.svc.cluster.local',
  'inbound-vip|80|http|CART.shop.svc.cluster.local',
  'inbound|8080||',
  'plain_cluster',
  '|',
  '',
  'x'.repeat(300),
]
const OCCASIONS: [string, string[]][] = [
  ['sec-fetch-site', ['cross-site', 'same-origin', 'none']],
  ['sec-fetch-mode', ['navigate', 'cors', 'websocket']],
  ['sec-fetch-dest', ['document', 'iframe', 'empty']],
  ['sec-purpose', ['prefetch', 'prefetch;prerender']],
  ['content-type', ['application/grpc', 'application/json']],
  ['access-control-request-method', ['PUT']],
]
const SEPARATORS = ['; ', ';', ' ; ', ',', ';;', '=', '; =', '\t;']
const MANY_HEADERS = 1200

export function randomHeaders(prng: Prng): HeaderList {
  const headers: HeaderEntry[] = []
  const maybe = (name: string, make: () => string): void => {
    if (!prng.onceIn(12)) headers.push([name, make()])
  }
  maybe(':method', () => prng.pick(METHODS))
  maybe(':authority', () => nearly(prng, AUTHORITIES))
  maybe(':path', () => (prng.onceIn(6) ? `/?user=${jwt(prng)}` : nearly(prng, PATHS)))
  maybe(':scheme', () => prng.pick(['http', 'https', 'HTTPS', '']))
  if (prng.onceIn(3)) headers.push(['x-forwarded-proto', prng.pick(['https', 'http', '', 'wss'])])
  for (const [name, values] of OCCASIONS) if (prng.onceIn(8)) headers.push([name, nearly(prng, values)])
  const cookieLines = prng.onceIn(30) ? prng.below(60) : prng.below(4)
  for (let i = 0; i < cookieLines; i++) headers.push(['cookie', cookieLine(prng)])
  for (const name of SOURCE_HEADERS) {
    for (let more = prng.below(5) - 2; more > 0; more--) headers.push([name, text(prng)])
  }
  if (prng.onceIn(2)) headers.push(['authorization', `${prng.pick(['Bearer ', 'bearer  ', ''])}${jwt(prng)}`])
  if (prng.onceIn(6)) headers.push(['x-tenant', jwt(prng)])
  for (const name of MATCH_HEADERS) {
    for (let more = prng.below(5) - 2; more > 0; more--)
      headers.push([name, prng.onceIn(2) ? prng.pick(MATCH_VALUES) : text(prng)])
  }
  for (const name of KEY_HEADERS) {
    for (let more = prng.below(5) - 2; more > 0; more--) headers.push([anyCase(prng, name), FORGED])
  }
  if (prng.onceIn(3)) {
    const token = prng.pick([
      DEBUG_TOKEN,
      DEBUG_TOKEN,
      DEBUG_TOKEN.replace('=', ''),
      nearly(prng, [DEBUG_TOKEN]),
    ])
    headers.push([anyCase(prng, prng.pick(['x-mooring-explain', TOKEN_HEADER])), token])
  }
  for (let more = prng.below(5) - 2; more > 0; more--) {
    headers.push(['x-forwarded-client-cert', prng.onceIn(8) ? text(prng) : nearly(prng, CERTIFICATES)])
  }
  const noise = prng.onceIn(400) ? MANY_HEADERS : prng.onceIn(10) ? 40 : prng.below(4)
  for (let i = 0; i < noise; i++) headers.push([headerName(prng), text(prng)])
  return shuffled(prng, headers)
}

export function randomProperties(prng: Prng): PropertyTree {
  const claims: Record<string, PropertyValue> = {}
  for (const name of CLAIM_NAMES) if (prng.onceIn(2)) claims[name] = claim(prng, 0)
  const payload = prng.onceIn(12) ? claim(prng, 0) : claims
  const tree: Record<string, PropertyValue> = {}
  if (!prng.onceIn(4)) {
    const authz = prng.onceIn(4) ? claim(prng, 0) : { ...claims, claims }
    tree['metadata'] = { filter_metadata: { 'envoy.filters.http.jwt_authn': { payload }, [AUTHZ]: authz } }
  }
  if (!prng.onceIn(4)) tree['source'] = { address: prng.onceIn(8) ? claim(prng, 0) : nearly(prng, ADDRESSES) }
  if (!prng.onceIn(4)) {
    tree['connection'] = {
      uri_san_peer_certificate: certificateName(prng, URIS),
      dns_san_peer_certificate: certificateName(prng, ['a.example.com', 'a\0b', '']),
      subject_peer_certificate: certificateName(prng, ['CN=a,O=b', '']),
      sha256_peer_certificate_digest: certificateName(prng, ['00ff', '']),
    }
  }
  if (!prng.onceIn(4)) tree['connection_id'] = prng.onceIn(8) ? claim(prng, 0) : BigInt(prng.below(4))
  if (!prng.onceIn(4))
    tree['xds'] = { cluster_name: prng.onceIn(8) ? claim(prng, 0) : nearly(prng, CLUSTERS) }
  return tree
}

function certificateName(prng: Prng, names: readonly string[]): PropertyValue {
  return prng.onceIn(8) ? claim(prng, 0) : nearly(prng, names)
}

/** What a proxy says of itself. */
export function randomProxy(prng: Prng): PropertyTree {
  if (prng.onceIn(4)) return {}
  const namespace = prng.onceIn(8) ? claim(prng, 0) : prng.pick(NAMESPACES)
  return { xds: { node: { metadata: { NAMESPACE: namespace } } } }
}

/** An answer's headers, and Envoy's word for where it comes from. */
export function randomAnswer(prng: Prng): { headers: HeaderList; details: string } {
  const headers: HeaderEntry[] = [[':status', prng.pick(['200', '304', '404', '503', ''])]]
  for (let more = prng.below(3); more > 0; more--) headers.push(['set-cookie', `app${more}=${text(prng)}`])
  if (prng.onceIn(3))
    headers.push(['cache-control', prng.pick(['public', 'private', 'max-age=60, s-maxage=1', text(prng)])])
  if (prng.onceIn(6)) headers.push(['expires', prng.pick(['0', 'Wed, 25 Nov 2026 12:00:00 GMT'])])
  if (prng.onceIn(12)) headers.push([prng.pick(['surrogate-control', 'cdn-cache-control']), text(prng)])
  return {
    headers,
    details: prng.pick(['via_upstream', 'via_upstream', 'via_upstream', 'direct_response', '']),
  }
}

function cookieLine(prng: Prng): string {
  let line = ''
  for (let more = prng.onceIn(50) ? 200 : prng.below(6); more > 0; more--) {
    const known = prng.pick(prng.onceIn(5) ? ADOPTED_NAMES : COOKIE_NAMES)
    const name = prng.onceIn(4) ? anyCase(prng, known) : known
    line += (prng.onceIn(8) ? text(prng) : `${name}=${cookieValue(prng)}`) + prng.pick(SEPARATORS)
  }
  return prng.onceIn(6) ? damagedText(prng, line) : line
}

/** A token, sound or damaged in a part or as a whole. */
function jwt(prng: Prng): string {
  return prng.onceIn(4) ? damagedText(prng, token(prng)) : token(prng)
}

function cookieValue(prng: Prng): string {
  if (prng.onceIn(8)) return jwt(prng)
  if (prng.onceIn(4)) return text(prng)
  return prng.onceIn(5) ? 'v'.repeat(prng.pick([127, 128, 129, 130])) : nearly(prng, VALUES)
}

function claim(prng: Prng, depth: number): PropertyValue {
  return prng.oneOf<PropertyValue>([
    () =>
      prng.pick([
        'alice',
        '',
        'a\r\nset-cookie: x=1',
        'a\0b',
        'größe',
        '12345678',
        '1',
        'x'.repeat(prng.pick([4096, 4097, 9000])),
      ]),
    () => prng.pick([0, -0, 1.5, 42, -1, NaN, Infinity, 2 ** 53, 2 ** 53 + 2, 1e300, 5e-324]),
    () => prng.onceIn(2),
    () => null,
    () => prng.bytes(prng.pick([0, 1, 7, 8, 9, 40])),
    () => damagedPairs(prng),
    () => prng.list(prng.below(5), () => (depth < 3 ? claim(prng, depth + 1) : 'deep')),
    () =>
      Object.fromEntries(
        prng.list(prng.below(4), () => [prng.pick(CLAIM_NAMES), depth < 3 ? claim(prng, depth + 1) : 'deep']),
      ),
  ])
}

/** A header's value: short and sound, of any bytes, or far too long. */
function text(prng: Prng): string {
  if (prng.onceIn(300)) return prng.byteString(1).repeat(prng.pick([4096, 8000, 70_000, 300_000]))
  if (prng.onceIn(4)) return prng.byteString(prng.below(40))
  return nearly(prng, ['alice', 'a b', 'de-DE,de;q=0.9', '', 'Bearer x.y.z', '%2F', 'ü'])
}

function nearly(prng: Prng, from: readonly string[]): string {
  const picked = prng.pick(from)
  return prng.onceIn(5) ? damagedText(prng, picked) : picked
}

function headerName(prng: Prng): string {
  if (prng.onceIn(30)) return prng.byteString(prng.below(12))
  return `x-${prng.below(1000)}`
}

function anyCase(prng: Prng, name: string): string {
  return name.replace(/[A-Za-z]/g, (letter) => (prng.onceIn(2) ? letter.toUpperCase() : letter.toLowerCase()))
}

function shuffled<T>(prng: Prng, list: T[]): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = prng.below(i + 1)
    const moved = list[i] as T
    list[i] = list[j] as T
    list[j] = moved
  }
  return list
}
