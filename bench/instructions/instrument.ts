/**
 * Counts the instructions that a module executes, by code that is put into it: exact, whatever the machine does
 * meanwhile, so that two runs can be compared.
 *
 * What counts: every instruction of WebAssembly once, each time that it is executed; `memory.copy` and `memory.fill`
 * once and once more for each byte. `block`, `loop`, `else` and `end` are labels, and do nothing.
 */
import { rewriteModule } from './rewrite.ts'

/** The export that answers how many instructions were executed since it was last asked, modulo 2^32. */
export const TAKE = 'take_instructions'

const LABELS: ReadonlySet<string> = new Set(['block', 'loop', 'else', 'end'])
/** What may not go on to the next instruction. */
const BRANCHES: ReadonlySet<string> = new Set(['if', 'br', 'br_if', 'br_table', 'return', 'unreachable'])
const BULK: ReadonlySet<string> = new Set(['memory.copy', 'memory.fill'])

const ADD = 'global.get $counted i64.add global.set $counted'
// The length is on top of the stack, and stays there.
const ADD_LENGTH = `global.set $length global.get $length global.get $length i64.extend_i32_u ${ADD}`

const COUNTER = ` (global $counted (mut i64) (i64.const 0))
 (global $length (mut i32) (i32.const 0))
 (func (export "${TAKE}") (result i32)
  global.get $counted
  i32.wrap_i64
  i64.const 0
  global.set $counted
 )
`

/**
 * A module that does what `bytes` does and counts it; {@link TAKE} is one export more.
 *
 * A call counts when it is made: where it traps, the rest of the run of instructions that it stands in has been
 * counted too.
 */
export function instrument(bytes: Uint8Array): Uint8Array {
  return rewriteModule(bytes, (lines) => [...counted(lines), COUNTER])
}

/**
 * The text of a module, one instruction a line, with the counter's code. Instructions that run one after the other
 * are a run, and are counted together at its end, before what may leave it.
 */
function* counted(lines: readonly string[]): Generator<string> {
  let run = 0
  let inFunction = false
  const flush = function* (): Generator<string> {
    if (run > 0) yield `i64.const ${run} ${ADD}`
    run = 0
  }
  for (const line of lines) {
    const [word = ''] = line.trim().split(' ', 1)
    const isField = line.startsWith(' (') || line === ' )'
    if (isField) {
      yield* flush()
      inFunction = word === '(func'
    } else if (inFunction && !word.startsWith('(')) {
      if (!LABELS.has(word)) run++
      if (LABELS.has(word) || BRANCHES.has(word)) yield* flush()
      if (BULK.has(word)) yield ADD_LENGTH
    }
    yield line
  }
}
