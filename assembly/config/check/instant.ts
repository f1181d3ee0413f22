/**
 * Moments as RFC 3339 writes them, in whole seconds:
 *
 *     YYYY "-" MM "-" DD "T" hh ":" mm ":" ss ( "Z" / ( "+" / "-" ) hh ":" mm )
 */
import { ascii } from '../../bytes/literal'
import { Slice, lenOf, ptrOf } from '../../bytes/slice'

// A digit stands for a digit; all else for itself.
const FORM: Slice = ascii('0000-00-00T00:00:00')
const ZONE: Slice = ascii('00:00')

/** What `instantOf` answers for what is no moment. */
// @ts-ignore: decorator
@inline
export const NO_INSTANT: i64 = i64.MIN_VALUE

/** Seconds since 1970, or NO_INSTANT. A leap second is the first second of the next minute. */
export function instantOf(text: Slice): i64 {
  const length = lenOf(text)
  const at = ptrOf(text)
  if (length < 20 || !hasForm(at, FORM)) return NO_INSTANT
  const year = number(at, 4)
  const month = number(at + 5, 2)
  const day = number(at + 8, 2)
  const hour = number(at + 11, 2)
  const minute = number(at + 14, 2)
  const second = number(at + 17, 2)
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return NO_INSTANT
  if (hour > 23 || minute > 59 || second > 60) return NO_INSTANT
  const seconds = ((daysBefore(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second
  const sign = load<u8>(at, 19)
  if (sign == 0x5a) return length == 20 ? seconds : NO_INSTANT
  if ((sign != 0x2b && sign != 0x2d) || length != 25 || !hasForm(at + 20, ZONE)) return NO_INSTANT
  const hours = number(at + 20, 2)
  const minutes = number(at + 23, 2)
  if (hours > 23 || minutes > 59) return NO_INSTANT
  const ahead = hours * 3600 + minutes * 60
  return sign == 0x2b ? seconds - ahead : seconds + ahead
}

function hasForm(at: usize, form: Slice): bool {
  for (let i: u32 = 0; i < lenOf(form); i++) {
    const byte: u32 = load<u8>(at + i)
    const expected = <u32>load<u8>(ptrOf(form) + i)
    if (expected == 0x30 ? byte - 0x30 > 9 : byte != expected) return false
  }
  return true
}

function number(at: usize, digits: u32): i64 {
  let value: i64 = 0
  for (let i: u32 = 0; i < digits; i++) value = value * 10 + (load<u8>(at + i) - 0x30)
  return value
}

/** Days from 1970-01-01 to the first of the month, in the Gregorian calendar. */
function daysBefore(year: i64, month: i64): i64 {
  // Years that begin in March have their leap day last; 400 more keep what is divided above 0.
  const years = month > 2 ? year + 400 : year + 399
  const months = (month + 9) % 12
  return years * 365 + years / 4 - years / 100 + years / 400 + (months * 306 + 5) / 10 - 865565
}

function daysOf(year: i64, month: i64): i64 {
  return month == 12 ? 31 : daysBefore(year, month + 1) - daysBefore(year, month)
}
