import { arenaAlloc } from './arena'
import { copyBytes } from './copy'
import { Slice, slice, ABSENT, ptrOf, lenOf } from './slice'

/**
 * Appends bytes to a region of fixed size. What does not fit is not written, and the result is then ABSENT: a text
 * is built completely or not at all.
 *
 *     | start ....... written ....... | position ....... room ....... | end
 */
@unmanaged
export class Writer {
  private start: usize
  private position: usize
  private end: usize
  private overflowed: bool

  /** Starts over at `start` with room for `capacity` bytes. A start of 0 (no memory) overflows at once. */
  open(start: usize, capacity: u32): void {
    this.start = start
    this.position = start
    this.end = start + capacity
    this.overflowed = start == 0
  }

  /** As `open`, with room in the arena. */
  allocate(capacity: u32): void {
    this.open(arenaAlloc(capacity), capacity)
  }

  byte(value: u8): void {
    if (!this.hasRoom(1)) return
    store<u8>(this.position, value)
    this.position++
  }

  bytes(s: Slice): void {
    const length = lenOf(s)
    if (!this.hasRoom(length)) return
    copyBytes(this.position, ptrOf(s), length)
    this.position += length
  }

  u32be(value: u32): void {
    if (!this.hasRoom(4)) return
    store<u32>(this.position, bswap<u32>(value))
    this.position += 4
  }

  u64be(value: u64): void {
    if (!this.hasRoom(8)) return
    store<u64>(this.position, bswap<u64>(value))
    this.position += 8
  }

  decimal(value: u64): void {
    let digits: u32 = 1
    for (let rest = value / 10; rest > 0; rest /= 10) digits++
    if (!this.hasRoom(digits)) return
    for (let at = this.position + digits - 1; at >= this.position; at--) {
      store<u8>(at, <u8>(0x30 + <u32>(value % 10)))
      value /= 10
    }
    this.position += digits
  }

  /** Where the next byte goes: for a caller that writes by itself after `hasRoom`, then `advance`s. */
  get at(): usize {
    return this.position
  }

  /** True if `length` more bytes fit; if not, the writer has overflowed from here on. */
  hasRoom(length: u32): bool {
    if (this.overflowed || length > <u32>(this.end - this.position)) {
      this.overflowed = true
      return false
    }
    return true
  }

  advance(length: u32): void {
    this.position += length
  }

  /** Takes back what was written after the first `length` bytes. */
  truncate(length: u32): void {
    if (length < this.length) this.position = this.start + length
  }

  get length(): u32 {
    return <u32>(this.position - this.start)
  }

  /** What was written, or ABSENT if anything did not fit. */
  get result(): Slice {
    return this.overflowed ? ABSENT : slice(this.start, this.length)
  }
}

/**
 * The one that all share: a text is finished before the next one is begun. There is no other in the filter, so that
 * calls need not say which.
 */
export const writer = changetype<Writer>(memory.data(offsetof<Writer>(), 8))
