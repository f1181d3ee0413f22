/** A table with open addressing, in the arena while plans are compared. */
import { phrase } from '../../bytes/phrase'
import { arenaAlloc } from '../../bytes/arena'
import { JsonNode } from '../../json/node'
import { error } from '../report'

/** The last place of the table that was opened last: a mask, since there are a power of two of them. */
export let lastPlace: u32 = 0

/** The address of at least 2 * `entries` zeroed places of `bytes` each; 0, with an error, if the arena has no room. */
export function openTable(root: JsonNode, entries: u32, bytes: u32): usize {
  const places = (<u32>1) << (33 - <u32>clz<u32>(entries))
  lastPlace = places - 1
  const table = roomFor(root, places * bytes)
  if (table != 0) memory.fill(table, 0, places * bytes)
  return table
}

/** `bytes` of the arena; 0, with an error, if it has no room. */
export function roomFor(root: JsonNode, bytes: u32): usize {
  const room = arenaAlloc(bytes)
  if (room == 0)
    error(phrase('too_large'), root, phrase('the configuration needs more memory than there is for it'))
  return room
}
