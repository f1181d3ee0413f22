/** Refusals of the host: every hostcall that the filter imports, every status that is not Ok. */
import { readFileSync } from 'node:fs'
import { type Fault, Status } from '../../host/index.ts'
import type { Prng } from './prng.ts'

/** Every function that the filter calls, and its own allocator, which the host calls. */
export const CALLS: readonly string[] = [
  ...WebAssembly.Module.imports(new WebAssembly.Module(readFileSync('build/mooring.wasm'))).map(
    ({ name }) => name,
  ),
  'malloc',
]

/** Status 1 to 12, and numbers that are none; WASI's errnos are among both. */
export const REFUSALS: readonly number[] = [
  ...Object.values(Status)
    .filter((value) => typeof value === 'number')
    .filter((status) => status !== Status.Ok),
  13,
  28,
  255,
  0x7fff_ffff,
  -2,
  -0x8000_0000,
]

/** A refusal of any one of the calls: the first few or all. `malloc` can only fail. */
export function randomFault(prng: Prng, calls = CALLS): Fault {
  const hostcall = prng.pick(calls)
  const status = hostcall === 'malloc' ? 0 : prng.pick(REFUSALS)
  return prng.onceIn(3) ? { hostcall, status } : { hostcall, status, nth: 1 + prng.below(4) }
}
