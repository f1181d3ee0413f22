/** `session.application`: what is refused, and what a plan becomes. */
import { describe, expect, test } from 'vitest'
import { Compiler, ENVIRONMENT } from './compiler.ts'
import { acceptedBySchema } from './schema.ts'

const compiler = new Compiler()
const KEYS = [{ id: 'k1', env: 'MOORING_SIGNING_1' }]
const SIGNING = { keys: KEYS, audience: 'shop' }
const COOKIE = { cookie: 'JSESSIONID', strategy: 'wrap' }

const session = (application: object, more: object = {}): object => ({
  session: { application, signing: SIGNING, ...more },
})
const errorsOf = (configuration: object) => compiler.compile(configuration, ENVIRONMENT).errors

const ONE = 'application needs one of cookie and header'
const OWN = 'with application this is for the application to say'
const COOKIES = 'strategy: follow is for cookies, and has no onInvalid here'
const KEY = 'application needs a key header; and its session cannot keep a key'

describe('is refused', () => {
  test.each([
    [session({}), [`ambiguous_application at /session: ${ONE}`]],
    [session({ cookie: 'A', header: 'b' }), [`ambiguous_application at /session: ${ONE}`]],
    [
      { session: { application: COOKIE } },
      ['signing_required at /session: application needs session.signing'],
    ],
    [{ ...session(COOKIE), key: { bind: 'session' } }, [`application_conflict at /session: ${KEY}`]],
    [{ ...session(COOKIE), key: { skip: true } }, [`application_conflict at /session: ${KEY}`]],
    [
      session(COOKIE, { readOnly: true, cookie: { name: 'A' } }),
      [
        `application_conflict at /session/readOnly: ${OWN}`,
        `application_conflict at /session/cookie: ${OWN}`,
      ],
    ],
    [
      session(COOKIE, { onInvalid: 'reject', mint: { scope: 'connection', onCacheable: 'omit' } }),
      ['onInvalid', 'mint/scope'].map((at) => `application_conflict at /session/${at}: ${OWN}`),
    ],
    [
      session(COOKIE, { signing: { ...SIGNING, idleTimeout: '1h', absoluteTimeout: '2h' } }),
      ['idleTimeout', 'absoluteTimeout'].map(
        (at) => `application_conflict at /session/signing/${at}: ${OWN}`,
      ),
    ],
    [
      session({ cookie: 'csrftoken' }),
      ['script_cookie at /session/application/cookie: scripts read this cookie; name the one of the session'],
    ],
    [
      session({ header: 'Authorization' }),
      [
        'reserved_header at /session/application/header: this header belongs to somebody else; use a name of your own, such as x-mooring-key',
      ],
    ],
    [
      session({ header: 'X-Mooring-Key' }),
      [
        'key_header_as_source at /session/application/header: a key header: what clients send in it is removed before anything is read',
      ],
    ],
    [
      session({ ...COOKIE, onInvalid: 404 }),
      [
        'quoted_string_expected at /session/application/onInvalid: found a number, expected a string; put it in quotes',
      ],
    ],
    [
      session(
        { ...COOKIE, strategy: 'follow' },
        { cookie: { name: 'A', path: '/a', ttl: '1h' }, readOnly: true },
      ),
      ['readOnly', 'cookie/path', 'cookie/ttl'].map((at) => `application_conflict at /session/${at}: ${OWN}`),
    ],
    [session({ header: 'x-id', strategy: 'follow' }), [`application_conflict at /session: ${COOKIES}`]],
    [
      session({ ...COOKIE, strategy: 'follow', onInvalid: '404' }),
      [`application_conflict at /session: ${COOKIES}`],
    ],
    [
      { ...session({ ...COOKIE, strategy: 'follow' }), key: { bind: 'session' } },
      [`application_conflict at /session: ${KEY}`],
    ],
    [
      session({ cookie: 'A', strategy: 'unwrap' }),
      [
        'unknown_value at /session/application/strategy: found "unwrap", expected one of: wrap, follow; did you mean wrap?',
      ],
    ],
    [
      {
        session: { signing: { keys: KEYS, absoluteTimeout: '1h' } },
        rules: [{ name: 'a', match: { paths: ['/a'] }, session: { application: COOKIE, readOnly: true } }],
      },
      [`application_conflict at /rules/0/session/readOnly: ${OWN}`],
    ],
  ])('%j', (configuration, errors) => {
    expect(errorsOf(configuration)).toEqual(errors)
  })
})

describe('is accepted', () => {
  test.each([
    [session(COOKIE), 'cookie', 'JSESSIONID', false, ['1', 'k1', 'cookie', 'JSESSIONID', 'shop']],
    [
      session({ header: 'Mcp-Session-Id', onInvalid: '404' }),
      'header',
      'mcp-session-id',
      true,
      ['1', 'k1', 'header', 'mcp-session-id', 'shop'],
    ],
  ])('%j', (configuration, carrier, name, notFound, signed) => {
    const { errors, warnings, policy } = compiler.compile(configuration, ENVIRONMENT)
    expect([errors, warnings]).toEqual([[], []])
    expect(policy?.top?.session).toMatchObject({ carrier, name, notFound, signing: { keys: [{ signed }] } })
    expect(acceptedBySchema(configuration)).toBe(true)
  })

  test.each([
    [{}, 'ISTIOID'],
    [{ cookie: { name: 'SID' }, onInvalid: 'reject', hideFromUpstream: true }, 'SID'],
  ])('strategy follow with %j', (more, name) => {
    const configuration = session({ ...COOKIE, strategy: 'follow' }, more)
    const { errors, warnings, policy } = compiler.compile(configuration, ENVIRONMENT)
    expect([errors, warnings]).toEqual([[], []])
    expect(policy?.top?.session).toMatchObject({
      carrier: 'own',
      name,
      follows: 'JSESSIONID',
      signing: { keys: [{ signed: ['1', 'k1', name, 'shop'] }] },
    })
    expect(acceptedBySchema(configuration)).toBe(true)
  })

  test('strategy follow without a key header: the DestinationRule hashes the cookie', () => {
    const configuration = { ...session({ ...COOKIE, strategy: 'follow' }), key: { skip: true } }
    const { errors, policy } = compiler.compile(configuration, ENVIRONMENT)
    expect(errors).toEqual([])
    expect(policy?.top?.key).toBeUndefined()
  })

  test('by a rule, whatever the top level says of its own cookie', () => {
    const { errors, policy } = compiler.compile(
      {
        session: {
          cookie: { name: 'SID' },
          hideFromUpstream: true,
          signing: { keys: KEYS, absoluteTimeout: '1h' },
        },
        rules: [{ name: 'a', match: { paths: ['/a'] }, session: { application: COOKIE } }],
      },
      ENVIRONMENT,
    )
    expect(errors).toEqual([])
    expect(policy?.top?.session).toMatchObject({ carrier: 'own', name: 'SID' })
    expect(policy?.rules[0]?.plan.session).toMatchObject({ carrier: 'cookie', name: 'JSESSIONID' })
  })
})
