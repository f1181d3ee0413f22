/**
 * The arena: what the host hands over during one callback, and what the filter builds from it.
 *
 * A bump allocator that starts over with each callback, so the way of a request never frees anything:
 *
 *     chunk  | older u32 | .. | ........ handed out ........|....... free .......|
 *                                                       ^ position           ^ end
 *
 * When a chunk is full a larger one is chained behind it, until the cap of the callback. At the next reset only
 * the largest chunk stays, so a worker that once saw large headers does not chain again. Past the cap
 * `arenaAlloc` answers 0: the hostcall then answers InvalidMemoryAccess, and the value counts as too large.
 */
import { heapAlloc, heapFree } from './heap'

/** A request: above any header limit that Envoy accepts by default (60 KiB) and far above any real cookie. */
// @ts-ignore: decorator
@inline
export const REQUEST_CAP: u32 = 1 << 20

/** A configuration is read, parsed and compiled in one callback. */
// @ts-ignore: decorator
@inline
export const CONFIGURE_CAP: u32 = 8 << 20

// @ts-ignore: decorator
@inline
const FIRST_CHUNK: u32 = 16 << 10

// @ts-ignore: decorator
@inline
const CHUNK_HEADER: u32 = 16

let newest: usize = 0
let position: usize = 0
let end: usize = 0
let handedOut: u32 = 0
let cap: u32 = REQUEST_CAP

/** Forgets everything handed out so far. `limit` is what may be handed out until the next reset, in bytes. */
export function arenaReset(limit: u32): void {
  cap = limit
  handedOut = 0
  if (newest == 0) return
  const older = <usize>load<u32>(newest)
  if (older != 0) freeChunks(older)
  store<u32>(newest, 0)
  position = newest + CHUNK_HEADER
}

/** Gives every chunk back to the heap: after a configuration, which needs far more room than a request. */
export function arenaRelease(): void {
  freeChunks(newest)
  newest = 0
  position = 0
  end = 0
  handedOut = 0
}

/** `size` bytes, aligned to 8, valid until the next reset; 0 past the cap. This is the module's `malloc`. */
export function arenaAlloc(size: u32): usize {
  if (size > cap) return 0
  const rounded = size == 0 ? 8 : (size + 7) & ~7
  if (handedOut + rounded > cap) return 0
  if (position + rounded > end && !chain(rounded)) return 0
  const result = position
  position += rounded
  handedOut += rounded
  return result
}

/** Bytes handed out since the last reset. */
export function arenaUsed(): u32 {
  return handedOut
}

function chain(needed: u32): bool {
  let size = newest == 0 ? FIRST_CHUNK : <u32>(end - newest - CHUNK_HEADER) * 2
  if (size < needed) size = needed
  const chunk = heapAlloc(size + CHUNK_HEADER)
  if (chunk == 0) return false
  store<u32>(chunk, <u32>newest)
  newest = chunk
  position = chunk + CHUNK_HEADER
  end = position + size
  return true
}

function freeChunks(chunk: usize): void {
  while (chunk != 0) {
    const older = <usize>load<u32>(chunk)
    heapFree(chunk)
    chunk = older
  }
}
