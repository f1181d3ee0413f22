/**
 * The heap: few, long-lived blocks (compiled policies, the table of pending streams, the arena's chunks).
 *
 * AssemblyScript's own `heap.alloc` traps when memory cannot grow, and a trap kills every stream of the worker.
 * This one answers 0 instead. It is a first-fit free list, sorted by address, whose neighbours are merged, so
 * that a policy that is freed and allocated again finds its old place: 10,000 reloads leave memory where it was.
 *
 *     free  | size u32 | next u32 | ...                 |
 *     used  | size u32 | 0        | payload ...         |    size: the whole block, a multiple of 16
 *           ^ block               ^ what callers see, 16-aligned
 *
 * Cost: linear in the number of free blocks, which stays below a handful. Not for the way of a request.
 */
import { PAGE_BYTES } from './page'

// @ts-ignore: decorator
@inline
const HEADER: u32 = 16

// @ts-ignore: decorator
@inline
const ALIGN_MASK: u32 = 15

// A remainder smaller than this stays with the block in front of it.
// @ts-ignore: decorator
@inline
const SMALLEST_BLOCK: u32 = 64

// No single block may be larger: it keeps every sum below far from 2^32.
// @ts-ignore: decorator
@inline
const LARGEST_BLOCK: u32 = 64 << 20

let freeList: usize = 0
let started = false
let usedBytes: u32 = 0

/** Bytes of all blocks in use, headers included. */
export function heapUsed(): u32 {
  return usedBytes
}

/**
 * `size` bytes of uninitialised memory, aligned to 16, or 0 if there is no room.
 * A size of 0 gives a block of its own.
 */
export function heapAlloc(size: u32): usize {
  if (size > LARGEST_BLOCK) return 0
  const needed = (size + HEADER + ALIGN_MASK) & ~ALIGN_MASK
  const found = takeFirstFit(needed)
  if (found != 0) return found
  if (!growBy(needed)) return 0
  return takeFirstFit(needed)
}

/** Gives a block back. 0 is allowed, and does nothing. */
export function heapFree(ptr: usize): void {
  if (ptr == 0) return
  const block = ptr - HEADER
  const size = load<u32>(block)
  usedBytes -= size
  insert(block, size)
}

/** Keeps the first `size` bytes of a block and frees the rest. A larger size than the block's does nothing. */
export function heapShrink(ptr: usize, size: u32): void {
  const block = ptr - HEADER
  const whole = load<u32>(block)
  if (size > whole - HEADER) return
  const kept = (size + HEADER + ALIGN_MASK) & ~ALIGN_MASK
  if (whole - kept < SMALLEST_BLOCK) return
  store<u32>(block, kept)
  usedBytes -= whole - kept
  insert(block + kept, whole - kept)
}

function takeFirstFit(needed: u32): usize {
  let previous: usize = 0
  let block = freeList
  while (block != 0) {
    const size = load<u32>(block)
    const next = <usize>load<u32>(block, 4)
    if (size >= needed) {
      const rest = size - needed
      let after = next
      let taken = size
      if (rest >= SMALLEST_BLOCK) {
        after = block + needed
        taken = needed
        store<u32>(after, rest)
        store<u32>(after, <u32>next, 4)
      }
      if (previous == 0) freeList = after
      else store<u32>(previous, <u32>after, 4)
      store<u32>(block, taken)
      store<u32>(block, 0, 4)
      usedBytes += taken
      return block + HEADER
    }
    previous = block
    block = next
  }
  return 0
}

function insert(block: usize, size: u32): void {
  let previous: usize = 0
  let next = freeList
  while (next != 0 && next < block) {
    previous = next
    next = <usize>load<u32>(next, 4)
  }
  if (next != 0 && block + size == next) {
    size += load<u32>(next)
    next = <usize>load<u32>(next, 4)
  }
  if (previous != 0 && previous + load<u32>(previous) == block) {
    store<u32>(previous, load<u32>(previous) + size)
    store<u32>(previous, <u32>next, 4)
    return
  }
  store<u32>(block, size)
  store<u32>(block, <u32>next, 4)
  if (previous == 0) freeList = block
  else store<u32>(previous, <u32>block, 4)
}

/** Asks the engine for pages; what the module's first pages have left beyond the static data is used first. */
function growBy(needed: u32): bool {
  if (!started) {
    started = true
    const start = (__heap_base + ALIGN_MASK) & ~(<usize>ALIGN_MASK)
    const end = <usize>memory.size() * PAGE_BYTES
    if (end > start && end - start >= SMALLEST_BLOCK) insert(start, <u32>(end - start))
    if (end > start && <u32>(end - start) >= needed) return true
  }
  const pages = (needed + PAGE_BYTES - 1) / PAGE_BYTES
  const before = memory.grow(pages)
  if (before < 0) return false
  insert(<usize>before * PAGE_BYTES, pages * PAGE_BYTES)
  return true
}
