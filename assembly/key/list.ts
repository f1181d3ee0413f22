/**
 * The value of type `l`, written item by item in the arena:
 *
 *     | count u32 | length u32 | item ... | length u32 | item ... |        numbers big-endian
 */
import { arenaAlloc } from '../bytes/arena'
import { Slice, isPresent, lenOf } from '../bytes/slice'
import { WRITER_BYTES, Writer } from '../bytes/writer'
import { TYPE_LIST } from './node'
import { Nothing, yieldNothing, yieldValue } from './value'

const writer = changetype<Writer>(memory.data(WRITER_BYTES, 4))

/** Starts a list of `count` items that have at most `bytes` bytes together. */
export function openList(count: u32, bytes: u32): void {
  const capacity = 4 + 4 * count + bytes
  writer.open(arenaAlloc(capacity), capacity)
  writer.u32be(count)
}

export function listItem(item: Slice): void {
  writer.u32be(lenOf(item))
  writer.bytes(item)
}

/** To be called once there were as many items as said. */
export function yieldList(): bool {
  const list = writer.result
  return isPresent(list) ? yieldValue(TYPE_LIST, list) : yieldNothing(Nothing.TooLarge)
}
