import { describe, expect, test } from 'vitest'
import { Compiler, SECRET } from './compiler.ts'

const compiler = new Compiler()

describe('warnings', () => {
  const UNKEYED =
    'without hashSecret a key is shortened, not protected: who guesses a value can compute its key'
  const hashSecret = { env: 'MOORING_HASH_SECRET' }
  const from = [{ claim: 'sub' }]

  test.each<[configuration: unknown, warnings: string[]]>([
    [{ session: {} }, []],
    [{ session: {}, key: { from: ['session', { constant: 'x' }] } }, []],
    [{ key: { from } }, [`unkeyed_hash at /key: ${UNKEYED}`]],
    [{ key: { from: [{ all: ['address'] }] } }, [`unkeyed_hash at /key: ${UNKEYED}`]],
    [{ key: { from: [{ peer: 'uri' }] } }, [`unkeyed_hash at /key: ${UNKEYED}`]],
    [{ key: { from: [{ forwardedClientCert: 'uri' }] } }, [`unkeyed_hash at /key: ${UNKEYED}`]],
    [{ key: { from, hashSecret } }, []],
    [{ key: { from, format: 'raw' } }, []],
    [
      { key: { from, format: 'raw', hashSecret } },
      ['no_effect at /key: hashSecret has no effect with format: raw'],
    ],
    [
      { session: {}, rules: [{ name: 'a', match: { paths: ['/'] }, key: { from } }] },
      [`unkeyed_hash at /rules/0: ${UNKEYED}`],
    ],
    [
      {
        session: {},
        rules: [{ name: 'a', match: { paths: ['/'] }, key: { from: ['session'] }, skip: true }],
      },
      ['no_effect at /rules/0: skip: true leaves out the session and key that this rule sets'],
    ],
    [
      { session: {}, key: { from: [{ constant: 'x' }, 'session'] } },
      ['unreachable_source at /key/from/1: the constant before it always yields'],
    ],
    [{ session: {}, key: { from: [{ all: [{ constant: 'x' }, 'session'] }] } }, []],
  ])('%j', (configuration, warnings) => {
    expect(compiler.compile(configuration, { MOORING_HASH_SECRET: SECRET })).toMatchObject({
      errors: [],
      warnings,
    })
  })
})
