/**
 * The encoding of what is hashed: injective, so that two different identities never meet in one key.
 *
 *     LP(x) = u32 big-endian length, then x
 *     node  = leaf | all                 firstOf has no node: it is the node that won
 *     leaf  = "L" LP(label) type LP(value)
 *     all   = "A" u32(count) node*
 *     type  = s bytes | n 8-byte big-endian double, -0 as +0 | t one byte | l u32(count) LP(item)* | b id or address
 *
 * Nodes are built in the arena. docs/keys.md describes them for users, with vectors.
 */
import { arenaAlloc } from '../bytes/arena'
import { copyBytes } from '../bytes/copy'
import { ABSENT, Slice, lenOf, ptrOf, slice } from '../bytes/slice'
import { writer } from '../bytes/writer'

// @ts-ignore: decorator
@inline
const LEAF: u8 = 0x4c // L

// @ts-ignore: decorator
@inline
const ALL: u8 = 0x41 // A

// @ts-ignore: decorator
@inline
export const TYPE_STRING: u8 = 0x73 // s

// @ts-ignore: decorator
@inline
export const TYPE_NUMBER: u8 = 0x6e // n

// @ts-ignore: decorator
@inline
export const TYPE_BOOLEAN: u8 = 0x74 // t

// @ts-ignore: decorator
@inline
export const TYPE_LIST: u8 = 0x6c // l

// @ts-ignore: decorator
@inline
export const TYPE_BINARY: u8 = 0x62 // b

/** A leaf; ABSENT if there is no room. Every key begins with one, and its length is known: no Writer has to check it. */
export function leafNode(label: Slice, type: u8, value: Slice): Slice {
  const labelLength = lenOf(label)
  const length = 1 + 4 + labelLength + 1 + 4 + lenOf(value)
  const start = arenaAlloc(length)
  if (start == 0) return ABSENT
  store<u8>(start, LEAF)
  store<u32>(start, bswap<u32>(labelLength), 1)
  copyBytes(start + 5, ptrOf(label), labelLength)
  const at = start + 5 + labelLength
  store<u8>(at, type)
  store<u32>(at, bswap<u32>(lenOf(value)), 1)
  copyBytes(at + 5, ptrOf(value), lenOf(value))
  return slice(start, length)
}

/** A composite of the `count` nodes that stand as Slice[] at `nodes`; ABSENT if there is no room. */
export function allNode(nodes: usize, count: u32): Slice {
  let length: u32 = 1 + 4
  for (let i: u32 = 0; i < count; i++) length += lenOf(load<Slice>(nodes + (i << 3)))
  writer.allocate(length)
  writer.byte(ALL)
  writer.u32be(count)
  for (let i: u32 = 0; i < count; i++) writer.bytes(load<Slice>(nodes + (i << 3)))
  return writer.result
}
