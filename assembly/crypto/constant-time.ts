import { Slice, lenOf, ptrOf } from '../bytes/slice'

/**
 * True if both have the same bytes. Looks at every byte whatever the first ones say, so that the time taken tells
 * nothing about a secret but its length.
 */
export function equalsInConstantTime(a: Slice, b: Slice): bool {
  const length = lenOf(a)
  if (length != lenOf(b)) return false
  let difference: u64 = 0
  let i: u32 = 0
  for (; i + 8 <= length; i += 8) difference |= load<u64>(ptrOf(a) + i) ^ load<u64>(ptrOf(b) + i)
  for (; i < length; i++) difference |= load<u8>(ptrOf(a) + i) ^ load<u8>(ptrOf(b) + i)
  return difference == 0
}
