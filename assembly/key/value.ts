/**
 * What a source yielded: a typed value, or nothing and why. One at a time, so the value lives in variables.
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

/** The source yielded these bytes of that type (key/node.ts). Empty ones are nothing, too long ones too. */
export function yieldValue(type: u8, bytes: Slice): Nothing {
  const length = lenOf(bytes)
  if (length == 0) return Nothing.Absent
  if (length > LONGEST_VALUE) return Nothing.TooLarge
  valueBytes = bytes
  valueType = type
  return Nothing.No
}

/** The text that the host handed over, or why there is none. */
export function yieldText(text: Slice): Nothing {
  if (text == UNREADABLE) return Nothing.Unreadable
  if (text == SEVERAL) return Nothing.Malformed
  return yieldValue(TYPE_STRING, text)
}
