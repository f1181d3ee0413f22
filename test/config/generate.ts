/**
 * Configurations that are valid by construction, for properties. What cannot be had together (a prefix of the cookie's
 * name and its attributes, a session and what needs one) is made to fit here, so that every one of them is accepted.
 */
import fc from 'fast-check'
import { LOWER, host, label, method, of, part, token } from './generate-parts.ts'
import { STYLES, type Style, cookieFields, session, strictCookie } from './generate-session.ts'

// A name that no key header of `keyHeader` below has.
const headerSource = label.map((name) => `x-in-${name}`)
const keyHeader = fc.oneof(
  label.map((name) => `x-key-${name}`),
  label.map((name) => `X-Key-${name.toUpperCase()}`),
)

const path = fc
  .array(fc.constantFrom('a', 'b-c', '~', '%20', 'x=1', "it's", '*', '{id}', '@', 'index.html', '%C3%A9'), {
    maxLength: 5,
  })
  .chain((segments) => {
    const unique = segments.filter(
      (segment, index) => segment !== '{id}' || segments.indexOf('{id}') === index,
    )
    return fc.constantFrom(`/${unique.join('/')}`, `/${unique.join('/')}${unique.length ? '/' : ''}**`)
  })

const claimName = fc.oneof(
  fc.constantFrom('sub', 'https://acme.io/tenant', 'a~b', 'bl\u00e5', 'a.b'),
  fc.array(fc.constantFrom('realm', 'tenant', '0'), { minLength: 1, maxLength: 3 }),
)
const queryName = of(`${LOWER}[]%25!`, 1, 6)
const claimType = fc.constantFrom('string', 'number', 'boolean', 'list')

const metadata = fc.array(fc.constantFrom('envoy.filters.http.ext_authz', 'payload', 'a/b'), {
  minLength: 1,
  maxLength: 8,
})

// Needs a secret.
const unverified = fc
  .tuple(
    claimName,
    part<Record<string, unknown>>({
      type: claimType,
      in: fc.oneof(
        fc.constantFrom('authorization', 'x-token').map((header) => ({ header })),
        queryName.map((query) => ({ query })),
        token.map((cookie) => ({ cookie })),
      ),
    }),
    part<Record<string, unknown>>({ as: fc.constantFrom('anybody', 'b-1'), required: fc.boolean() }),
  )
  .map(([name, fields, siblings]) => ({ claim: { name, token: 'unverified', ...fields }, ...siblings }))

const spiffePart = fc.constantFrom('trustDomain', 'namespace', 'serviceAccount')
const forwardedField = fc.constantFrom('by', 'hash', 'subject', 'uri', 'dns')
const element = fc.oneof(
  fc.constantFrom({}, { element: 'last' }, { hops: 16 }, { element: 'last', hops: 1 }),
  fc.integer({ min: 1, max: 16 }).map((hops) => ({ element: 'first', hops })),
  fc
    .integer({ min: 1, max: 16 })
    .chain((hops) => fc.nat(hops - 1).map((index) => ({ element: index, hops }))),
)

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom('address', { address: {} }),
  token.map((name) => ({ cookie: name })),
  token.map((name) => ({ cookie: { name } })),
  headerSource.map((name) => ({ header: name })),
  fc
    .tuple(headerSource, fc.constantFrom('ignore', 'join'))
    .map(([name, repeated]) => ({ header: { name, repeated } })),
  queryName.map((name) => ({ query: name })),
  fc.tuple(queryName, fc.boolean()).map(([name, decode]) => ({ query: { name, decode } })),
  claimName.map((name) => ({ claim: name })),
  fc
    .tuple(claimName, claimType, part<Record<string, unknown>>({ token: fc.constant('verified'), metadata }))
    .map(([name, type, fields]) => ({ claim: { name, type, ...fields } })),
  fc.integer({ min: 1, max: 32 }).map((bits) => ({ address: bits })),
  fc
    .tuple(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 1, max: 128 }))
    .map(([ipv4Prefix, ipv6Prefix]) => ({ address: { ipv4Prefix, ipv6Prefix } })),
  path.map((start) => ({ path: `/{own}${start}` })),
  path.map((start) => ({ path: { template: `/{own}${start}` } })),
  fc.constantFrom('authority', 'method', { authority: {} }, { method: {} }),
  fc.constantFrom('service', 'method').map((part) => ({ grpc: part })),
  fc.constantFrom('service', 'method').map((part) => ({ grpc: { part } })),
  fc.constantFrom('uri', 'dns', 'subject', 'digest').map((field) => ({ peer: field })),
  fc.constantFrom('uri', 'dns', 'subject', 'digest').map((field) => ({ peer: { field } })),
  spiffePart.map((part) => ({ peer: { field: 'uri', part } })),
  forwardedField.map((field) => ({ forwardedClientCert: field })),
  fc.tuple(forwardedField, element).map(([field, which]) => ({ forwardedClientCert: { field, ...which } })),
  fc
    .tuple(spiffePart, element)
    .map(([part, which]) => ({ forwardedClientCert: { field: 'uri', part, ...which } })),
  fc.string({ minLength: 1, maxLength: 5 }).map((value) => ({ constant: value })),
  fc.string({ minLength: 1, maxLength: 5, unit: 'binary' }).map((value) => ({ constant: { value } })),
)

const transform = fc.oneof(
  fc.constantFrom('trim', 'lower', 'upper', 'unquote', 'percentDecode', 'base64Decode', 'mcpDecode'),
  fc.integer({ min: 1, max: 4096 }).map((first) => ({ first })),
  fc.integer({ min: 1, max: 4096 }).map((last) => ({ last })),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 4, unit: 'binary' }), fc.integer({ min: -64, max: 63 }))
    .map(([by, take]) => ({ split: { by, take } })),
  fc.constantFrom('{}', 'user-{}@*', '*/{}', 'a*b*c*d*e{}', 'ü{}').map((pattern) => ({ capture: pattern })),
)

const transformed = fc
  .tuple(
    fc.oneof(
      headerSource.map((name) => ({ header: name })),
      claimName.map((name) => ({ claim: { name, type: 'string' } })),
      fc.constantFrom({ path: '/a/{id}' }, { authority: {} }, { grpc: 'service' }, { constant: 'x' }),
      fc.constantFrom({ peer: 'subject' }, { forwardedClientCert: 'uri' }),
    ),
    fc.array(transform, { minLength: 1, maxLength: 8 }),
  )
  .map(([source, list]) => ({ ...source, transform: list }))

const named = fc
  .tuple(
    leaf.filter((source) => typeof source === 'object'),
    part<Record<string, unknown>>({ as: fc.constantFrom('user', 'a-1'), required: fc.boolean() }),
  )
  .map(([source, siblings]) => ({ ...siblings, ...source }))

function sources(withSession: boolean): fc.Arbitrary<unknown[]> {
  const plain = fc.oneof({ weight: 3, arbitrary: leaf }, named, transformed)
  const first = withSession ? fc.oneof(plain, fc.constantFrom('session', { session: {} })) : plain
  const inner = fc.tuple(fc.constantFrom('firstOf', 'all'), fc.array(first, { minLength: 1, maxLength: 3 }))
  const nested = inner.map(([kind, list]) => ({ [kind]: list }))
  const outer = fc
    .tuple(fc.constantFrom('firstOf', 'all'), fc.tuple(first, nested))
    .map(([kind, list]) => ({ [kind]: list }))
  return fc.array(fc.oneof({ weight: 3, arbitrary: first }, nested, outer), { minLength: 1, maxLength: 3 })
}

/** A key whose sources need a session only if there is one. */
function key(withSession: boolean, style: Style): fc.Arbitrary<Record<string, unknown>> {
  const secret = { env: 'MOORING_HASH_SECRET' }
  return fc
    .tuple(
      sources(withSession),
      fc.option(unverified, { freq: 4, nil: undefined }),
      part<Record<string, unknown>>({
        header: keyHeader,
        format: fc.constant('hash'),
        hashSecret: fc.constant(secret),
        onNone: fc.constantFrom('balance', 'reject'),
        trustInbound: fc
          .array(fc.constantFrom('spiffe://cluster.local/ns/a/sa/*', 'spiffe://td/**'), { minLength: 1 })
          .map((peers) => ({ peers: peers.slice(0, 16) })),
        skip: style.hides ? fc.constant(false) : fc.boolean(),
        bind:
          withSession && style.signing !== 'none' ? fc.constantFrom('none', 'session') : fc.constant('none'),
      }),
    )
    .map(([from, anybody, fields]) =>
      anybody === undefined
        ? { ...fields, from }
        : { ...fields, from: [...from, anybody], hashSecret: secret },
    )
}

// A name that no key header has.
const headerCondition = fc
  .tuple(
    fc.constantFrom('x-in-a', 'X-In-B', 'authorization'),
    fc.oneof(
      fc.constantFrom('1', 'v 2', 'blå', 'x'.repeat(256)).map((exact) => ({ exact })),
      fc.constantFrom('v', 'Bearer ').map((prefix) => ({ prefix })),
      fc.boolean().map((present) => ({ present })),
    ),
  )
  .map(([name, condition]) => ({ name, ...condition }))

const moreConditions = part<Record<string, unknown>>({
  headers: fc.array(headerCondition, { minLength: 1, maxLength: 3 }),
  services: fc.array(fc.constantFrom('cart.shop.svc.cluster.local', '*.shop', 'a_b', '*'), {
    minLength: 1,
    maxLength: 2,
  }),
  namespaces: fc.array(fc.constantFrom('shop', 'istio-ingress', '0', 'x'.repeat(63)), {
    minLength: 1,
    maxLength: 2,
  }),
})

const match = fc
  .tuple(
    fc.array(
      fc.oneof(
        host,
        host.map((name) => `*.${name}`),
        fc.constant('*'),
      ),
      { maxLength: 2 },
    ),
    fc.array(path, { minLength: 1, maxLength: 2 }),
    fc.array(method, { maxLength: 2 }),
    moreConditions,
  )
  .map(([hosts, paths, methods, more]) => ({
    ...more,
    ...(hosts.length ? { hosts } : {}),
    paths,
    ...(methods.length ? { methods } : {}),
  }))

const mode = fc.constantFrom('enforce', 'shadow')

function rules(withSession: boolean, style: Style): fc.Arbitrary<object[]> {
  const fields = part<Record<string, unknown>>({
    session: withSession
      ? session(strictCookie, style, false)
      : fc.constantFrom<object>({ cookie: { name: 'own' } }, OWN_SIGNED, ...APPLICATIONS),
    key: key(withSession, style),
    mode,
    skip: fc.boolean(),
  })
  return fc
    .array(fc.tuple(match, fields), { minLength: 1, maxLength: 3 })
    .map((list) =>
      list.map(([when, then], index) => ({ name: `rule-${index}`, match: when, ...withKeyHeader(then) })),
    )
}

/** The application's session needs a key header. */
function withKeyHeader(rule: Record<string, unknown>): Record<string, unknown> {
  if (!APPLICATIONS.some((each) => each === rule['session'])) return rule
  return { ...rule, key: { ...(rule['key'] as object | undefined), skip: false } }
}

const OWN_SIGNED = {
  cookie: { name: 'own-signed' },
  signing: { keys: [{ id: 'k1', env: 'MOORING_SIGNING_1' }], audience: 'shop' },
}

const APPLICATIONS: readonly object[] = [
  { cookie: 'JSESSIONID', strategy: 'wrap', onInvalid: 'strip' },
  { header: 'Mcp-Session-Id', onInvalid: '404' },
].map((application) => ({ application, signing: OWN_SIGNED.signing }))

function configuration(withSession: boolean, style: Style): fc.Arbitrary<Record<string, unknown>> {
  const optional = part<Record<string, unknown>>({
    version: fc.constant(1),
    mode,
    // A rule that brings back the key alone would miss the session.
    skip: withSession ? fc.constant(false) : fc.boolean(),
    rules: rules(withSession, style),
    observe: part<Record<string, unknown>>({
      instance: label,
      debugHeader: fc
        .tuple(
          fc.constant({ env: 'MOORING_DEBUG_TOKEN' }),
          part({ name: fc.constant('X-Why'), whenHeader: fc.constantFrom('X-Ask', 'x-explain') }),
        )
        .map(([env, names]) => ({ ...env, ...names })),
    }),
  })
  return fc.tuple(optional, parts(withSession, style)).map(([some, rest]) => ({ ...some, ...rest }))
}

function parts(withSession: boolean, style: Style): fc.Arbitrary<Record<string, unknown>> {
  if (!withSession) return key(false, style).map((fields) => ({ key: fields }))
  // Rules have this secret too, or inherit it.
  const hashSecret = { env: 'MOORING_HASH_SECRET' }
  const keyed = fc
    .record({ session: session(cookieFields(style), style, true), key: key(true, style) })
    .map((both) => (style.adopts ? { ...both, key: { ...both.key, hashSecret } } : both))
  if (style.adopts && style.signing !== 'none') return keyed
  const alone = session(fc.oneof(cookieFields(style), strictCookie), style, true)
  return fc.oneof(
    alone.map((fields) => ({ session: fields })),
    keyed,
  )
}

/** Configurations that are accepted where the secrets are those of compiler.ts's ENVIRONMENT. */
export const configurations: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  ...STYLES.map((style) =>
    fc.oneof({ weight: 3, arbitrary: configuration(true, style) }, configuration(false, style)),
  ),
)
