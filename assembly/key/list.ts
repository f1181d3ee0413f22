/**
 * The value of type `l`, written item by item in the arena:
 *
 *     | count u32 | length u32 | item ... | length u32 | item ... |        numbers big-endian
 */
import { Slice, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { TYPE_LIST } from './node'
import { LONGEST_VALUE, Nothing, yieldValue } from './value'

let count: u32 = 0

export function openList(): void {
  count = 0
  writer.allocate(LONGEST_VALUE)
  writer.u32be(count)
}

export function listItem(item: Slice): void {
  count++
  writer.u32be(lenOf(item))
  writer.bytes(item)
}

/** An empty list is as good as none. */
export function yieldList(): Nothing {
  const list = writer.result
  if (!isPresent(list)) return Nothing.TooLarge
  if (count == 0) return Nothing.Absent
  store<u32>(ptrOf(list), bswap<u32>(count))
  return yieldValue(TYPE_LIST, list)
}
