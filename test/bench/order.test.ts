/** The order of the module's functions: what requests run stands together. */
import { readFileSync } from 'node:fs'
import binaryen from 'binaryen'
import { describe, expect, test } from 'vitest'
import { assembled } from '../../bench/instructions/assemble.ts'
import { jobsOfFunctions } from '../../bench/layout/entered.ts'
import { inOrder } from '../../bench/layout/order.ts'
import { BUILT_FILTER } from '../../demo/built-filter.ts'

describe('the built filter', () => {
  const jobs = jobsOfFunctions(readFileSync(BUILT_FILTER))
  const entered = jobs.flatMap((letters, index) => (letters === '' ? [] : [index]))

  test('what no request runs stands before all that any runs, or behind it', () => {
    const first = entered[0] ?? 0
    expect(entered).toEqual(entered.map((_, place) => first + place))
  })

  test('every job runs something of it', () => {
    expect([...new Set(jobs.join(''))].sort().join('')).toBe('abcdefghijkl')
  })
})

describe('a module in order', () => {
  const wat = `(module
    (import "env" "host" (func $host))
    (memory 1)
    (data (i32.const 0) " $1 ($2) \\"$3")
    (func $1 (export "one") (result i32) (i32.const 1))
    (func $2 (export "two") (result i32) (i32.add (call $1) (call $3)))
    (func $3 (result i32) (i32.load8_u (i32.const 1)))
    (func $4 (export "four") (call $host)))`
  const bytes = assembled(wat)

  test('has those last that most jobs enter', () => {
    const module = binaryen.readBinary(inOrder(bytes, ['a', '', 'ab', 'abc']))
    const text = module.emitText()
    module.dispose()
    expect(
      [...text.matchAll(/export "(\w+)" \(func \$(\d+)/g)].map(([, name, place]) => [name, place]),
    ).toEqual([
      ['one', '1'],
      ['two', '0'],
      ['four', '3'],
    ])
  })

  test('does what it did, and has its texts as they were', () => {
    const module = new WebAssembly.Module(new Uint8Array(inOrder(bytes, ['a', '', 'ab', 'abc'])))
    const { exports } = new WebAssembly.Instance(module, { env: { host: () => undefined } })
    const two = exports['two'] as () => number
    expect(two()).toBe(1 + '$'.charCodeAt(0))
  })

  test('is refused where it is not known what each function is for', () => {
    expect(() => inOrder(bytes, ['a'])).toThrow('4 functions, told of 1')
  })
})
