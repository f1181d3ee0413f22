/**
 * What a source yielded: a typed value, or nothing and why. One at a time, so it lives in variables.
 */
import { ABSENT, Slice, UNREADABLE, lenOf } from '../bytes/slice'
import { SEVERAL } from '../proxy/request'
import { TYPE_STRING } from './node'

/** Why a source yields nothing: a closed set, each counted. */
export enum Nothing {
  /** Something was yielded. */
  No,
  /** It is not there, or it is empty. */
  Absent,
  /** It is there, and of another form or type than stated. */
  Malformed,
  TooLarge,
  /** The host refused to hand it over. */
  Unreadable,
}

/** Longer values yield nothing, in bytes. */
// @ts-ignore: decorator
@inline
export const LONGEST_VALUE: u32 = 4096

export let valueBytes: Slice = ABSENT
export let valueType: u8 = 0
export let nothingBecause: Nothing = Nothing.Absent

/** The source yielded these bytes of that type (key/node.ts). Empty ones are nothing, too long ones too. */
export function yieldValue(type: u8, bytes: Slice): bool {
  const length = lenOf(bytes)
  if (length == 0) return yieldNothing(Nothing.Absent)
  if (length > LONGEST_VALUE) return yieldNothing(Nothing.TooLarge)
  valueBytes = bytes
  valueType = type
  nothingBecause = Nothing.No
  return true
}

/** The text that the host handed over, or why there is none. */
export function yieldText(text: Slice): bool {
  if (text == UNREADABLE) return yieldNothing(Nothing.Unreadable)
  if (text == SEVERAL) return yieldNothing(Nothing.Malformed)
  return yieldValue(TYPE_STRING, text)
}

/** Always false, for `return yieldNothing(...)`. */
export function yieldNothing(because: Nothing): bool {
  valueBytes = ABSENT
  nothingBecause = because
  return false
}
