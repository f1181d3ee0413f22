/**
 * What a claim's value is in a key: the same for verified and for unverified claims, of which only the label tells
 * which they are.
 */
import { Slice, lenOf, ptrOf, slice } from '../bytes/slice'
import { LARGEST_EXACT } from '../json/number'
import { listItem } from './list'
import { TYPE_BOOLEAN, TYPE_NUMBER, TYPE_STRING } from './node'
import { Nothing, yieldValue } from './value'

const scalarBytes: usize = memory.data(8, 8)

/** Bytes below 0x20 yield nothing: from Envoy they betray a map, a list or a number read as a string. */
export function yieldClaimText(text: Slice): Nothing {
  return hasControls(text) ? Nothing.Malformed : yieldValue(TYPE_STRING, text)
}

export function yieldClaimNumber(value: f64): Nothing {
  // Also false for NaN.
  if (!(abs(value) <= LARGEST_EXACT)) return Nothing.Malformed
  if (value == 0) value = 0
  store<u64>(scalarBytes, bswap<u64>(reinterpret<u64>(value)))
  return yieldValue(TYPE_NUMBER, slice(scalarBytes, 8))
}

export function yieldClaimFlag(value: u8): Nothing {
  if (value > 1) return Nothing.Malformed
  store<u8>(scalarBytes, value)
  return yieldValue(TYPE_BOOLEAN, slice(scalarBytes, 1))
}

/** An item of the list that is open (key/list.ts). False: it cannot be one. */
export function claimItem(text: Slice): bool {
  if (hasControls(text)) return false
  listItem(text)
  return true
}

function hasControls(text: Slice): bool {
  for (let at = ptrOf(text), end = at + lenOf(text); at < end; at++) {
    if (load<u8>(at) < 0x20) return true
  }
  return false
}
