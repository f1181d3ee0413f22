import { createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Compiler, SECRET } from './compiler.ts'

const compiler = new Compiler()
const CONFIGURATION = { session: {}, key: { hashSecret: { env: 'MOORING_HASH_SECRET' } } }
const BYTES = Buffer.from(SECRET, 'base64')

function errors(value: string): string[] {
  return compiler.compile(CONFIGURATION, { MOORING_HASH_SECRET: value }).errors
}

function base64(length: number): string {
  return Buffer.from(Array.from({ length }, (_, index) => index * 7)).toString('base64')
}

const INVALID =
  'secret_invalid at /key/hashSecret/env: MOORING_HASH_SECRET must be base64 of 32 to 64 bytes, not all the same; make one with: openssl rand -base64 32'

describe('a secret', () => {
  test.each([
    ['base64', SECRET],
    ['base64 without padding', SECRET.replace(/=+$/, '')],
    ['base64 as a file has it, with a line feed', `${SECRET}\n`],
    ['base64 as Windows has it', `${SECRET}\r\n`],
    ['base64url', Buffer.alloc(32, 'ÿþ', 'latin1').toString('base64url')],
    ['32 bytes', base64(32)],
    ['64 bytes', base64(64)],
  ])('may be %s', (_, value) => {
    expect(errors(value)).toEqual([])
  })

  test.each([
    ['empty', ''],
    ['no base64', 'not a secret at all, but a sentence of words'],
    ['31 bytes', base64(31)],
    ['65 bytes', base64(65)],
    ['32 times the same byte', Buffer.alloc(32, 7).toString('base64')],
    ['the secret itself, in hex with a blank', `${BYTES.toString('hex')} `],
    ['two line feeds', `${SECRET}\n\n`],
  ])('may not be %s', (_, value) => {
    expect(errors(value)).toEqual([INVALID])
  })

  test('is the variable of exactly that name, and the first of it', () => {
    const others = { MOORING_HASH: 'x', MOORING_HASH_SECRET_2: 'x', XMOORING_HASH_SECRET: 'x' }
    expect(compiler.compile(CONFIGURATION, others).errors).toHaveLength(1)
    expect(compiler.compile(CONFIGURATION, { ...others, MOORING_HASH_SECRET: SECRET }).errors).toEqual([])
  })
})

describe('what stays of a secret', () => {
  const derived = Buffer.from(hkdfSync('sha256', BYTES, 'mooring/v1', 'key', 32))

  test('is the HMAC state of the key derived for the purpose `key`', () => {
    expect(derived.toString('hex')).toBe('faa2ba914cb3da967d882d2d38832c9bfbe775bbd2be1e7f58dd662b8aef02f7')
    const policy = compiler.compilePolicy(CONFIGURATION, { MOORING_HASH_SECRET: SECRET })
    expect(compiler.hmacOfTop(policy, 'some message')).toBe(
      createHmac('sha256', derived).update('some message').digest('hex'),
    )
    compiler.free(policy)
  })

  test('is neither the secret nor the derived key, and nothing after the policy is freed', () => {
    const policy = compiler.compilePolicy(CONFIGURATION, { MOORING_HASH_SECRET: SECRET })
    const state = Buffer.from(compiler.view(policy).top?.key?.hmac ?? '', 'hex')
    expect(state).toHaveLength(64)
    expect(compiler.holds(BYTES)).toBe(false)
    expect(compiler.holds(derived)).toBe(false)
    expect(compiler.holds(state)).toBe(true)
    compiler.free(policy)
    expect(compiler.holds(state)).toBe(false)
  })
})
