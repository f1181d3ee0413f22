/** Hints at the module's branches: where a request does not go. */
import { readFileSync } from 'node:fs'
import binaryen from 'binaryen'
import { describe, expect, test } from 'vitest'
import { FALSE, TRUE, conditionsInJobs } from '../../bench/layout/branches.ts'
import { withHints } from '../../bench/layout/hints.ts'
import { BUILT_FILTER } from '../../demo/built-filter.ts'

const SECTION = 'metadata.code.branch_hint'

/** The hints of a module, as its section has them: by function, then by the branch's place in its body. */
function hintsOf(bytes: Uint8Array): readonly (readonly [place: number, likely: number])[][] {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(new Uint8Array(bytes)), SECTION)
  if (section === undefined) return []
  const octets = [...new Uint8Array(section)]
  const number = (): number => {
    const octet = octets.shift() ?? 0
    return octet < 0x80 ? octet : (octet & 0x7f) + 0x80 * number()
  }
  const list = <T>(item: () => T): T[] => Array.from({ length: number() }, item)
  return list(() => {
    number()
    return list(() => {
      const place = number()
      expect(number()).toBe(1)
      return [place, number()] as const
    })
  })
}

function compiled(wat: string): Uint8Array {
  const module = binaryen.parseText(wat)
  const binary = module.emitBinary()
  module.dispose()
  return binary
}

describe('the built filter', () => {
  const bytes = readFileSync(BUILT_FILTER)

  test('has a hint for most branches that only go one way in the jobs of the bench', () => {
    const oneWay = conditionsInJobs(bytes).filter((found) => found === TRUE || found === FALSE)
    const hints = hintsOf(bytes).flat()
    expect(hints.length).toBeGreaterThan(oneWay.length / 2)
    expect(hints.length).toBeLessThan(oneWay.length)
  })

  test('has the hints that its branches give', () => {
    expect(Buffer.from(withHints(bytes, conditionsInJobs(bytes))).equals(bytes)).toBe(true)
  })
})

describe('a module', () => {
  const wat = `(module (func (export "f") (param i32) (result i32)
    (if (local.get 0) (then (return (i32.mul (local.get 0) (i32.const 3)))))
    (block $out (br_if $out (local.get 0)) (return (i32.const 7)))
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.sub (i32.const 9) (local.get 0))))))`

  test('gets a hint where only one way is taken, and does what it did', () => {
    const hinted = withHints(compiled(wat), [FALSE, TRUE, TRUE])
    expect(hintsOf(hinted).map((hints) => hints.map(([, likely]) => likely))).toEqual([[0, 1, 1]])
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(hinted)), {})
    const f = exports['f'] as (n: number) => number
    expect([f(0), f(2)]).toEqual([7, 6])
  })

  test('gets none where both ways are taken, or nobody comes by', () => {
    expect(hintsOf(withHints(compiled(wat), [FALSE | TRUE, 0, FALSE | TRUE]))).toEqual([])
  })

  test('gets none where the other way is a single instruction', () => {
    expect(hintsOf(withHints(compiled(wat), [TRUE, 0, FALSE]))).toEqual([])
  })
})
