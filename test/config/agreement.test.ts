import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Compiler, ENVIRONMENT, codesOf } from './compiler.ts'
import { damaged } from './damage.ts'
import { configurations } from './generate.ts'
import { BEYOND_THE_SCHEMA, acceptedBySchema } from './schema.ts'

const PROVE = process.env['PROVE'] !== undefined
const CASES = PROVE ? 1_000_000 : 20_000
const TIMEOUT = PROVE ? 3_600_000 : 300_000
const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff)

const compiler = new Compiler()

/** The codes of the parser's errors. */
function codes(configuration: unknown): string[] {
  compiler.free(compiler.compilePolicy(Buffer.from(JSON.stringify(configuration)), ENVIRONMENT))
  return codesOf(compiler.errors)
}

describe('the parser and the JSON Schema agree', () => {
  test(`on what is valid (${CASES / 4} cases, seed ${SEED})`, { timeout: TIMEOUT }, () => {
    fc.assert(
      fc.property(configurations, (configuration) => {
        expect(codes(configuration)).toEqual([])
        expect(acceptedBySchema(configuration)).toBe(true)
      }),
      { numRuns: CASES / 4, seed: SEED },
    )
  })

  test(`on what is valid but for one change (${CASES} cases, seed ${SEED})`, { timeout: TIMEOUT }, () => {
    const seen = new Set<string>()
    let refused = 0
    fc.assert(
      fc.property(damaged(configurations), (configuration) => {
        const found = codes(configuration)
        for (const code of found) seen.add(code)
        if (found.length > 0) refused++
        const schemaShouldAccept = found.every((code) => BEYOND_THE_SCHEMA.has(code))
        if (acceptedBySchema(configuration) !== schemaShouldAccept) {
          throw new Error(
            `the schema ${schemaShouldAccept ? 'refuses' : 'accepts'} it, the parser says: ${found.join(', ') || 'valid'}`,
          )
        }
      }),
      { numRuns: CASES, seed: SEED },
    )
    // The damage reaches what it is meant to reach: much of it is refused, for many reasons.
    expect(refused).toBeGreaterThan(CASES / 4)
    expect(seen.size).toBeGreaterThan(25)
  })
})
