/**
 * The policy's block while it is being written: handed out from its start, shrunk to what was used at the end.
 *
 *     | handed out ........ | position ...... free ...... | end
 *
 * The room asked for is a generous bound. Should it ever be too small the block counts as overflowed and is thrown
 * away; until then what did not fit is written over the block's start, where it harms nobody.
 */
import { heapAlloc, heapFree, heapShrink } from '../../bytes/heap'
import { Slice, lenOf, ptrOf, slice, toLower } from '../../bytes/slice'
import { Writer, writer } from '../../bytes/writer'
import { SLICE_BYTES } from '../policy'

/** A larger policy is refused. */
// @ts-ignore: decorator
@inline
const MOST_BYTES: u32 = 1 << 20

/** The least room: more than any single thing that is written. */
// @ts-ignore: decorator
@inline
const LEAST_BYTES: u32 = 16 << 10

let start: usize = 0
let position: usize = 0
let end: usize = 0
let overflowed = false

/** Begins a block with room for about `estimate` bytes; false if the heap has none. */
export function openBlock(estimate: u32): bool {
  const size = min(LEAST_BYTES + estimate, MOST_BYTES)
  start = heapAlloc(size)
  position = start
  end = start + size
  overflowed = start == 0
  return !overflowed
}

/** True if something did not fit: what was handed out since must not be read back, only closed. */
export function blockOverflowed(): bool {
  return overflowed
}

/** The block's address, shrunk; 0, with the block freed, if something did not fit. */
export function closeBlock(): usize {
  const block = start
  start = 0
  if (block == 0) return 0
  if (overflowed) {
    // There may be prepared secrets in it.
    memory.fill(block, 0, end - block)
    heapFree(block)
    return 0
  }
  heapShrink(block, <u32>(position - block))
  return block
}

/** `size` zeroed bytes, aligned to 8. */
export function blockBytes(size: u32): usize {
  if (size <= LEAST_BYTES) return largeBlockBytes(size)
  overflowed = true
  return start
}

/** As `blockBytes`, of any size: ask `blockOverflowed` before anything is written there. */
export function largeBlockBytes(size: u32): usize {
  const rounded = (size + 7) & ~7
  if (rounded > <u32>(end - position)) {
    overflowed = true
    return start
  }
  const at = position
  position += rounded
  memory.fill(at, 0, rounded)
  return at
}

/** Room for `count` slices. */
export function blockSlices(count: u32): usize {
  return blockBytes(count * SLICE_BYTES)
}

/** Begins a text: what is written to the writer until `closeText` is one. Nothing else is handed out meanwhile. */
export function openText(): Writer {
  writer.open(position, <u32>(end - position))
  return writer
}

/** The text as written. */
export function closeText(): Slice {
  const text = writer.result
  if (text == 0) {
    overflowed = true
    return slice(start, 0)
  }
  position += (lenOf(text) + 7) & ~7
  return text
}

export function blockText(text: Slice): Slice {
  openText().bytes(text)
  return closeText()
}

/** As `blockText`, ASCII letters in lower case. */
export function blockLowerText(text: Slice): Slice {
  const copy = blockText(text)
  lowerInPlace(copy)
  return copy
}

/** ASCII letters of `text` to lower case, where they stand. */
export function lowerInPlace(text: Slice): void {
  const at = ptrOf(text)
  for (let i: u32 = 0; i < lenOf(text); i++) store<u8>(at + i, toLower(load<u8>(at + i)))
}
