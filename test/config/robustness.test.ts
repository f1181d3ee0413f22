import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Compiler, ENVIRONMENT } from './compiler.ts'
import { configurations } from './generate.ts'

const PROVE = process.env['PROVE'] !== undefined
const CASES = PROVE ? 1_000_000 : 20_000
const TIMEOUT = PROVE ? 3_600_000 : 300_000
const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff)

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const text = configurations.map((configuration) => Buffer.from(JSON.stringify(configuration)))
const token = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '""',
    '\\u',
    '\\ud800',
    '\\',
    'null',
    'true',
    '1',
    '-',
    '1e9',
    '\0',
    '\xff',
    '\xc3',
  ],
  ...[
    '"key"',
    '"from"',
    '"session"',
    '"rules"',
    '"cookie"',
    '"all"',
    '"claim"',
    '"match"',
    '"x"',
    '{}',
    '[]',
  ],
)
const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(6), insert: token })

/** A configuration's text with some bytes cut out and some tokens put in. */
const mutated = fc.tuple(text, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([start, edits]) =>
  edits.reduce((now, { at, cut, insert }) => {
    const place = Math.floor(at * now.length)
    return Buffer.concat([now.subarray(0, place), Buffer.from(insert, 'latin1'), now.subarray(place + cut)])
  }, start),
)
const tokens = fc.array(token, { maxLength: 40 }).map((list) => Buffer.from(list.join(''), 'latin1'))

describe('whatever the bytes of a configuration are', () => {
  test(
    `it is compiled or refused, and never traps or keeps memory (${CASES} cases, seed ${SEED})`,
    { timeout: TIMEOUT },
    () => {
      const compiler = new Compiler()
      compiler.compile({ session: {} })
      const before = compiler.heapUsed
      let accepted = 0
      fc.assert(
        fc.property(fc.oneof({ weight: 5, arbitrary: mutated }, text, bytes, tokens), (json) => {
          const policy = compiler.compilePolicy(json, ENVIRONMENT)
          if (policy !== 0) accepted++
          compiler.free(policy)
          const saved = compiler.compileKeyHeadersOnly(json).keyHeaders[0]
          if (saved !== 'x-mooring-key') throw new Error(`the first key header is ${saved ?? 'missing'}`)
          compiler.releaseArena()
        }),
        { numRuns: CASES, seed: SEED },
      )
      compiler.compile({ session: {} })
      expect(compiler.heapUsed).toBe(before)
      expect(accepted).toBeGreaterThan(CASES / 50)
    },
  )

  test('it is compiled to one block of the heap, which is freed whole', () => {
    const compiler = new Compiler()
    compiler.compile({ session: {} })
    compiler.releaseArena()
    const before = compiler.heapUsed
    fc.assert(
      fc.property(configurations, (configuration) => {
        const policy = compiler.compilePolicy(configuration, ENVIRONMENT)
        expect(policy).not.toBe(0)
        compiler.free(policy)
        compiler.releaseArena()
        expect(compiler.heapUsed).toBe(before)
      }),
      { numRuns: 500, seed: SEED },
    )
  })

  test('memory stays where it was over 10,000 reloads', () => {
    const compiler = new Compiler()
    const configuration = Buffer.from(
      JSON.stringify({
        session: { cookie: { ttl: '8h' } },
        key: { from: [{ claim: 'sub' }, 'session'], hashSecret: { env: 'MOORING_HASH_SECRET' } },
        rules: Array.from({ length: 20 }, (_, index) => ({
          name: `r${index}`,
          match: { paths: [`/${index}/**`] },
          skip: true,
        })),
      }),
    )
    let policy = compiler.compilePolicy(configuration, ENVIRONMENT)
    const reload = () => {
      const next = compiler.compilePolicy(configuration, ENVIRONMENT)
      compiler.releaseArena()
      compiler.free(policy)
      policy = next
    }
    for (let i = 0; i < 100; i++) reload()
    const { heapUsed, memoryBytes } = compiler
    for (let i = 0; i < 10_000; i++) reload()
    expect(policy).not.toBe(0)
    expect(compiler.heapUsed).toBe(heapUsed)
    expect(compiler.memoryBytes).toBe(memoryBytes)
  })

  test('the largest configurations fit, and a policy over 1 MiB is refused', () => {
    const compiler = new Compiler()
    const rules = (count: number, rule: (index: number) => object) =>
      Array.from({ length: count }, (_, index) => ({
        name: `r${index}`,
        match: { paths: ['/'] },
        ...rule(index),
      }))
    const claims = (count: number) => Array.from({ length: count }, () => ({ claim: 'a' }))
    // 14 bytes of text become 140 of policy: the most that any text grows.
    const dense = { session: {}, rules: rules(256, () => ({ key: { from: claims(16) } })) }
    expect(JSON.stringify(dense).length).toBeLessThan(128 << 10)
    expect(compiler.compile(dense).errors).toEqual([])
    // A long path at the top level, rendered twice for every rule that has a session of its own.
    const long = (path: number, count: number) => ({
      session: { cookie: { path: `/${'p'.repeat(path - 1)}` } },
      rules: rules(count, () => ({ session: { readOnly: true } })),
    })
    expect(compiler.compile(long(1024, 256)).errors).toEqual([])
    const huge = {
      ...long(1024, 256),
      key: { from: claims(16) },
      rules: rules(256, () => ({ session: { readOnly: true }, key: { from: claims(16) } })),
    }
    expect(compiler.compile(huge).errors).toEqual([
      'too_large at (root): the compiled configuration needs more than 1 MiB, or the proxy has no memory for it',
    ])
    expect(compiler.compile({ session: {} }).errors).toEqual([])
  })
})
