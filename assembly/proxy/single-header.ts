/** Headers that count only where there is one entry of them: of several nobody knows which the upstream believes. */
import { Slice, UNREADABLE, isPresent, lenOf } from '../bytes/slice'
import { readRequestHeader } from './header'
import { readProperty } from './property'

/** There are several entries: like UNREADABLE no bytes, and of another length. */
// @ts-ignore: decorator
@inline
export const SEVERAL: Slice = 3 << 32

/**
 * The value of the header's only entry; ABSENT, UNREADABLE or SEVERAL. `path` is its property,
 * `request\0headers\0<name>`, which joins all entries with a comma: longer than the first, and there are others.
 */
export function readSingleHeader(name: Slice, path: Slice): Slice {
  const first = readRequestHeader(name)
  if (!isPresent(first)) return first
  const joined = readProperty(path)
  if (!isPresent(joined)) return UNREADABLE
  return lenOf(joined) == lenOf(first) ? first : SEVERAL
}
