/** Slices side by side in memory, as a policy keeps the values that a field allows. */
import { Slice, equals } from './slice'

/** True if one of the `count` slices at `list` has the bytes of `value`; an empty list holds none. */
export function listHolds(list: usize, count: u32, value: Slice): bool {
  for (let i: u32 = 0; i < count; i++) {
    if (equals(load<Slice>(list + i * sizeof<Slice>()), value)) return true
  }
  return false
}
