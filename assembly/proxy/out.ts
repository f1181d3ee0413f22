/**
 * Where hostcalls write their out-parameters. The host leaves them untouched unless it answers Ok, and gives a
 * pointer of 0 for an empty value, without asking for memory.
 *
 *     | pointer u32 | length u32 |
 */
import { Slice, slice } from '../bytes/slice'

export const OUT: usize = memory.data(8, 8)

// @ts-ignore: decorator
@inline
export const OUT_LENGTH: usize = 4

/** What the last successful hostcall wrote to OUT; an empty value is present, with a length of 0. */
// @ts-ignore: decorator
@inline
export function outSlice(): Slice {
  const length = load<u32>(OUT, OUT_LENGTH)
  return length == 0 ? slice(OUT, 0) : slice(<usize>load<u32>(OUT), length)
}
