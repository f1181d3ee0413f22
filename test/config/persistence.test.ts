/** `session.persistence`: what is refused, and what a policy becomes. */
import { expect, test } from 'vitest'
import { Compiler, ENVIRONMENT } from './compiler.ts'
import { acceptedBySchema } from './schema.ts'

const compiler = new Compiler()
const SIGNING = { keys: [{ id: 'k1', env: 'MOORING_SIGNING_1' }], audience: 'shop' }
const PERSISTENCE = { header: 'X-Session-Pod' }

const session = (more: object, configuration: object = {}): object => ({
  session: { signing: SIGNING, persistence: PERSISTENCE, ...more },
  ...configuration,
})

test.each([
  [
    session({ persistence: {} }),
    ["missing_field at /session/persistence: expected header, that of the Service's label"],
  ],
  [
    session({ persistence: 'x-session-pod' }),
    ['wrong_type at /session/persistence: found a string, expected an object'],
  ],
  [
    session({ persistence: { header: 'x-session-pod', strict: true } }),
    ['unknown_field at /session/persistence/strict: not known here'],
  ],
  [
    session({ persistence: { header: 'cookie' } }),
    [
      'reserved_header at /session/persistence/header: this header belongs to somebody else; use a name of your own, such as x-mooring-key',
    ],
  ],
  [
    { session: { persistence: PERSISTENCE } },
    ['signing_required at /session/persistence: persistence needs session.signing'],
  ],
  [
    session({}, { key: { header: 'x-session-pod' } }),
    ['reserved_header at /session/persistence/header: a key header; the pod needs one of its own'],
  ],
  [
    session({}, { key: { from: [{ header: 'X-SESSION-POD' }, 'session'] } }),
    [
      'key_header_as_source at /key/from/0/header: a key header: what clients send in it is removed before anything is read',
    ],
  ],
  [
    session({}, { rules: [{ name: 'a', match: { paths: ['/a'] }, session: { persistence: PERSISTENCE } }] }),
    ['top_level_only at /rules/0/session/persistence: one persistence holds for all rules'],
  ],
])('%j is refused', (configuration, errors) => {
  expect(compiler.compile(configuration, ENVIRONMENT).errors).toEqual(errors)
})

test.each([
  session({}),
  session({ application: { cookie: 'JSESSIONID' } }),
  session({ application: { cookie: 'JSESSIONID', strategy: 'follow' } }),
])(
  '%j is accepted: the header is removed as key headers are, and the cookie keeps the pod',
  (configuration) => {
    const { errors, policy } = compiler.compile(configuration, ENVIRONMENT)
    expect(errors).toEqual([])
    expect(policy).toMatchObject({
      podHeader: 'x-session-pod',
      keyHeaders: ['x-session-pod', 'x-mooring-key'],
      top: { session: { watches: true } },
    })
    expect(acceptedBySchema(configuration)).toBe(true)
  },
)

test('with readOnly the pod is restored, and no answer sets a cookie', () => {
  const { errors, policy } = compiler.compile(session({ readOnly: true }), ENVIRONMENT)
  expect(errors).toEqual([])
  expect(policy).toMatchObject({ podHeader: 'x-session-pod', top: { session: { watches: false } } })
})

test('rules that change the session persist as the top level does', () => {
  const { errors, policy } = compiler.compile(
    session({}, { rules: [{ name: 'a', match: { paths: ['/a'] }, session: { cookie: { name: 'A' } } }] }),
    ENVIRONMENT,
  )
  expect(errors).toEqual([])
  expect(policy?.rules[0]?.plan.session).toMatchObject({ name: 'A', watches: true })
})

test('without it answers are not looked at', () => {
  const { policy } = compiler.compile({ session: { signing: SIGNING } }, ENVIRONMENT)
  expect(policy).toMatchObject({
    podHeader: '',
    keyHeaders: ['x-mooring-key'],
    top: { session: { watches: false } },
  })
})
