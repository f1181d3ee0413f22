import { all, expectedKey, leaf } from './expected-key.ts'
import { issuedOf, sealedPod, sessionToken, type SigningKey, wrappedValue } from './session-token.ts'

/** The cookie of the session, in the manifests and here. */
export const COOKIE = 'ISTIOID'

/** The header that names pods, of `session.persistence`. */
export const POD_HEADER = 'x-session-pod'

/** The upstream's answer to a request with this header sets this cookie. */
export const ANSWER_SETS = 'x-answer-sets'

/** What each request of a block sends. */
export interface Visit {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** What a request leaves behind, as far as it is about affinity. */
export interface Outcome {
  /** The key header that reached the upstream. */
  readonly key: string | undefined
  /** The value of the session's cookie that reached the upstream. */
  readonly session: string | undefined
  /** The value that the answer sets the session's cookie to. */
  readonly set: string | undefined
  /** The header that names the pod, as it reached the upstream. */
  readonly pod: string | undefined
}

/** One thing that a filter is there for, and what shows that it was done. */
export interface Job {
  readonly letter: string
  readonly name: string
  readonly visit: Visit
  /** Which part of a request the DestinationRule hashes. */
  readonly hashes: 'header' | 'cookie'
  /** Whether the request came without a token: no claim stands verified then. */
  readonly anonymous?: boolean
  /** Fields of the pluginConfig that take the place of the shipped one's. */
  readonly pluginConfig: {
    readonly session?: object
    readonly key?: object
    readonly rules?: readonly object[]
  }
  /** What Mooring must have done, given what was seen: ids and times of new sessions are its own. */
  readonly expected: (seen: Outcome) => Outcome
}

/** The claims that stand verified before the filter runs, unless a job's request is anonymous. */
export const CLAIMS = { sub: 'alice' }

const secret = (first: number): string =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => first + i)).toString('base64')

/** As `MOORING_HASH_SECRET` holds it. */
export const HASH_SECRET = secret(32)
const SIGNING_KEY: SigningKey = { id: 'k1', secret: secret(96) }

/** The variables that the configurations name. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  MOORING_HASH_SECRET: HASH_SECRET,
  MOORING_SIGNING_1: SIGNING_KEY.secret,
}

export const SESSION = 'ABEiM0RVZneImaq7zN3u_w'
const SESSION_ID = Buffer.from(SESSION, 'base64url')

/** As Tomcat makes them. */
const APPLICATION_ID = '6A2F0D9C41E7B85340FA1D26C98E7B03'
/** Base64 of 10.244.1.7:8080, which Envoy knows no host of: it goes by the hash, and names none where nobody asked it. */
const POD = 'MTAuMjQ0LjEuNzo4MDgw'
const NONCE = Buffer.alloc(16, 7)

const HOURS = 3600
/** Long enough that a token keeps its state through a whole run. */
const SIGNED = {
  session: {
    signing: {
      keys: [{ id: SIGNING_KEY.id, env: 'MOORING_SIGNING_1' }],
      idleTimeout: '8h',
      absoluteTimeout: '48h',
    },
  },
}
const BY_CLAIM = { claim: 'sub' }
const BY_TENANT_AND_CART = [{ header: 'x-tenant' }, { path: '/carts/{cart}/**' }]
const TENANT_AND_CART = [leaf('header:x-tenant', 'acme'), leaf('path:/carts/{cart}/**', '7')]
const HASHED = { hashSecret: { env: 'MOORING_HASH_SECRET' } }
/** The first of these that yields: the user, the cart of a tenant, the session. */
const CHAIN = { from: [BY_CLAIM, { all: BY_TENANT_AND_CART }, 'session'], ...HASHED }
const ID = /^[\w-]{22}$/

const keyOf = (session: string): string => expectedKey(leaf('session', Buffer.from(session, 'base64url')))

function visit(
  cookie: string,
  headers: Readonly<Record<string, string>> = {},
  path = '/carts/7/items',
): Visit {
  return { path, headers: { host: 'test.com', ...(cookie === '' ? {} : { cookie }), ...headers } }
}

/** As a browser that has other cookies too sends it. */
const among = (session: string): string => `theme=dark; lang=en; ${COOKIE}=${session}; consent=all`

/** 40 cookies, 4,096 bytes together; the session is the last. */
function manyCookies(): string {
  const others = Array.from({ length: 39 }, (_, i) => `c${String(i).padStart(2, '0')}=${'v'.repeat(98)}`)
  const text = [...others, `${COOKIE}=${SESSION}`].join('; ')
  return text.padStart(4096, 'p')
}

/** Rules of other hosts, but for the last. */
function twentyRules(): readonly object[] {
  return Array.from({ length: 20 }, (_, i) => ({
    name: `r${i}`,
    match: i === 19 ? { paths: ['/carts/**'] } : { hosts: [`h${i}.example.com`], paths: [`/p${i}/**`] },
    key: { from: [{ all: [BY_CLAIM, ...BY_TENANT_AND_CART] }] },
  }))
}

const outcome = (key: string | undefined, session: string | undefined) => (): Outcome => ({
  key,
  session,
  set: undefined,
  pod: undefined,
})

/** The jobs, for clients whose tokens are right at the time `now`, in seconds since 1970. */
export function jobsAt(now: number): readonly Job[] {
  const token = (issued: number): string =>
    sessionToken(SIGNING_KEY, COOKIE, SESSION_ID, { birth: now - 6 * HOURS, issued })
  const key = keyOf(SESSION)
  const wrapped = wrappedValue(SIGNING_KEY, COOKIE, APPLICATION_ID, SESSION_ID)
  return [
    {
      letter: 'a',
      name: 'session cookie present, key written',
      visit: visit(among(SESSION)),
      hashes: 'header',
      pluginConfig: {},
      expected: outcome(key, SESSION),
    },
    {
      letter: 'b',
      name: 'session cookie present, the DestinationRule hashes it',
      visit: visit(among(SESSION)),
      hashes: 'cookie',
      pluginConfig: { key: { skip: true } },
      expected: outcome(undefined, SESSION),
    },
    {
      letter: 'c',
      name: 'first visit: session begun, cookie set, key written',
      visit: visit('theme=dark; lang=en; consent=all'),
      hashes: 'header',
      pluginConfig: {},
      expected: ({ set = '' }) => ({
        key: keyOf(set),
        session: set,
        set: ID.test(set) ? set : `${COOKIE}=<22 characters>`,
        pod: undefined,
      }),
    },
    {
      letter: 'd',
      name: 'signed cookie verified, not renewed',
      visit: visit(among(token(now))),
      hashes: 'header',
      pluginConfig: SIGNED,
      expected: outcome(key, SESSION),
    },
    {
      letter: 'e',
      name: 'signed cookie verified and renewed',
      visit: visit(among(token(now - 5 * HOURS))),
      hashes: 'header',
      pluginConfig: SIGNED,
      expected: ({ set = '' }) => {
        const issued = issuedOf(set)
        return { key, session: SESSION, set: token(issued >= now ? issued : now), pod: undefined }
      },
    },
    {
      letter: 'f',
      name: 'verified claim, hashed with a secret',
      visit: visit(among(SESSION)),
      hashes: 'header',
      pluginConfig: { key: { from: [BY_CLAIM, 'session'], ...HASHED } },
      expected: outcome(expectedKey(leaf('claim:/sub', CLAIMS.sub), HASH_SECRET), SESSION),
    },
    {
      letter: 'g',
      name: 'claim, header and path together, under the last of 20 rules',
      visit: visit(among(SESSION), { 'x-tenant': 'acme' }),
      hashes: 'header',
      pluginConfig: { rules: twentyRules() },
      expected: outcome(expectedKey(all(leaf('claim:/sub', CLAIMS.sub), ...TENANT_AND_CART)), SESSION),
    },
    {
      letter: 'h',
      name: '40 cookies of 4 KB together, the session last',
      visit: visit(manyCookies()),
      hashes: 'header',
      pluginConfig: {},
      expected: outcome(key, SESSION),
    },
    {
      letter: 'i',
      name: 'a rule skips the request',
      visit: visit(among(SESSION), {}, '/healthz'),
      hashes: 'header',
      pluginConfig: { rules: [{ name: 'health', match: { paths: ['/healthz'] }, skip: true }] },
      expected: outcome(undefined, SESSION),
    },
    {
      letter: 'j',
      name: "the application's cookie unwrapped, and the one that it answers with wrapped",
      visit: visit(among(wrapped), { [ANSWER_SETS]: `${COOKIE}=${APPLICATION_ID}; Path=/; HttpOnly` }),
      hashes: 'header',
      // The application's cookie has the name that Mooring's own has in other jobs.
      pluginConfig: {
        session: {
          cookie: undefined,
          application: { cookie: COOKIE },
          signing: { keys: SIGNED.session.signing.keys },
        },
      },
      expected: () => ({ key, session: APPLICATION_ID, set: wrapped, pod: undefined }),
    },
    {
      letter: 'k',
      name: 'signed cookie verified, with the pod sealed in it',
      visit: visit(among(token(now) + sealedPod(SIGNING_KEY, COOKIE, SESSION_ID, POD, NONCE))),
      hashes: 'header',
      pluginConfig: { session: { ...SIGNED.session, persistence: { header: POD_HEADER } } },
      expected: () => ({ key, session: SESSION, set: undefined, pod: POD }),
    },
    {
      letter: 'l',
      name: 'no claim, so tenant and path together before the session, hashed with a secret',
      visit: visit(among(SESSION), { 'x-tenant': 'acme' }),
      hashes: 'header',
      anonymous: true,
      pluginConfig: { key: CHAIN },
      expected: outcome(expectedKey(all(...TENANT_AND_CART), HASH_SECRET), SESSION),
    },
  ]
}

/** The value of the session's cookie in a Cookie header; undefined where it is not there. */
export function sessionIn(cookies: string): string | undefined {
  const prefix = `${COOKIE}=`
  return cookies
    .split('; ')
    .find((pair) => pair.startsWith(prefix))
    ?.slice(prefix.length)
}
