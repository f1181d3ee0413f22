import { hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Compiler, ENVIRONMENT, SECRET, secretFrom } from './compiler.ts'
import type { PolicyView, SessionView } from './policy-view.ts'

const compiler = new Compiler()

function compile(configuration: unknown): PolicyView {
  const { policy, errors } = compiler.compile(configuration, ENVIRONMENT)
  expect(errors).toEqual([])
  if (!policy) throw new Error('refused')
  return policy
}

function session(fields: object, key?: object): SessionView {
  const view = compile({ session: fields, ...(key ? { key } : {}) }).top?.session
  if (!view) throw new Error('no session')
  return view
}

/** The HMAC-SHA256 key that is derived from a secret. */
function derived(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'base64'), 'mooring/v1', purpose, 32))
}

const K1 = { id: 'k1', env: 'MOORING_SIGNING_1' }
const K2 = { id: 'k2', env: 'MOORING_SIGNING_2' }

describe('session.cookie', () => {
  test('becomes the attributes of Set-Cookie, in one order', () => {
    const view = session({
      cookie: {
        partitioned: true,
        sameSite: 'None',
        httpOnly: true,
        secure: true,
        domain: '.Example.com',
        path: '/shop',
        ttl: '8h',
        name: 'SID',
        renew: 'always',
      },
      readOnly: true,
      mint: { skip: true, methods: ['GET', 'POST'] },
    })
    expect(view).toMatchObject({
      name: 'SID',
      attributes: '; Path=/shop; Domain=.Example.com; HttpOnly; SameSite=None; Partitioned',
      attributesSecure: '; Path=/shop; Domain=.Example.com; Secure; HttpOnly; SameSite=None; Partitioned',
      ttl: 28800,
      secure: 'always',
      sameSite: 'None',
      renewAlways: true,
      readOnly: true,
      mintSkip: true,
      domain: 'example.com',
      methods: ['GET', 'POST'],
    })
  })

  test.each([
    [{ secure: false }, '; Path=/; HttpOnly; SameSite=Lax', 'never'],
    [{ secure: true }, '; Path=/; Secure; HttpOnly; SameSite=Lax', 'always'],
    [{ secure: 'auto' }, '; Path=/; Secure; HttpOnly; SameSite=Lax', 'auto'],
    [{ httpOnly: false, sameSite: 'Strict' }, '; Path=/; Secure; SameSite=Strict', 'auto'],
    [{ domain: '.example.com' }, '; Path=/; Domain=.example.com; Secure; HttpOnly; SameSite=Lax', 'auto'],
    [{ name: '__Host-id', secure: true, path: '/' }, '; Path=/; Secure; HttpOnly; SameSite=Lax', 'always'],
  ])('%j', (cookie, attributesSecure, secure) => {
    expect(session({ cookie })).toMatchObject({ attributesSecure, secure })
  })

  test.each([
    ['1s', 1],
    ['60s', 60],
    ['1h30m', 5400],
    ['1000ms', 1],
    ['1m500ms500ms', 61],
    ['99999s', 99999],
    ['9600h', 34560000],
    ['9599h59m59s1000ms', 34560000],
  ])('ttl %s is %i seconds', (ttl, seconds) => {
    expect(session({ cookie: { ttl } }).ttl).toBe(seconds)
  })
})

test('what becomes of cookies and answers is as it was written', () => {
  expect(
    session({
      onInvalid: 'ignore',
      hideFromUpstream: true,
      mint: { onCacheable: 'markPrivate', onLocalReply: true, scope: 'connection' },
    }),
  ).toMatchObject({
    onInvalid: 'ignore',
    hideFromUpstream: true,
    onCacheable: 'markPrivate',
    onLocalReply: true,
    perConnection: true,
  })
})

describe('session.adopt', () => {
  test('deletes with the path and domain that it names, and Secure where the name demands it', () => {
    const adopt = [
      { cookie: 'A' },
      { cookie: 'B', delete: true },
      { cookie: 'C', delete: true, path: '/c', domain: '.example.com' },
      { cookie: '__host-D', delete: true, path: '/' },
      { cookie: '__Secure-E', delete: true },
      { cookie: 'F', delete: false },
    ]
    expect(session({ adopt }).adopted).toEqual([
      { name: 'A', deletion: '' },
      { name: 'B', deletion: 'B=; Max-Age=0; Path=/' },
      { name: 'C', deletion: 'C=; Max-Age=0; Path=/c; Domain=.example.com' },
      { name: '__host-D', deletion: '__host-D=; Max-Age=0; Path=/; Secure' },
      { name: '__Secure-E', deletion: '__Secure-E=; Max-Age=0; Path=/; Secure' },
      { name: 'F', deletion: '' },
    ])
  })

  test("makes ids by a key of hashSecret's own, and of the rule's where that has another", () => {
    const rules = [{ name: 'a', match: { paths: ['/a'] }, key: { hashSecret: { env: 'MOORING_SIGNING_3' } } }]
    const policy = compile({
      session: { adopt: [{ cookie: 'A' }] },
      key: { hashSecret: { env: 'MOORING_HASH_SECRET' } },
      rules,
    })
    const views = [policy.top?.session, policy.rules[0]?.plan.session]
    expect(views.map((view) => view?.adopted)).toEqual([
      [{ name: 'A', deletion: '' }],
      [{ name: 'A', deletion: '' }],
    ])
    expect(views.map((view) => view?.adopt)).toEqual(
      [SECRET, secretFrom(0xc0)].map((secret) => compiler.hmacState(derived(secret, 'adopt'))),
    )
  })
})

describe('session.signing', () => {
  test('takes every default', () => {
    expect(session({ signing: { keys: [K1] } }).signing).toEqual({
      keys: [
        {
          id: 'k1',
          signed: ['1', 'k1', 'ISTIOID', ''],
          token: compiler.hmacState(derived(secretFrom(0x80), 'token')),
          successor: compiler.hmacState(derived(secretFrom(0x80), 'successor')),
          wrap: compiler.hmacState(derived(secretFrom(0x80), 'wrap')),
          sealCipher: undefined,
          sealMac: undefined,
        },
      ],
      idleTimeout: 0,
      absoluteTimeout: 0,
      clockSkew: 60,
      acceptUnsignedUntil: 0,
    })
  })

  test('seals pods by keys of their own, where there is persistence', () => {
    const { signing } = session({ signing: { keys: [K1] }, persistence: { header: 'x-session-pod' } })
    expect(signing?.keys).toMatchObject([
      {
        sealCipher: compiler.hmacState(derived(secretFrom(0x80), 'seal-enc')),
        sealMac: compiler.hmacState(derived(secretFrom(0x80), 'seal-mac')),
      },
    ])
  })

  test('has its keys in order, and its times in seconds', () => {
    const signing = {
      keys: [K2, K1],
      idleTimeout: '30m',
      absoluteTimeout: '12h',
      audience: 'shop',
      clockSkew: '0s',
      acceptUnsignedUntil: '2027-01-31T00:00:00+01:00',
    }
    const view = session({ cookie: { name: 'SID', domain: 'example.com' }, signing }).signing
    expect(view).toMatchObject({
      idleTimeout: 1800,
      absoluteTimeout: 43200,
      clockSkew: 0,
      acceptUnsignedUntil: Date.UTC(2027, 0, 30, 23) / 1000,
    })
    expect(view?.keys.map(({ signed }) => signed)).toEqual([
      ['1', 'k2', 'SID', 'shop'],
      ['1', 'k1', 'SID', 'shop'],
    ])
  })

  test("takes the cookie's domain for its audience, without a dot and in lower case", () => {
    const view = session({ cookie: { domain: '.Example.COM' }, signing: { keys: [K1] } }).signing
    expect(view?.keys[0]?.signed).toEqual(['1', 'k1', 'ISTIOID', 'example.com'])
  })

  test('is merged field by field, whatever a rule changes of the cookie', () => {
    const policy = compile({
      session: { signing: { keys: [K1], idleTimeout: '1h', absoluteTimeout: '12h', audience: 'shop' } },
      rules: [
        { name: 'cookie', match: { paths: ['/a'] }, session: { cookie: { name: 'A', domain: 'a.b' } } },
        { name: 'time', match: { paths: ['/b'] }, session: { signing: { idleTimeout: '10m' } } },
        { name: 'keys', match: { paths: ['/c'] }, session: { signing: { keys: [K2, K1] } } },
        { name: 'none', match: { paths: ['/d'] }, mode: 'shadow' },
      ],
    })
    const plans = policy.rules.map(({ plan }) => plan)
    expect(plans.map(({ session: view }) => view?.signing?.idleTimeout)).toEqual([3600, 600, 3600, 3600])
    expect(plans.map(({ session: view }) => view?.signing?.keys.map(({ signed }) => signed))).toEqual([
      [['1', 'k1', 'A', 'shop']],
      [['1', 'k1', 'ISTIOID', 'shop']],
      [
        ['1', 'k2', 'ISTIOID', 'shop'],
        ['1', 'k1', 'ISTIOID', 'shop'],
      ],
      [['1', 'k1', 'ISTIOID', 'shop']],
    ])
    expect(plans[3]?.at.session).toBe(policy.top?.at.session)
  })

  test('leaves out a later key without a secret, and counts it', () => {
    const missing = { id: 'k9', env: 'MISSING' }
    const policy = compile({ session: { signing: { keys: [K2, missing, K1] } } })
    expect(policy.top?.session?.signing?.keys.map(({ id }) => id)).toEqual(['k2', 'k1'])
    expect(policy.missingKeys).toBe(1)
    expect(compile({ session: { signing: { keys: [K2, K1] } } }).missingKeys).toBe(0)
    expect(compile({ session: {} }).missingKeys).toBeUndefined()
  })

  test('key.bind says whether the first key stays', () => {
    const policy = compile({ session: { signing: { keys: [K1] } }, key: { bind: 'session' } })
    expect(policy.top?.key?.bound).toBe(true)
  })
})

describe('what stays of the secrets of a session', () => {
  test.each([
    ['with the key left out', { skip: true, hashSecret: { env: 'MOORING_HASH_SECRET' } }],
    ['with a key', { hashSecret: { env: 'MOORING_HASH_SECRET' } }],
  ])('is neither they nor what is derived from them, and nothing after the policy is freed: %s', (_, key) => {
    const policy = compiler.compilePolicy(
      { session: { adopt: [{ cookie: 'A' }], signing: { keys: [K1, K2] } }, key },
      ENVIRONMENT,
    )
    expect(policy).not.toBe(0)
    const view = compiler.view(policy).top?.session
    const signers =
      view?.signing?.keys.flatMap(({ token, successor, wrap }) => [token, successor, wrap]) ?? []
    expect(signers).toHaveLength(6)
    const states = [...signers, view?.adopt ?? ''].map((hex) => Buffer.from(hex, 'hex'))
    const keyState = Buffer.from(compiler.hmacState(derived(SECRET, 'key')), 'hex')
    const sources = [SECRET, secretFrom(0x80), secretFrom(0xa0)].map((text) => Buffer.from(text, 'base64'))
    expect(sources.map((secret) => compiler.holds(secret))).toEqual([false, false, false])
    expect(compiler.holds(derived(secretFrom(0x80), 'token'))).toBe(false)
    expect([...states, keyState].map((state) => compiler.holds(state))).toEqual(Array(8).fill(true))
    compiler.free(policy)
    expect([...states, keyState].map((state) => compiler.holds(state))).toEqual(Array(8).fill(false))
  })

  test('is derived for the purpose `token` as for any other', () => {
    const secret = secretFrom(0)
    expect(derived(secret, 'token').toString('hex')).toBe(
      'a24c8d8c95597aaf6d21799a78a244aa7bdb63bdb9301772408604d4d9969d6c',
    )
  })
})
