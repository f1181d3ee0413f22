/** The headers that rules ask for, taken from all of the request's in one walk. */
import { ABSENT, Slice, equals, lenOf } from '../bytes/slice'
import { MOST_HEADERS, RuleIndex, headerAt } from '../config/rule-index'
import { PAIR_CURSOR_BYTES, PairCursor } from '../proxy/pairs'
import { SEVERAL, requestPairs } from '../proxy/request'

const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))
// Slice[32], in the order of RuleIndex.headers.
const values: usize = memory.data(32 * 8, 8)

/** Reads them. False if the host refuses, or what it hands over is damaged. */
export function noteHeaders(index: RuleIndex): bool {
  memory.fill(values, 0, MOST_HEADERS << 3)
  const pairs = requestPairs()
  if (!cursor.open(pairs)) return false
  while (cursor.next()) note(index, cursor.name, cursor.value)
  return cursor.complete
}

/** The value of the header's only entry; ABSENT, or SEVERAL. */
export function notedHeader(header: u32): Slice {
  return load<Slice>(values + (header << 3))
}

function note(index: RuleIndex, name: Slice, value: Slice): void {
  let left = load<u32>(index.headersByLength + ((lenOf(name) & 31) << 2))
  for (; left != 0; left &= left - 1) {
    const header = ctz(left)
    if (!equals(headerAt(index, header).name, name)) continue
    const place = values + (header << 3)
    store<Slice>(place, load<Slice>(place) == ABSENT ? value : SEVERAL)
    return
  }
}
