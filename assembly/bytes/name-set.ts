/**
 * A set of names, ASCII case aside: one at a time, while a configuration is checked.
 *
 *     Slice[2048], open addressing: a name stands at the place of its hash or after it, before the next free one
 */
import { hashOctets, hashStart, placeOf } from './hash'
import { Slice, endOf, lenOf, ptrOf, toLower } from './slice'

// @ts-ignore: decorator
@inline
const PLACES: u32 = 2048

/** One a rule, the top level's, the default and one more; half of the places, or hardly more, are taken. */
// @ts-ignore: decorator
@inline
const MOST_NAMES: u32 = 1027

const places: usize = memory.data(2048 * 8, 8)
let count: u32 = 0

/** Starts over with a set of no names. */
export function clearNames(): void {
  memory.fill(places, 0, PLACES << 3)
  count = 0
}

/** False if the name is there already. Of more names than there is room for the rest is left out. */
export function addName(name: Slice): bool {
  const place = find(name)
  if (load<Slice>(place) != 0) return false
  if (count == MOST_NAMES) return true
  store<Slice>(place, name)
  count++
  return true
}

export function hasName(name: Slice): bool {
  return load<Slice>(find(name)) != 0
}

export function nameCount(): u32 {
  return count
}

/** Where the name is, or where it belongs. */
function find(name: Slice): usize {
  let index = placeOf(hashOctets(hashStart(0), ptrOf(name), endOf(name)), PLACES - 1)
  while (true) {
    const place = places + (index << 3)
    const there = load<Slice>(place)
    if (there == 0 || sameName(there, name)) return place
    index = (index + 1) & (PLACES - 1)
  }
}

function sameName(a: Slice, b: Slice): bool {
  if (lenOf(a) != lenOf(b)) return false
  for (let i: u32 = 0; i < lenOf(a); i++) {
    if (toLower(load<u8>(ptrOf(a) + i)) != toLower(load<u8>(ptrOf(b) + i))) return false
  }
  return true
}
