/** How values lie in the memory of a compiled policy: pointers of 32 bits, lists without padding. */
import { text } from './index-view.ts'

export const HMAC_STATE_BYTES = 64
const SLICE_BYTES = 8

export function texts(memory: Buffer, at: number, count: number): string[] {
  return list(at, count, SLICE_BYTES, (slice) => text(memory, slice))
}

export function list<T>(at: number, count: number, size: number, read: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => read(at + index * size))
}

export function flag(memory: Buffer, at: number): boolean {
  return pick([false, true], memory.readUInt8(at))
}

export function pick<T>(values: readonly T[], index: number): T {
  const value = values[index]
  if (value === undefined) throw new RangeError(`${index} is none of ${values.length} values`)
  return value
}
