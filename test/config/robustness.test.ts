import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Compiler, ENVIRONMENT, secretFrom } from './compiler.ts'
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

  test('what rules inherit of a session fits, however long it is', () => {
    const compiler = new Compiler()
    const environment = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`K${i}`, secretFrom(i)]))
    const rules = Array.from({ length: 60 }, (_, index) => ({
      name: `r${index}`,
      match: { paths: ['/'] },
      session: { readOnly: true },
    }))
    const session = {
      cookie: {
        name: 'n'.repeat(128),
        path: `/${'p'.repeat(1023)}`,
        domain: `${'d'.repeat(60)}.example.com`,
      },
      signing: {
        keys: Object.keys(environment).map((env, i) => ({ id: `${'k'.repeat(15)}${i}`, env })),
        audience: '\u{1F600}'.repeat(253),
        absoluteTimeout: '1h',
      },
    }
    expect(compiler.compile({ session, rules }, environment).errors).toEqual([])
  })

  test('wherever the room ends within a session, it is refused and nothing traps', () => {
    const compiler = new Compiler()
    const session = {
      adopt: [{ cookie: 'A', delete: true, path: `/${'a'.repeat(100)}` }, { cookie: 'B' }],
      mint: { methods: ['GET', 'POST'] },
      signing: {
        keys: [
          { id: 'k1', env: 'MOORING_SIGNING_1' },
          { id: 'k2', env: 'MOORING_SIGNING_2' },
        ],
        absoluteTimeout: '1h',
      },
    }
    const key = { hashSecret: { env: 'MOORING_HASH_SECRET' } }
    // What the first rule is longer by moves the end of the room through the last one.
    const errors = (rules: number, padding: number): string[] => {
      const list = Array.from({ length: rules }, (_, index) => ({
        name: `r${index}`,
        match: { paths: ['/'] },
        session: { ...session, cookie: { path: `/${'p'.repeat(1000)}` } },
        key: { ...key, from: constants(index === 0 ? padding : 0) },
      }))
      const configuration = { session: { ...session, adopt: [{ cookie: 'A' }] }, key, rules: list }
      compiler.free(compiler.compilePolicy(configuration, ENVIRONMENT))
      return compiler.errors
    }
    const constants = (length: number) =>
      Array.from({ length: 1 + Math.floor(length / 600) }, (_, i) => ({
        constant: 'x'.repeat(1 + (i === 0 ? length % 256 : 255)),
      }))
    let rules = 100
    while (errors(rules, 0).length === 0) rules++
    expect(rules).toBeLessThan(1000)
    const before = compiler.heapUsed
    let refused = 0
    for (let padding = 0; padding < 8192; padding += 56) {
      for (const count of [rules - 1, rules]) if (errors(count, padding).length > 0) refused++
    }
    expect(refused).toBeGreaterThan(0)
    expect(compiler.heapUsed).toBe(before)
    expect(compiler.compile({ session: {} }).errors).toEqual([])
  })
})
