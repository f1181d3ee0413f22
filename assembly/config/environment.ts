import { EQUALS } from '../bytes/ascii'
import { ABSENT, Slice, between, endOf, equals, indexOf, isPresent, lenOf, ptrOf } from '../bytes/slice'

/**
 * The value of `name` in a WASI environment block, `NAME=value` strings each ended by NUL. ABSENT if it is not set;
 * a value of no bytes is present.
 */
export function environmentVariable(block: Slice, name: Slice): Slice {
  if (!isPresent(block) || lenOf(name) == 0) return ABSENT
  const end = endOf(block)
  for (let at = ptrOf(block); at < end;) {
    const entryEnd = indexOf(at, end, 0)
    const equalsSign = indexOf(at, entryEnd, EQUALS)
    if (equalsSign < entryEnd && equals(between(at, equalsSign), name))
      return between(equalsSign + 1, entryEnd)
    at = entryEnd + 1
  }
  return ABSENT
}
