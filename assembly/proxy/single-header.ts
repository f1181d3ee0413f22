/** Headers that count only where there is one entry of them: of several nobody knows which the upstream believes. */
import { ABSENT, Slice, UNREADABLE, isPresent } from '../bytes/slice'
import { readRequestHeader } from './header'
import { arePairsRead, onlyEntry } from './request'

/**
 * The value of the header's only entry; ABSENT, UNREADABLE or SEVERAL. `name` is lower-case.
 *
 * `get` shows the first entry, and is all it takes where there is none. Whether there are others all headers together
 * tell, which are read once a request and for less than the property of one header.
 */
export function readSingleHeader(name: Slice): Slice {
  if (arePairsRead()) return onlyEntry(name)
  const first = readRequestHeader(name)
  if (!isPresent(first)) return first
  const only = onlyEntry(name)
  // What `get` has shown cannot be absent.
  return only == ABSENT ? UNREADABLE : only
}
