/** One change to a valid configuration: of any kind, anywhere. */
import fc from 'fast-check'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

interface Place {
  holder: Json[] | { [name: string]: Json }
  step: string | number
}

// Names that are known somewhere, or will be, or that somebody would try.
const NAMES = [
  ...['version', 'mode', 'session', 'key', 'skip', 'rules', 'observe', 'instance', 'match', 'name', 'cookie'],
  ...['path', 'domain', 'secure', 'httpOnly', 'sameSite', 'partitioned', 'ttl', 'renew', 'readOnly', 'mint'],
  ...[
    'methods',
    'header',
    'from',
    'format',
    'hashSecret',
    'env',
    'onNone',
    'query',
    'claim',
    'address',
    'constant',
  ],
  ...['firstOf', 'all', 'repeated', 'decode', 'type', 'ipv4Prefix', 'ipv6Prefix', 'value', 'hosts', 'paths'],
  ...[
    'onInvalid',
    'adopt',
    'hideFromUpstream',
    'signing',
    'application',
    'scope',
    'onCacheable',
    'onLocalReply',
  ],
  ...['bind', 'trustInbound', 'peer', 'forwardedClientCert', 'authority', 'method', 'grpc', 'token', 'in'],
  ...['path', 'template', 'part', 'user', 'peers', 'trim', 'first', 'last', 'split', 'by', 'take', 'capture'],
  ...[
    'metadata',
    'transform',
    'as',
    'required',
    'headers',
    'services',
    'namespaces',
    'buckets',
    'debugHeader',
    'whenHeader',
  ],
  ...['field', 'element', 'hops', 'keys', 'id', 'idleTimeout', 'absoluteTimeout', 'audience', 'clockSkew'],
  ...['acceptUnsignedUntil', 'delete'],
  ...['Session', 'cookies', 'sub', '', 'x', 'exact', 'prefix', 'present'],
]

const VALUES: Json[] = [
  ...[null, true, false, 0, 1, 2, 15, 16, 17, -1, 1.5, 32, 33, 128, 129, 1e300],
  ...['uri', 'subject', 'digest', 'hash', 'last', 'first', 'namespace', 'trustDomain'],
  ...[
    '',
    'x',
    'auto',
    'session',
    'address',
    'claim',
    'peer',
    'true',
    'lax',
    'Lax',
    'None',
    'always',
    'raw',
    'shadow',
  ],
  ...[
    '1h',
    '1d',
    '0s',
    '1500ms',
    '99999h',
    '1h1h1h1h1h',
    'GET',
    'get',
    '/',
    '/a*',
    '/**',
    '/**/a',
    '/{a}/{a}',
    '/{a}',
    'spiffe://a/b',
    'spiffe://a/*',
    'spiffe://A/b',
    'spiffe://a/..',
    'spiffe://a/**/b',
    'spiffe://a/b/',
    'spiffe://a/b~',
    'service',
    'method',
    'lower',
    'split',
    'a{}b*',
    '{}{}',
    '*{}',
    '//',
    '/..',
  ],
  ...[
    '/%2F',
    '/%41',
    '/a?b',
    '/a;b',
    '*',
    '*.a.b',
    'a*.b',
    'A.b',
    'a:80',
    'a..b',
    '.a.b',
    '__Host-x',
    '__Secure-x',
  ],
  ...[
    'cookie',
    'Host',
    'authorization',
    'x-mooring-key',
    'x-forwarded-for',
    ':path',
    'a b',
    'a;b',
    'é',
    'a\nb',
    'a&b',
    'MOORING_HASH_SECRET',
    'a-',
    '-a',
    'x'.repeat(64),
    'x'.repeat(257),
  ],
  ...[
    [],
    {},
    ['session'],
    [{}],
    ['GET'],
    { name: 'sub' },
    { claim: 'sub' },
    { env: 'MISSING' },
    [[]],
    { name: 'x-a', present: true },
    { name: 'x-a', exact: 'a' },
  ],
  ...[
    'verified',
    'unverified',
    { header: 'authorization' },
    { query: 't', cookie: 't' },
    { name: 'a', token: 'unverified' },
  ],
  ...[
    'k1',
    'K1',
    '301s',
    '5m',
    '20m',
    'reject',
    'ignore',
    'omit',
    'markPrivate',
    'OLDSESSION',
    'ISTIOID',
    'shop',
  ],
  ...['2027-01-31T00:00:00Z', '2027-02-29T00:00:00Z', '2000-02-29T23:59:60-23:59', '2027-01-31'],
  ...['MOORING_SIGNING_1', 'MOORING_SIGNING_2', 'MOORING_DEBUG_TOKEN'],
  ...[
    [{ id: 'k1', env: 'MOORING_SIGNING_1' }],
    { keys: [{ id: 'k1', env: 'MOORING_SIGNING_1' }] },
    [{ cookie: 'ISTIOID' }],
    [{ cookie: '__Host-x', path: '/x', delete: true }],
  ],
]

const CHARACTERS = [
  ' ',
  ';',
  '\n',
  '\0',
  '\x7f',
  'é',
  '😀',
  '/',
  '*',
  '-',
  '_',
  '.',
  'A',
  '0',
  '%',
  '{',
  '"',
  ',',
  '=',
]

/** What is done at one place: a number chooses among the values of its kind. */
const KINDS = [
  (place: Place, choice: number) => {
    set(place, element(VALUES, choice))
  },
  (place: Place) => {
    remove(place)
  },
  (place: Place, choice: number) => {
    addMember(get(place), element(NAMES, choice), element(VALUES, choice >>> 8))
  },
  (place: Place, choice: number) => {
    rename(place, element(NAMES, choice))
  },
  (place: Place, choice: number) => {
    changeText(place, choice)
  },
  (place: Place, choice: number) => {
    repeatItems(place, choice)
  },
  (place: Place, choice: number) => {
    wrap(place, choice)
  },
]

/** A copy of a configuration, damaged once. */
export function damaged(valid: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<unknown> {
  return fc
    .tuple(valid, fc.nat(), fc.nat(), fc.nat(KINDS.length - 1))
    .map(([configuration, where, choice, kind]) => {
      const root: Json[] = [structuredClone(configuration) as Json]
      const places = placesOf(root)
      element(KINDS, kind)(element(places, where), choice)
      return root[0] ?? null
    })
}

function placesOf(holder: Json[] | { [name: string]: Json }, places: Place[] = []): Place[] {
  for (const step of Array.isArray(holder) ? holder.keys() : Object.keys(holder)) {
    const place = { holder, step }
    places.push(place)
    const value = get(place)
    if (value !== null && typeof value === 'object') placesOf(value, places)
  }
  return places
}

function get({ holder, step }: Place): Json {
  return (holder as Record<string | number, Json>)[step] ?? null
}

function set({ holder, step }: Place, value: Json): void {
  const copy = structuredClone(value)
  if (Array.isArray(holder)) holder[Number(step)] = copy
  else holder[step] = copy
}

function remove({ holder, step }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(step), 1)
  else Reflect.deleteProperty(holder, step)
}

function addMember(value: Json, name: string, member: Json): void {
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    value[name] = structuredClone(member)
}

function rename(place: Place, name: string): void {
  const value = get(place)
  if (Array.isArray(place.holder)) return
  remove(place)
  place.holder[name] = value
}

function changeText(place: Place, choice: number): void {
  const value = get(place)
  if (typeof value === 'number') set(place, value + element([-1, 1, 0.5, 100], choice))
  if (typeof value !== 'string') return
  const characters = Array.from(value)
  const at = choice % (characters.length + 1)
  const cut = (choice >>> 6) % 2
  characters.splice(at, cut, element(CHARACTERS, choice >>> 8))
  const once = characters.join('')
  // Of a path the parser names the first fault only: a capture twice would hide that there are too many segments.
  set(place, (choice >>> 16) % 8 === 0 && !once.includes('{') ? once.repeat(40) : once)
}

function repeatItems(place: Place, choice: number): void {
  const value = get(place)
  if (Array.isArray(value))
    set(place, Array.from({ length: element([0, 2, 9, 17, 33], choice) }, () => value).flat())
}

function wrap(place: Place, choice: number): void {
  const name = element(['firstOf', 'all', 'name', 'claim', 'session'], choice)
  let value = get(place)
  for (let level = (choice >>> 8) % 6; level >= 0; level--)
    value = { [name]: name === 'firstOf' || name === 'all' ? [value] : value }
  set(place, value)
}

function element<T>(values: readonly T[], choice: number): T {
  const value = values[choice % values.length]
  if (value === undefined) throw new RangeError('there is nothing to choose from')
  return value
}
