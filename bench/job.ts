import { all, expectedKey, leaf } from './expected-key.ts'

/** What each request of a block sends. */
export interface Visit {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** What a contender is given, and what shows that it did its work. */
export interface Job {
  readonly visit: Visit
  /** The claims that stand verified before the contender's filter runs. */
  readonly claims: Readonly<Record<string, string>>
  /** The key header's value as the upstream must get it; undefined: no key header. */
  readonly key: string | undefined
}

/** As `MOORING_HASH_SECRET` holds it. */
export const HASH_SECRET = Buffer.from(Array.from({ length: 32 }, (_, i) => 32 + i)).toString('base64')

const SESSION = 'ABEiM0RVZneImaq7zN3u_w'
const SESSION_NODE = leaf('session', Buffer.from(SESSION, 'base64url'))

/** A request of the same length with either header, so that one baseline serves both. */
function visit(header: { 'x-tenant': 'acme' } | { 'x-region': 'west' }): Visit {
  return {
    path: '/carts/7/items',
    headers: {
      host: 'test.com',
      // The session is there already, as nearly always.
      cookie: `theme=dark; lang=en; ISTIOID=${SESSION}; consent=all`,
      ...header,
    },
  }
}

const VISIT = visit({ 'x-tenant': 'acme' })

const SUBJECT = { sub: 'alice' }
/** As many claims as the other, but not the one that the chain asks for. */
const NO_SUBJECT = { uid: 'alice' }

const UNTOUCHED: Job = { visit: VISIT, claims: SUBJECT, key: undefined }

export const JOBS = {
  untouched: UNTOUCHED,
  cookieAsItIs: { ...UNTOUCHED, key: SESSION },
  session: { ...UNTOUCHED, key: expectedKey(SESSION_NODE) },
  sessionWithoutClaim: { ...UNTOUCHED, claims: NO_SUBJECT, key: expectedKey(SESSION_NODE) },
  chainClaim: { ...UNTOUCHED, key: expectedKey(leaf('claim:/sub', 'alice'), HASH_SECRET) },
  chainComposite: {
    ...UNTOUCHED,
    claims: NO_SUBJECT,
    key: expectedKey(all(leaf('header:x-tenant', 'acme'), leaf('path:/carts/{cart}/**', '7')), HASH_SECRET),
  },
  chainSession: {
    visit: visit({ 'x-region': 'west' }),
    claims: NO_SUBJECT,
    key: expectedKey(SESSION_NODE, HASH_SECRET),
  },
} satisfies Record<string, Job>
