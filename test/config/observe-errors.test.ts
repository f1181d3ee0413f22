import { describe, expect, test } from 'vitest'
import { Compiler, SECRET } from './compiler.ts'

const compiler = new Compiler()
const RESERVED = 'this header belongs to somebody else; use a name of your own, such as x-mooring-key'
const OTHER = Buffer.from(Array.from({ length: 33 }, (_, index) => index)).toString('base64')
const ENVIRONMENT = { TOKEN: OTHER, SECRET, SAME: SECRET }

const debug = (fields: object, rest: object = {}): object => ({
  session: {},
  ...rest,
  observe: { debugHeader: fields },
})

const refused: [configuration: unknown, errors: string[]][] = [
  [
    debug({}),
    ['missing_field at /observe/debugHeader: expected env, the variable with the token that clients present'],
  ],
  [
    debug({ env: 'TOKEN', name: 'set-cookie', whenHeader: 'cookie' }),
    [
      `reserved_header at /observe/debugHeader/name: ${RESERVED}`,
      `reserved_header at /observe/debugHeader/whenHeader: ${RESERVED}`,
    ],
  ],
  [
    debug({ env: 'MISSING' }),
    [
      'secret_missing at /observe/debugHeader/env: MISSING is not set; set it in the WasmPlugin, vmConfig.env (Envoy: vm_config.environment_variables); up to Envoy 1.38 plugins of one image share the environment of the first',
    ],
  ],
  [
    debug({ env: 'TOKEN', whenHeader: 'X-Mooring-Key' }),
    ['reserved_header at /observe/debugHeader: whenHeader is a key header; the token needs one of its own'],
  ],
  [debug({ env: 'TOKEN', when: 'x' }), ['unknown_field at /observe/debugHeader/when: not known here']],
  [
    debug({ env: 'TOKEN' }, { key: { from: [{ header: 'X-Mooring-Explain' }] } }),
    [
      'key_header_as_source at /key/from/0/header: a key header: what clients send in it is removed before anything is read',
    ],
  ],
  [
    debug({ env: 'SAME' }, { key: { hashSecret: { env: 'SECRET' } } }),
    [
      'secret_reused at /observe/debugHeader: something else has this secret too; make one with: openssl rand -base64 32',
    ],
  ],
  [
    debug(
      { env: 'SECRET' },
      { rules: [{ name: 'a', match: { paths: ['/'] }, key: { hashSecret: { env: 'SECRET' } } }] },
    ),
    [
      'secret_reused at /observe/debugHeader: something else has this secret too; make one with: openssl rand -base64 32',
    ],
  ],
]

describe('an observe that cannot be meant is refused, and the error says what to write', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration, ENVIRONMENT).errors).toEqual(errors)
  })
})

test('a token of its own beside a hashSecret is accepted, and nothing of it stays but derived keys', () => {
  const configuration = debug({ env: 'TOKEN' }, { key: { hashSecret: { env: 'SECRET' } } })
  const policy = compiler.compilePolicy(configuration, ENVIRONMENT)
  const { debug: view } = compiler.view(policy)
  expect(view).toMatchObject({ name: 'x-mooring-debug', whenHeader: 'x-mooring-explain' })
  const derived = [view?.hmac, view?.fingerprint].map((hex) => Buffer.from(hex ?? '', 'hex'))
  expect(derived.map(({ length }) => length)).toEqual([64, 64])
  expect(compiler.holds(Buffer.from(OTHER, 'base64'))).toBe(false)
  expect(derived.map((state) => compiler.holds(state))).toEqual([true, true])
  compiler.free(policy)
  expect(derived.map((state) => compiler.holds(state))).toEqual([false, false])
})
