/** The counter, on modules so small that the instructions can be counted by hand. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Vm } from '../../host/index.ts'
import { countInstructions, countingModule } from '../../bench/instructions/count.ts'
import { assembled } from '../../bench/instructions/assemble.ts'
import { TAKE, instrument } from '../../bench/instructions/instrument.ts'

type GuestFunction = (...args: number[]) => number | undefined

/** The result of `run`, and how many instructions it took. */
function counted(text: string, ...args: number[]): { result: number | undefined; instructions: number } {
  const bytes = instrument(assembled(text))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {})
  const { run, [TAKE]: take } = exports as unknown as Record<string, GuestFunction>
  if (run === undefined || take === undefined) throw new Error('the module must export run')
  const result = run(...args)
  const instructions = take() ?? -1
  expect(take()).toBe(0)
  return { result, instructions }
}

const ADD = `(module (func (export "run") (param i32 i32) (result i32)
  local.get 0 local.get 1 i32.add))`

// if: 2 instructions to get there, 1 in either arm, and the other arm has 3.
const IF = `(module (func (export "run") (param i32) (result i32)
  local.get 0
  if (result i32) i32.const 7 else i32.const 3 i32.const 4 i32.add end))`

// Each turn of the loop takes 12: 3 to leave or stay, 8 to count, 1 to go back.
const LOOP = `(module (func (export "run") (param i32) (result i32) (local i32)
  block $out
    loop $turn
      local.get 0 i32.eqz br_if $out
      local.get 0 i32.const 1 i32.sub local.set 0
      local.get 1 i32.const 2 i32.add local.set 1
      br $turn
    end
  end
  local.get 1))`

const RETURN = `(module (func (export "run") (param i32) (result i32)
  local.get 0
  if i32.const 1 return end
  i32.const 5 i32.const 6 i32.mul))`

const VALUE_BRANCH = `(module (func (export "run") (param i32) (result i32)
  block $out (result i32)
    i32.const 40
    i32.const 2
    local.get 0
    br_if $out
    i32.add
  end))`

const TABLE = `(module (func (export "run") (param i32) (result i32)
  block $c
    block $b
      block $a
        local.get 0
        br_table $a $b $c
      end
      i32.const 10
      return
    end
    i32.const 1 i32.const 2 i32.add
    return
  end
  i32.const 30))`

const CALLS = `(module
  (func $twice (param i32) (result i32) local.get 0 local.get 0 i32.add)
  (func (export "run") (param i32) (result i32)
    local.get 0 call $twice call $twice))`

const BULK = `(module (memory 1) (func (export "run") (param i32) (result i32)
  i32.const 0 i32.const 65 local.get 0 memory.fill
  i32.const 100 i32.const 0 local.get 0 memory.copy
  i32.const 100 i32.load8_u))`

describe('counted are', () => {
  test.each<[string, string, number[], number, number]>([
    ['instructions in a row', ADD, [20, 22], 42, 3],
    ['the arm of an if that is taken', IF, [1], 7, 3],
    ['and the other', IF, [0], 7, 5],
    ['no turn of a loop', LOOP, [0], 0, 4],
    ['one turn', LOOP, [1], 2, 4 + 12],
    ['a hundred turns', LOOP, [100], 200, 4 + 12 * 100],
    ['what comes before a return', RETURN, [1], 1, 4],
    ['and what would come after it', RETURN, [0], 30, 5],
    ['what comes before a branch with a value', VALUE_BRANCH, [1], 2, 4],
    ['and what would come after it', VALUE_BRANCH, [0], 42, 5],
    ['the first target of a table', TABLE, [0], 10, 4],
    ['the second', TABLE, [1], 3, 6],
    ['the default', TABLE, [9], 30, 3],
    ['what is called, each time', CALLS, [5], 20, 3 + 2 * 3],
    ['bytes that are filled and copied', BULK, [16], 65, 10 + 2 * 16],
    ['none where there are none', BULK, [0], 0, 10],
  ])('%s', (_, text, args, result, instructions) => {
    expect(counted(text, ...args)).toEqual({ result, instructions })
  })
})

test('the filter with the counter does what it does without, and counts the same each time', () => {
  const vm = new Vm(countingModule(readFileSync('build/mooring.wasm')))
  const plugin = vm.startPlugin({ configuration: '{"key":{"from":[{"header":"x-user"}],"format":"raw"}}' })
  const pass = (user: string): { key: string | undefined; instructions: number } => {
    const stream = plugin.stream({ headers: [['x-user', user]] })
    const instructions = countInstructions(vm, () => stream.requestHeaders({ endOfStream: true }))
    stream.end()
    return { key: stream.request.get('x-mooring-key'), instructions }
  }
  const first = pass('alice')
  expect(first.key).toBe('alice')
  expect(first.instructions).toBeGreaterThan(100)
  expect(pass('alice')).toEqual(pass('alice'))
  expect(pass('carol').instructions).toBe(pass('alice').instructions)
  expect(pass('alice2').instructions).toBeGreaterThan(pass('alice').instructions)
})
