/** One value (RFC 8259, section 3): a scalar is read; of a list or an object, the bracket that opens it. */
import { isDigit } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import { phrase } from '../bytes/phrase'
import { ABSENT, Slice } from '../bytes/slice'
import { fail, peek, take, takeWord } from './cursor'
import { JsonKind } from './node'
import { readNumber } from './number'
import { readString, readStringInPlace } from './string'

/** Of the value that was read last: a string's bytes; a number, and of a boolean 0 or 1. */
export let valueText: Slice = ABSENT
export let valueNumber: f64 = 0

/** `inPlace` as for `readStringInPlace`. */
export function readValue(inPlace: bool): JsonKind {
  valueText = ABSENT
  valueNumber = 0
  const byte = peek()
  if (byte == 0x22) {
    valueText = inPlace ? readStringInPlace() : readString()
    return JsonKind.String
  }
  if (take(0x7b)) return JsonKind.Object
  if (take(0x5b)) return JsonKind.Array
  if (byte == 0x2d || isDigit(byte)) {
    valueNumber = readNumber()
    return JsonKind.Number
  }
  if (takeWord(ascii('true'))) {
    valueNumber = 1
    return JsonKind.Boolean
  }
  if (takeWord(ascii('false'))) return JsonKind.Boolean
  if (!takeWord(ascii('null'))) fail(phrase('invalid_json'), phrase('expected a value'))
  return JsonKind.Null
}
