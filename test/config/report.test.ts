import { describe, expect, test } from 'vitest'
import { Compiler, ENVIRONMENT, SECRET } from './compiler.ts'
import { SESSION } from './pieces.ts'

const compiler = new Compiler()

describe('the report', () => {
  test('lists every error of a configuration at once', () => {
    const { errors } = compiler.compile({
      version: 2,
      session: { cookie: { name: 'a b', ttl: '1d' }, signing: { keys: [{ id: 'k1' }] } },
      key: { from: [{ claims: 'sub' }], hashSecret: SECRET },
      rules: [{ name: 'a', match: { paths: ['a'] } }, { name: 'a' }],
    })
    expect(errors.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      'out_of_range at /version',
      'not_a_token at /session/cookie/name',
      'invalid_duration at /session/cookie/ttl',
      'missing_field at /session/signing/keys/0',
      'unknown_field at /key/from/0/claims',
      'inline_secret at /key/hashSecret',
      'invalid_path at /rules/0/match/paths/0',
      'duplicate_name at /rules/1/name',
      'missing_field at /rules/1',
    ])
  })

  test('never shows a secret, wherever somebody wrote it', () => {
    for (const hashSecret of [SECRET, { env: SECRET }, { value: SECRET }, { [SECRET]: 1 }, [SECRET]]) {
      const { errors } = compiler.compile({ ...SESSION, key: { hashSecret } })
      expect(errors).not.toEqual([])
      expect(errors.join('\n')).not.toContain(SECRET.slice(0, 8))
    }
    for (const key of [SECRET, { id: 'k1', env: SECRET }, { id: 'k1', value: SECRET }, { [SECRET]: 1 }]) {
      for (const keys of [[key], key, [{ id: 'k2', env: 'MOORING_SIGNING_1' }, key]]) {
        const { errors } = compiler.compile({ session: { signing: { keys } } }, ENVIRONMENT)
        expect(errors).not.toEqual([])
        expect(errors.join('\n')).not.toContain(SECRET.slice(0, 8))
      }
    }
  })

  test('ends after 100 errors, and says that there are more', () => {
    const rules = Array.from({ length: 101 }, (_, index) => ({ name: `r${index}`, match: { paths: ['x'] } }))
    const hundred = compiler.compile({ ...SESSION, rules: rules.slice(1) }).errors
    expect(hundred).toHaveLength(100)
    expect(hundred[99]).toBe('invalid_path at /rules/99/match/paths/0: found "x", expected a / first')
    const more = compiler.compile({ ...SESSION, rules }).errors
    expect(more).toHaveLength(100)
    expect(more[98]).toBe('invalid_path at /rules/98/match/paths/0: found "x", expected a / first')
    expect(more[99]).toBe('too_many_errors at (root): there are more errors than these')
  })

  test('cuts a line at 256 bytes', () => {
    const long = 'x'.repeat(60)
    const { errors } = compiler.compile({ ...SESSION, [long]: 1, rules: [{ [long]: { a: 1 } }] })
    expect(errors[0]).toBe(`unknown_field at /${'x'.repeat(48)}...: not known here`)
    const deep = `{"session":${`{"${long}":`.repeat(6)}1`
    const path = `/session${`/${'x'.repeat(48)}...`.repeat(5)}`
    expect(compiler.compile(deep).errors).toEqual([`invalid_json at ${path}`.slice(0, 253) + '...'])
  })
})
