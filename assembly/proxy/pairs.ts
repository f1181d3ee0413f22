/**
 * The serialised form of header maps, and of maps and lists in properties. Little endian; lengths leave out the NUL:
 *
 *     u32 n | n x (u32 name length, u32 value length) | n x (name, 00, value, 00)
 *
 * Source: proxy-wasm-cpp-host src/pairs_util.cc.
 */
import { proxy_get_header_map_pairs } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { arenaAlloc } from '../bytes/arena'
import { ABSENT, Slice, UNREADABLE, between, lenOf, ptrOf, slice } from '../bytes/slice'
import { HeaderMapType, Status } from './abi'
import { OUT, OUT_LENGTH, outSlice } from './out'

/** All headers of the map in this form; an empty one, or none at all, is 0 bytes. UNREADABLE if the host refuses. */
export function readPairs(map: HeaderMapType): Slice {
  const status = proxy_get_header_map_pairs(map, OUT, OUT + OUT_LENGTH)
  return status == Status.Ok ? outSlice() : UNREADABLE
}

/** Writes the pairs of `count` names and values, which stand by turns in the slices at `list`; ABSENT without room. */
export function writePairs(list: usize, count: u32): Slice {
  let capacity = 4
  for (let i: u32 = 0; i < count * 2; i++) capacity += lenOf(sliceAt(list, i)) + 5
  const at = arenaAlloc(capacity)
  if (at == 0) return ABSENT
  store<u32>(at, count)
  let data = at + 4 + count * 8
  for (let i: u32 = 0; i < count * 2; i++) {
    const text = sliceAt(list, i)
    store<u32>(at + 4 + i * 4, lenOf(text))
    memory.copy(data, ptrOf(text), lenOf(text))
    data += lenOf(text)
    store<u8>(data++, 0)
  }
  return between(at, data)
}

// @ts-ignore: decorator
@inline
function sliceAt(list: usize, index: u32): Slice {
  return load<Slice>(list + index * 8)
}

/** Walks over pairs; every read is preceded by its bound. */
@unmanaged
export class PairCursor {
  name: Slice
  value: Slice
  private sizes: usize
  private sizesEnd: usize
  private data: usize
  private end: usize

  /** False if the bytes are no such list, or the list is UNREADABLE: that is too short for one. */
  open(pairs: Slice): bool {
    this.name = ABSENT
    this.value = ABSENT
    this.sizes = 0
    this.sizesEnd = 0
    const length = lenOf(pairs)
    if (length == 0) return true
    if (length < 4) return false
    const count = load<u32>(ptrOf(pairs))
    if (count > (length - 4) / 8) return false
    this.sizes = ptrOf(pairs) + 4
    this.sizesEnd = this.sizes + count * 8
    this.data = this.sizesEnd
    this.end = ptrOf(pairs) + length
    return true
  }

  /** Steps to the next pair. False at the end, or where the lengths run past the bytes. */
  next(): bool {
    if (this.sizes == this.sizesEnd) return false
    const nameLength = load<u32>(this.sizes)
    const valueLength = load<u32>(this.sizes, 4)
    const room = <u64>(this.end - this.data)
    if (<u64>nameLength + <u64>valueLength + 2 > room) return false
    this.name = slice(this.data, nameLength)
    this.value = slice(this.data + nameLength + 1, valueLength)
    this.data += nameLength + valueLength + 2
    this.sizes += 8
    return true
  }

  /** True once every pair was stepped over: false after `next` stopped at damage. */
  @inline
  get complete(): bool {
    return this.sizes == this.sizesEnd
  }

  /** How many pairs are left. */
  get remaining(): u32 {
    return <u32>(this.sizesEnd - this.sizes) / 8
  }
}

/** Bytes of a PairCursor, for `memory.data`. */
// @ts-ignore: decorator
@inline
export const PAIR_CURSOR_BYTES: i32 = 32
