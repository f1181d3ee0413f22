/**
 * Streams that await a response: only those whose answer gets a Set-Cookie or an explanation. All others hold no
 * memory.
 *
 * Open addressing with linear probing; the table grows by doubling and stays at most half full, so that a look-up
 * ends soon whatever the ids are. Removal shifts later entries back: there are no tombstones to pile up.
 *
 *     slot  | stream u32 | root u32 | policy u32 | note u32 | adopted u32 | maxAge u32 | podBlock u32 | podLength u8 |
 *           | secure u8 | takesPod u8 | onMove u8 | moved u8 | length u8 | value, 128 bytes | . |
 *
 * A stream of 0 is an empty slot.
 */
import { copyBytes } from '../bytes/copy'
import { heapAlloc, heapFree } from '../bytes/heap'
import { Slice, lenOf, ptrOf, slice } from '../bytes/slice'
import { Adopted, SessionPolicy } from '../config/policy'
import { COOKIE_VALUE_MAX } from '../http/cookie'
import { POD_MOST } from './pod-seal'

/** More pending streams than this mint no cookie: a bound on memory, 21 MiB. */
// @ts-ignore: decorator
@inline
const MOST_PENDING: u32 = 65536

// @ts-ignore: decorator
@inline
const FIRST_SLOTS: u32 = 64

// @ts-ignore: decorator
@inline
const SLOT_BYTES: u32 = 164

// @ts-ignore: decorator
@inline
const VALUE_OFFSET: usize = 34


@unmanaged
export class Pending {
  stream: u32
  root: u32
  /** Null: no Set-Cookie. */
  policy: SessionPolicy | null
  /** A block of the heap that goes with the slot, for whom the answer is to explain; 0: none. */
  note: usize
  /** The cookie that became the session's id, null if none did: the answer may delete it. */
  adopted: Adopted | null
  /** Seconds; 0: the cookie goes with the browser session. */
  maxAge: u32
  // POD_MOST bytes of the heap; 0: none.
  private podBlock: usize
  private podLength: u8
  secure: bool
  /** Envoy's token for the pod is to be taken off the answer. */
  takesPod: bool
  /** The cookie is set only if the answer comes from another pod than the last one; the value is the token that came. */
  onMove: bool
  /** It does. */
  moved: bool
  private length: u8

  get value(): Slice {
    return slice(changetype<usize>(this) + VALUE_OFFSET, this.length)
  }

  /** At most 128 bytes; the rest is cut, which no valid session value needs. */
  set value(bytes: Slice) {
    const length = min(lenOf(bytes), COOKIE_VALUE_MAX)
    this.length = <u8>length
    copyBytes(changetype<usize>(this) + VALUE_OFFSET, ptrOf(bytes), length)
  }

  /** Envoy's token for the pod that the session was at last; empty if none is known. */
  get pod(): Slice {
    return slice(this.podBlock, this.podLength)
  }

  /** At most POD_MOST bytes: what is longer is no address, and not kept. Nor is any if there is no memory. */
  set pod(bytes: Slice) {
    const length = lenOf(bytes)
    if (this.podBlock == 0 && length > 0) this.podBlock = heapAlloc(POD_MOST)
    this.podLength = length > POD_MOST || this.podBlock == 0 ? 0 : <u8>length
    memory.copy(this.podBlock, ptrOf(bytes), this.podLength)
  }

  /** Gives back what the slot has of the heap. */
  free(): void {
    heapFree(this.note)
    heapFree(this.podBlock)
  }
}

let table: usize = 0
let slots: u32 = 0
let occupied: u32 = 0

/** How many streams await a response. */
export function pendingCount(): u32 {
  return occupied
}

/** The slot of `stream`; a new one has its fields still to be set. Null if there is no room. */
export function reservePending(stream: u32): Pending | null {
  const found = findPending(stream)
  if (found !== null) return found
  if (stream == 0 || occupied == MOST_PENDING) return null
  if (occupied * 2 >= slots && !grow()) return null
  const at = probe(table, slots, stream)
  store<u32>(at, stream)
  occupied++
  return changetype<Pending>(at)
}

/** The slot of `stream`, or null. */
// @ts-ignore: decorator
@inline
export function findPending(stream: u32): Pending | null {
  if (occupied == 0 || stream == 0) return null
  const at = probe(table, slots, stream)
  return load<u32>(at) == stream ? changetype<Pending>(at) : null
}

/** Frees the slot of `stream`, if it has one, and what goes with it. */
export function dropPending(stream: u32): void {
  if (occupied == 0 || stream == 0) return
  const at = probe(table, slots, stream)
  if (load<u32>(at) != stream) return
  changetype<Pending>(at).free()
  occupied--
  let hole = <u32>(at - table) / SLOT_BYTES
  let next = hole
  while (true) {
    next = (next + 1) & (slots - 1)
    const candidate = table + next * SLOT_BYTES
    const id = load<u32>(candidate)
    if (id == 0) break
    // An entry may move back only if its home is not between the hole and where it stands.
    const home = homeOf(id, slots)
    if (((next - home) & (slots - 1)) < ((next - hole) & (slots - 1))) continue
    memory.copy(table + hole * SLOT_BYTES, candidate, SLOT_BYTES)
    hole = next
  }
  memory.fill(table + hole * SLOT_BYTES, 0, SLOT_BYTES)
}

/** Frees the slots of every stream of `root`: its policy is about to go. */
export function dropPendingOf(root: u32): void {
  let i: u32 = 0
  while (i < slots && occupied > 0) {
    const at = table + i * SLOT_BYTES
    const stream = load<u32>(at)
    if (stream != 0 && changetype<Pending>(at).root == root) dropPending(stream)
    else i++
  }
}

// Ids of one VM count up from 1; Fibonacci hashing spreads them.
// @ts-ignore: decorator
@inline
function homeOf(stream: u32, size: u32): u32 {
  return ((stream * 0x9e3779b1) >> 7) & (size - 1)
}

/** The slot that holds `stream`, or the empty one where it belongs. */
function probe(at: usize, size: u32, stream: u32): usize {
  let i = homeOf(stream, size)
  while (true) {
    const slot = at + i * SLOT_BYTES
    const id = load<u32>(slot)
    if (id == stream || id == 0) return slot
    i = (i + 1) & (size - 1)
  }
}

function grow(): bool {
  const size = slots == 0 ? FIRST_SLOTS : slots * 2
  const bigger = heapAlloc(size * SLOT_BYTES)
  if (bigger == 0) return false
  memory.fill(bigger, 0, size * SLOT_BYTES)
  for (let i: u32 = 0; i < slots; i++) {
    const from = table + i * SLOT_BYTES
    const stream = load<u32>(from)
    if (stream != 0) memory.copy(probe(bigger, size, stream), from, SLOT_BYTES)
  }
  heapFree(table)
  table = bigger
  slots = size
  return true
}
