/**
 * Claims that Envoy's jwt_authn has verified, read as properties. Envoy serialises them without their type
 * (source/extensions/filters/common/expr, serializeValue): a number is 8 bytes, so is a string of 8 characters. So the
 * configuration states the type, and nothing is guessed.
 */
import { Slice, UNREADABLE, isPresent, lenOf, ptrOf, slice } from '../bytes/slice'
import { ClaimType, Source } from '../config/policy'
import { PAIR_CURSOR_BYTES, PairCursor } from '../proxy/pairs'
import { readProperty } from '../proxy/property'
import { listItem, openList, yieldList } from './list'
import { TYPE_BOOLEAN, TYPE_NUMBER, TYPE_STRING } from './node'
import { LONGEST_VALUE, Nothing, yieldNothing, yieldValue } from './value'

// Doubles hold every integer up to here; beyond, neighbours that a token told apart arrive as one.
// @ts-ignore: decorator
@inline
const LARGEST_EXACT: f64 = 9007199254740992

const numberBytes: usize = memory.data(8, 8)
const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))

export function claimValue(source: Source): bool {
  const claim = readProperty(source.name)
  if (claim == UNREADABLE) return yieldNothing(Nothing.Unreadable)
  if (!isPresent(claim)) return yieldNothing(Nothing.Absent)
  switch (source.claimType) {
    case ClaimType.String:
      return hasControls(claim) ? yieldNothing(Nothing.Malformed) : yieldValue(TYPE_STRING, claim)
    case ClaimType.Number:
      return number(claim)
    case ClaimType.Boolean:
      return boolean(claim)
    default:
      return list(claim)
  }
}

/** Bytes below 0x20: in a string claim they betray a map, a list or a number read as a string. */
function hasControls(claim: Slice): bool {
  for (let at = ptrOf(claim), end = at + lenOf(claim); at < end; at++) {
    if (load<u8>(at) < 0x20) return true
  }
  return false
}

function number(claim: Slice): bool {
  if (lenOf(claim) != 8) return yieldNothing(Nothing.Malformed)
  let value = load<f64>(ptrOf(claim))
  // Also false for NaN.
  if (!(abs(value) <= LARGEST_EXACT)) return yieldNothing(Nothing.Malformed)
  if (value == 0) value = 0
  store<u64>(numberBytes, bswap<u64>(reinterpret<u64>(value)))
  return yieldValue(TYPE_NUMBER, slice(numberBytes, 8))
}

function boolean(claim: Slice): bool {
  if (lenOf(claim) != 1 || load<u8>(ptrOf(claim)) > 1) return yieldNothing(Nothing.Malformed)
  return yieldValue(TYPE_BOOLEAN, claim)
}

/** A list arrives as pairs with the item as the name and an empty value; a map has values, and no stable order. */
function list(claim: Slice): bool {
  if (lenOf(claim) > 2 * LONGEST_VALUE) return yieldNothing(Nothing.TooLarge)
  if (!cursor.open(claim)) return yieldNothing(Nothing.Malformed)
  const count = cursor.remaining
  if (count == 0) return yieldNothing(Nothing.Absent)
  // Less than all of it: in pairs an item takes 10 bytes beside its own.
  openList(count, lenOf(claim))
  while (cursor.next()) {
    if (lenOf(cursor.value) != 0 || hasControls(cursor.name)) return yieldNothing(Nothing.Malformed)
    listItem(cursor.name)
  }
  return cursor.complete ? yieldList() : yieldNothing(Nothing.Malformed)
}
