import { Slice, lenOf, ptrOf } from '../bytes/slice'

/**
 * True if both have the same bytes. Looks at every byte whatever the first ones say, so that the time taken tells
 * nothing about a secret but its length.
 */
export function equalsInConstantTime(a: Slice, b: Slice): bool {
  const length = lenOf(a)
  if (length != lenOf(b)) return false
  let difference: u32 = 0
  for (let i: u32 = 0; i < length; i++) {
    difference |= (<u32>load<u8>(ptrOf(a) + i)) ^ (<u32>load<u8>(ptrOf(b) + i))
  }
  return difference == 0
}
