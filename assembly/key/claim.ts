/**
 * Claims that Envoy's jwt_authn has verified, or another filter has left, read as properties. Envoy serialises them
 * without their type (source/extensions/filters/common/expr, serializeValue): a number is 8 bytes, so is a string of 8
 * characters. So the configuration states the type, and nothing is guessed.
 */
import { Slice, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { ClaimType, Source } from '../config/policy'
import { PAIR_CURSOR_BYTES, PairCursor } from '../proxy/pairs'
import { readProperty } from '../proxy/property'
import { claimItem, yieldClaimFlag, yieldClaimNumber, yieldClaimText } from './claim-value'
import { openList, yieldList } from './list'
import { LONGEST_VALUE, Nothing, yieldText } from './value'

const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))

export function claimValue(source: Source): Nothing {
  const claim = readProperty(source.name)
  if (!isPresent(claim)) return yieldText(claim)
  switch (source.claimType) {
    case ClaimType.String:
      return yieldClaimText(claim)
    case ClaimType.Number:
      return lenOf(claim) == 8 ? yieldClaimNumber(load<f64>(ptrOf(claim))) : Nothing.Malformed
    case ClaimType.Boolean:
      return lenOf(claim) == 1 ? yieldClaimFlag(load<u8>(ptrOf(claim))) : Nothing.Malformed
    default:
      return list(claim)
  }
}

/** A list arrives as pairs with the item as the name and an empty value; a map has values, and no stable order. */
function list(claim: Slice): Nothing {
  if (lenOf(claim) > 2 * LONGEST_VALUE) return Nothing.TooLarge
  if (!cursor.open(claim)) return Nothing.Malformed
  openList()
  while (cursor.next()) {
    if (lenOf(cursor.value) != 0) return Nothing.Malformed
    if (!claimItem(cursor.name)) return Nothing.Malformed
  }
  return cursor.complete ? yieldList() : Nothing.Malformed
}
