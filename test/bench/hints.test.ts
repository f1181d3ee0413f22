/** Hints at the module's branches: where a request does not go. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { assembled } from '../../bench/instructions/assemble.ts'
import { type Branch, branchesInJobs } from '../../bench/layout/branches.ts'
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

describe('the built filter', () => {
  const bytes = readFileSync(BUILT_FILTER)

  test('has hints at more than a quarter of the branches that the jobs of the bench come by, and not at all of them', () => {
    const met = branchesInJobs(bytes).filter(({ yes, no }) => yes + no > 0)
    const hints = hintsOf(bytes).flat()
    expect(hints.length).toBeGreaterThan(met.length / 4)
    expect(hints.length).toBeLessThan(met.length)
  })

  test('has the hints that its branches give', () => {
    // What else was compiled in this process decides how the rest of the module is written.
    const likely = (module: Uint8Array) => hintsOf(module).map((hints) => hints.map(([, way]) => way))
    expect(likely(withHints(bytes, branchesInJobs(bytes)))).toEqual(likely(bytes))
  })
})

describe('a module', () => {
  const wat = `(module (func (export "f") (param i32) (result i32)
    (if (local.get 0) (then (return (i32.mul (local.get 0) (i32.const 3)))))
    (block $out (br_if $out (local.get 0)) (return (i32.const 7)))
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.sub (i32.const 9) (local.get 0))))))`
  const always: Branch = { yes: 4, no: 0 }
  const never: Branch = { yes: 0, no: 4 }
  const nobody: Branch = { yes: 0, no: 0 }
  const ways = (branches: readonly Branch[]) =>
    hintsOf(withHints(assembled(wat), branches)).map((hints) => hints.map(([, likely]) => likely))

  test('gets a hint where one way is taken, and does what it did', () => {
    const branches = [never, always, always]
    expect(ways(branches)).toEqual([[0, 1, 1]])
    const hinted = new WebAssembly.Module(new Uint8Array(withHints(assembled(wat), branches)))
    const { exports } = new WebAssembly.Instance(hinted, {})
    const f = exports['f'] as (n: number) => number
    expect([f(0), f(2)]).toEqual([7, 6])
  })

  test('gets none where jobs go both ways', () => {
    expect(ways([{ yes: 1, no: 3 }, { yes: 3, no: 1 }, nobody])).toEqual([])
  })

  test('gets none where nobody comes by, or a single job', () => {
    expect(ways([nobody, { yes: 1, no: 0 }, { yes: 0, no: 1 }])).toEqual([])
    expect(ways([nobody, { yes: 2, no: 0 }, { yes: 0, no: 2 }])).toEqual([[1, 0]])
  })
})
