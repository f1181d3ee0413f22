import { describe, expect, test } from 'vitest'
import { Compiler, ENVIRONMENT, SECRET, secretFrom } from './compiler.ts'
import { rule } from './pieces.ts'

const compiler = new Compiler()
const K1 = { id: 'k1', env: 'MOORING_SIGNING_1' }
const K2 = { id: 'k2', env: 'MOORING_SIGNING_2' }
const HASH = { hashSecret: { env: 'MOORING_HASH_SECRET' } }
// The same secrets under other names, and one that is none.
const NAMES = {
  ...ENVIRONMENT,
  HASH_AGAIN: SECRET,
  TOKEN_AGAIN: secretFrom(0x60),
  SIGNING_1_AGAIN: `${secretFrom(0x80).replace(/=+$/, '')}\n`,
  SHORT: 'c2hvcnQ=',
}

const signing = (fields: object): object => ({
  session: { signing: { keys: [K1], absoluteTimeout: '12h', ...fields } },
})
const adopt = (...items: unknown[]): object => ({ session: { adopt: items } })
const SIGNED = signing({})

const LABEL = 'expected a lower-case letter, then lower-case letters, digits and -'
const GRAMMAR = 'expected h, m, s and ms as in 1h30m or 500ms; for 1d write 24h'
const TIMEOUT = 'expected whole seconds, 1s to 9600h'
const TIME = 'expected a time as in 2027-01-31T00:00:00Z'
const TWICE = 'idleTimeout must be at least twice clockSkew, which is 60s by default'
const LIFE = "ttl and renew are for sessions without timeouts: with them the token's times end the cookie"
const REUSED = 'something else has this secret too; make one with: openssl rand -base64 32'
const BIND =
  "bind: session keeps the key in the session's token; that needs session.signing, and format: hash"
const HIDDEN =
  'hideFromUpstream takes away the cookie that a DestinationRule would hash; let key write a header'
const ITSELF = "adopt names the session's own cookie"
const ADOPT_SECRET = 'adopt with signing needs key.hashSecret: else anybody can compute the id of a value'

const refused: [configuration: unknown, errors: string[]][] = [
  [
    { session: { signing: {} } },
    ['missing_keys at /session/signing: expected keys, as in [{id: k1, env: MOORING_SIGNING_1}]'],
  ],
  [
    rule({ session: { signing: { absoluteTimeout: '1h' } } }),
    ['missing_keys at /rules/0: expected keys, as in [{id: k1, env: MOORING_SIGNING_1}]'],
  ],
  [
    signing({ keys: [{ env: 'MOORING_SIGNING_1' }, { id: 'k2' }] }),
    ['0', '1'].map(
      (at) =>
        `missing_field at /session/signing/keys/${at}: expected id and env, as in {id: k1, env: MOORING_SIGNING_1}`,
    ),
  ],
  [
    signing({ keys: [] }),
    [
      'empty_list at /session/signing/keys: an empty list says nothing; leave the field out, or list something',
    ],
  ],
  [
    signing({ keys: Array.from({ length: 9 }, (_, i) => ({ id: `k${i}`, env: 'X' })) }),
    ['out_of_range at /session/signing/keys: found 9, expected 1 to 8 keys'],
  ],
  [signing({ keys: ['k1'] }), ['wrong_type at /session/signing/keys/0: found a string, expected an object']],
  [
    signing({ keys: [{ ...K1, secret: 'x' }] }),
    ['unknown_field at /session/signing/keys/0: only these are known here: id, env'],
  ],
  [
    signing({ keys: [{ ...K1, id: 'K1' }] }),
    [`invalid_name at /session/signing/keys/0/id: found "K1", ${LABEL}`],
  ],
  [
    signing({ keys: [{ ...K1, id: 'a'.repeat(17) }] }),
    ['too_long at /session/signing/keys/0/id: expected at most 16 characters'],
  ],
  [
    signing({ keys: [K1, K2, { ...K1, env: 'MOORING_SIGNING_3' }] }),
    ['duplicate_name at /session/signing/keys/2/id: an earlier one has this name'],
  ],
  [
    signing({ keys: [{ id: 'k0', env: 'MISSING' }, K1] }),
    [
      'secret_missing at /session/signing/keys/0/env: MISSING is not set; set it in the WasmPlugin, vmConfig.env (Envoy: vm_config.environment_variables); up to Envoy 1.38 plugins of one image share the environment of the first',
    ],
  ],
  ...['0', '1'].map((at): [object, string[]] => [
    signing({ keys: at === '0' ? [{ id: 'k0', env: 'SHORT' }] : [K1, { id: 'k0', env: 'SHORT' }] }),
    [
      `secret_invalid at /session/signing/keys/${at}/env: SHORT must be base64 of 32 to 64 bytes, not all the same; make one with: openssl rand -base64 32`,
    ],
  ]),
  [
    signing({ keys: [K1, { id: 'k0', env: 'NOT-A-NAME' }] }),
    [
      'invalid_variable at /session/signing/keys/1/env: expected the name of an environment variable: A-Z, 0-9 and _, such as MOORING_HASH_SECRET',
    ],
  ],

  [signing({ keys: [K1, { ...K1, id: 'k2' }] }), [`secret_reused at /session/signing/keys/1: ${REUSED}`]],
  [
    signing({ keys: [K2, K1, { id: 'k3', env: 'SIGNING_1_AGAIN' }] }),
    [`secret_reused at /session/signing/keys/2: ${REUSED}`],
  ],
  [
    { ...signing({ keys: [{ id: 'k1', env: 'HASH_AGAIN' }] }), key: HASH },
    [`secret_reused at /session/signing/keys/0: ${REUSED}`],
  ],
  [
    { ...SIGNED, observe: { debugHeader: { env: 'SIGNING_1_AGAIN' } } },
    [`secret_reused at /observe/debugHeader: ${REUSED}`],
  ],
  [
    {
      ...SIGNED,
      rules: [{ name: 'a', match: { paths: ['/'] }, key: { hashSecret: { env: 'MOORING_SIGNING_1' } } }],
    },
    [`secret_reused at /session/signing/keys/0: ${REUSED}`],
  ],
  [
    {
      session: {},
      rules: [
        { name: 'a', match: { hosts: ['a'] }, ...signing({ keys: [K1] }) },
        { name: 'b', match: { hosts: ['b'] }, ...signing({ keys: [{ ...K1, id: 'k9' }] }) },
      ],
    },
    [`secret_reused at /rules/1/session/signing/keys/0: ${REUSED}`],
  ],

  [
    signing({ idleTimeout: '1d' }),
    [`invalid_duration at /session/signing/idleTimeout: found "1d", ${GRAMMAR}`],
  ],
  [
    signing({ idleTimeout: '0s' }),
    [`duration_out_of_range at /session/signing/idleTimeout: found "0s", ${TIMEOUT}`],
  ],
  [
    signing({ absoluteTimeout: '9601h' }),
    [`duration_out_of_range at /session/signing/absoluteTimeout: found "9601h", ${TIMEOUT}`],
  ],
  [
    signing({ absoluteTimeout: '1500ms' }),
    [`duration_out_of_range at /session/signing/absoluteTimeout: found "1500ms", ${TIMEOUT}`],
  ],
  [
    signing({ clockSkew: '301s' }),
    ['duration_out_of_range at /session/signing/clockSkew: found "301s", expected whole seconds, 0s to 5m'],
  ],
  [
    signing({ audience: '' }),
    [
      'empty_value at /session/signing/audience: an empty string says nothing; leave the field out, or give it a value',
    ],
  ],
  [
    signing({ audience: 'é'.repeat(254) }),
    ['too_long at /session/signing/audience: expected at most 253 characters'],
  ],
  ...['2027-01-31', '2027-02-29T00:00:00Z', '2027-01-31T00:00:00', '2027-01-31 00:00:00Z'].map(
    (time): [object, string[]] => [
      signing({ acceptUnsignedUntil: time }),
      [`invalid_time at /session/signing/acceptUnsignedUntil: found "${time}", ${TIME}`],
    ],
  ),
  [
    signing({ acceptUnsignedUntil: 2027 }),
    [
      'quoted_string_expected at /session/signing/acceptUnsignedUntil: found a number, expected a string; put it in quotes',
    ],
  ],

  [
    signing({ idleTimeout: '13h' }),
    ['timeout_order at /session/signing: idleTimeout is longer than absoluteTimeout'],
  ],
  [signing({ idleTimeout: '119s' }), [`timeout_order at /session/signing: ${TWICE}`]],
  [signing({ idleTimeout: '5m', clockSkew: '151s' }), [`timeout_order at /session/signing: ${TWICE}`]],
  [
    {
      ...signing({ idleTimeout: '1h' }),
      rules: [{ name: 'a', match: { paths: ['/'] }, session: { signing: { absoluteTimeout: '30m' } } }],
    },
    ['timeout_order at /rules/0: idleTimeout is longer than absoluteTimeout'],
  ],
  [
    { session: { cookie: { ttl: '8h' }, signing: { keys: [K1], absoluteTimeout: '12h' } } },
    [`ttl_with_timeouts at /session/signing: ${LIFE}`],
  ],
  [
    {
      session: {
        cookie: { renew: 'always' },
        signing: { keys: [K1], idleTimeout: '1h', absoluteTimeout: '2h' },
      },
    },
    [`ttl_with_timeouts at /session/signing: ${LIFE}`],
  ],

  [{ session: { hideFromUpstream: true }, key: { skip: true } }, [`hidden_from_hash at /session: ${HIDDEN}`]],
  [
    {
      session: { hideFromUpstream: true },
      rules: [{ name: 'a', match: { paths: ['/'] }, key: { skip: true } }],
    },
    [`hidden_from_hash at /rules/0: ${HIDDEN}`],
  ],
  [adopt({ cookie: 'ISTIOID' }), [`adopts_itself at /session: ${ITSELF}`]],
  [
    { session: { cookie: { name: 'SID' }, adopt: [{ cookie: 'ISTIOID' }, { cookie: 'SID' }] } },
    [`adopts_itself at /session: ${ITSELF}`],
  ],
  [
    {
      ...adopt({ cookie: 'OLD' }),
      rules: [{ name: 'a', match: { paths: ['/'] }, session: { cookie: { name: 'OLD' } } }],
    },
    [`adopts_itself at /rules/0: ${ITSELF}`],
  ],
  [adopt({ path: '/' }), ['missing_field at /session/adopt/0: expected cookie, the name to look for']],
  [
    adopt({ cookie: 'A' }, { cookie: 'B' }, { cookie: 'A', delete: true }),
    ['duplicate_name at /session/adopt/2/cookie: an earlier one has this name'],
  ],
  [
    adopt(...Array.from({ length: 9 }, (_, i) => ({ cookie: `c${i}` }))),
    ['out_of_range at /session/adopt: found 9, expected 1 to 8 cookies'],
  ],
  [
    adopt({ cookie: 'A', delete: true, path: 'shop', domain: 'a..b' }),
    [
      'invalid_cookie_path at /session/adopt/0/path: found "shop", expected a / first, then printable ASCII without ;',
      'invalid_domain at /session/adopt/0/domain: found "a..b", expected a host name, such as example.com',
    ],
  ],
  [
    adopt({ cookie: '__Host-A', delete: true, path: '/a' }),
    ['cookie_prefix at /session/adopt/0: a __Host- cookie has path / and no domain'],
  ],
  [
    adopt({ cookie: '__host-A', delete: true, domain: 'a.b' }),
    ['cookie_prefix at /session/adopt/0: a __Host- cookie has path / and no domain'],
  ],
  [
    { session: { adopt: [{ cookie: 'A' }], signing: { keys: [K1], absoluteTimeout: '12h' } } },
    [`secret_required at /session: ${ADOPT_SECRET}`],
  ],
  [
    { ...adopt({ cookie: 'A' }), rules: [{ name: 'a', match: { paths: ['/'] }, ...SIGNED }] },
    [`secret_required at /rules/0: ${ADOPT_SECRET}`],
  ],

  [{ session: {}, key: { bind: 'session' } }, [`signing_required at /key: ${BIND}`]],
  [{ ...SIGNED, key: { bind: 'session', format: 'raw' } }, [`signing_required at /key: ${BIND}`]],
  [
    { session: {}, rules: [{ name: 'a', match: { paths: ['/'] }, key: { bind: 'session' } }] },
    [`signing_required at /rules/0: ${BIND}`],
  ],
  [
    {
      ...SIGNED,
      key: { bind: 'session', from: [{ constant: 'x' }] },
      rules: [{ name: 'a', match: { paths: ['/'] }, session: { skip: true } }],
    },
    [`signing_required at /rules/0: ${BIND}`],
  ],
  [
    { session: { onInvalid: 'refuse' } },
    ['unknown_value at /session/onInvalid: found "refuse", expected one of: replace, ignore, reject'],
  ],
  [
    { session: { mint: { onCacheable: 'private', onLocalReply: 'yes', scope: 'client' } } },
    [
      'unknown_value at /session/mint/scope: found "client", expected one of: request, connection',
      'unknown_value at /session/mint/onCacheable: found "private", expected one of: omit, markPrivate',
      'wrong_type at /session/mint/onLocalReply: found a string, expected true or false, without quotes',
    ],
  ],

  // All of what is wrong at once.
  [
    {
      session: {
        cookie: { name: '__Host-a', ttl: '1h' },
        signing: { keys: [K1], idleTimeout: '1m', absoluteTimeout: '1h' },
      },
    },
    [
      'cookie_prefix at /session/cookie: a __Host- cookie needs secure: true, path / and no domain',
      `timeout_order at /session/signing: ${TWICE}`,
      `ttl_with_timeouts at /session/signing: ${LIFE}`,
    ],
  ],
]

describe('a session that cannot be meant is refused, and the error says what to write', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration, NAMES).errors).toEqual(errors)
  })
})

const inherited: [what: string, topLevel: object, rule: object, errors: string[]][] = [
  [
    'a ttl of the rule',
    SIGNED,
    { session: { cookie: { ttl: '1h' } } },
    [`ttl_with_timeouts at /rules/0: ${LIFE}`],
  ],
  [
    'timeouts of the rule',
    { session: { cookie: { ttl: '1h' } } },
    SIGNED,
    [`ttl_with_timeouts at /rules/0: ${LIFE}`],
  ],
  [
    'a renew that the rule takes back',
    { session: { cookie: { renew: 'always' } } },
    { session: { cookie: { renew: 'never' }, signing: { keys: [K1], absoluteTimeout: '1h' } } },
    [],
  ],
  [
    'a prefix of the rule',
    SIGNED,
    { session: { cookie: { name: '__Host-a' } } },
    ['cookie_prefix at /rules/0: a __Host- cookie needs secure: true, path / and no domain'],
  ],
  [
    'signing of the rule under a prefix of the top level',
    { session: { cookie: { name: '__Host-a', secure: true } } },
    { session: { cookie: { path: '/a' }, signing: { keys: [K1] } } },
    ['cookie_prefix at /rules/0: a __Host- cookie needs secure: true, path / and no domain'],
  ],
  ['a secret of the rule', adopt({ cookie: 'A' }), { ...SIGNED, key: HASH }, []],
  [
    'a clockSkew of the rule',
    signing({ idleTimeout: '3m' }),
    { session: { signing: { clockSkew: '91s' } } },
    [`timeout_order at /rules/0: ${TWICE}`],
  ],
]

describe('what a rule inherits is judged with what it says', () => {
  test.each(inherited)('%s', (_, topLevel, fields, errors) => {
    const rules = [{ name: 'a', match: { paths: ['/'] }, ...fields }]
    expect(compiler.compile({ ...topLevel, rules }, NAMES).errors).toEqual(errors)
  })
})

const ENDLESS = 'without absoluteTimeout a stolen token lives as long as it is used'
const WHERE = 'path and domain say where to delete it; write delete: true'
const warned: [configuration: unknown, warnings: string[]][] = [
  [SIGNED, []],
  [{ session: { signing: { keys: [K1] } } }, [`endless_session at /session/signing: ${ENDLESS}`]],
  [rule({ session: { signing: { keys: [K1] } } }), [`endless_session at /rules/0: ${ENDLESS}`]],
  // Once, however many rules inherit it.
  [
    {
      session: { signing: { keys: [K1] } },
      rules: [{ name: 'a', match: { paths: ['/'] }, session: { readOnly: true } }],
    },
    [`endless_session at /session/signing: ${ENDLESS}`],
  ],
  [
    signing({ keys: [K1, { id: 'k0', env: 'MISSING' }] }),
    [
      'secret_missing at /session/signing/keys/1/env: MISSING is not set; what this key signed is no session; set it in the WasmPlugin, vmConfig.env (Envoy: vm_config.environment_variables)',
    ],
  ],
  [
    adopt({ cookie: 'A', path: '/a' }, { cookie: 'B', domain: 'a.b', delete: false }),
    ['0', '1'].map((at) => `no_effect at /session/adopt/${at}: ${WHERE}`),
  ],
  [
    { session: { onInvalid: 'reject' } },
    ['no_effect at /session: onInvalid: reject concerns signed sessions only'],
  ],
  [{ session: { signing: { keys: [K1], absoluteTimeout: '1h' }, onInvalid: 'reject' } }, []],
  [
    { session: { readOnly: true, adopt: [{ cookie: 'A' }] } },
    ['no_effect at /session: readOnly: true adopts nothing'],
  ],
]

describe('a session that is not meant so is accepted with a warning', () => {
  test.each(warned)('%j', (configuration, warnings) => {
    expect(compiler.compile(configuration, NAMES)).toMatchObject({ errors: [], warnings })
  })
})
