/**
 * What every field of the configuration is checked with. Each function reports what is wrong and answers whether the
 * value may be looked at further. A null node is a field that is not there: nothing to report, nothing to look at.
 */
import { Phrase, phrase } from '../bytes/phrase'
import { Slice, endOf, isPresent, ptrOf } from '../bytes/slice'
import { JsonKind, JsonNode, after, firstMember, member, textOf } from '../json/node'
import { put, putNumber } from './line'
import {
  begin,
  endError,
  error,
  putFound,
  putList,
  putNearest,
  unexpectedCount,
  unexpectedKind,
} from './report'
import { Words, wordIndex, words } from '../bytes/words'

/** `node` is an object, whatever is in it. */
export function expectObject(node: JsonNode | null): bool {
  return expectKind(node, JsonKind.Object, phrase('an object'))
}

function expectKind(node: JsonNode | null, kind: JsonKind, expected: Phrase): bool {
  if (node === null) return false
  if (node.kind == kind) return true
  if (node.kind != JsonKind.Null) unexpectedKind(phrase('wrong_type'), node, expected)
  else error(phrase('null_value'), node, phrase('found null; leave the field out, or give it a value'))
  return false
}

/** `node` is an object whose every member is in `known`. */
export function expectFields(node: JsonNode | null, known: Words): bool {
  return expectFieldsOf(node, known, words(''))
}

/**
 * As `expectFields`. Members in `later` are fields that the configuration will have but this version does not: accepting
 * and ignoring them would be a lie.
 */
export function expectFieldsOf(node: JsonNode | null, known: Words, later: Words): bool {
  if (!expectObject(node)) return false
  for (let child = firstMember(node); child !== null; child = after(child)) {
    if (wordIndex(child.name, known) >= 0) continue
    if (wordIndex(child.name, later) >= 0) notAvailable(child)
    else unknownField(child, known)
  }
  return true
}

function notAvailable(node: JsonNode): void {
  error(phrase('not_available'), node, phrase('this version of Mooring cannot do this yet; remove it'))
}

export function unknownField(node: JsonNode, known: Words): void {
  begin(phrase('unknown_field'), node)
  put(phrase('not known here'))
  putNearest(node.name, known)
  endError(node)
}

/** The member of that name; null, with an error that says what is `expected`, if it is not there. */
export function requiredMember(node: JsonNode | null, name: Words, expected: Phrase): JsonNode | null {
  const found = member(node, name)
  if (found === null) error(phrase('missing_field'), node, expected)
  return found
}

/** `node` is a string of 1 to `most` characters. YAML reads many an unquoted word as something else. */
export function expectString(node: JsonNode | null, most: u32): bool {
  if (node === null) return false
  if (node.kind == JsonKind.String) return expectLength(node, most)
  if (node.kind < JsonKind.String)
    unexpectedKind(phrase('quoted_string_expected'), node, phrase('a string; put it in quotes'))
  else unexpectedKind(phrase('wrong_type'), node, phrase('a string'))
  return false
}

/** `node` is true or false. */
export function expectBoolean(node: JsonNode | null): bool {
  return expectKind(node, JsonKind.Boolean, phrase('true or false, without quotes'))
}

/** `node` is an integer in [least, most]. 10.0 is 10. */
export function expectInteger(node: JsonNode | null, least: i32, most: i32, expected: Phrase): bool {
  if (node === null || !expectKind(node, JsonKind.Number, expected)) return false
  const number = node.number
  if (number >= <f64>least && number <= <f64>most && Math.floor(number) == number) return true
  begin(phrase('out_of_range'), node)
  put(phrase('expected '))
  put(expected)
  endError(node)
  return false
}

/** `node` is one of `words`. */
export function expectChoice(node: JsonNode | null, words: Words): bool {
  if (!expectString(node, 64)) return false
  if (wordIndex(textOf(node), words) >= 0) return true
  unknownValue(node, words)
  return false
}

/** The place of the string `node` in `words`, or `otherwise` if it is none of them. */
export function choiceOf(node: JsonNode | null, words: Words, otherwise: i32): i32 {
  const index = wordIndex(textOf(node), words)
  return index < 0 ? otherwise : index
}

export function unknownValue(node: JsonNode | null, words: Words): void {
  const text = textOf(node)
  begin(phrase('unknown_value'), node)
  putFound(text)
  put(phrase(', expected one of: '))
  putList(words)
  putNearest(text, words)
  endError(node)
}

/** `node` is a list of 1 to `most` items. */
export function expectList(node: JsonNode | null, most: u32, expected: Phrase): bool {
  if (node === null || !expectKind(node, JsonKind.Array, phrase('a list'))) return false
  if (node.count == 0) {
    error(
      phrase('empty_list'),
      node,
      phrase('an empty list says nothing; leave the field out, or list something'),
    )
    return false
  }
  if (node.count > most) {
    unexpectedCount(phrase('out_of_range'), node, node.count, expected)
    return false
  }
  return true
}

function expectLength(node: JsonNode, most: u32): bool {
  const length = characterCount(node.text)
  if (length == 0) {
    error(
      phrase('empty_value'),
      node,
      phrase('an empty string says nothing; leave the field out, or give it a value'),
    )
    return false
  }
  if (length > most) {
    unexpectedLength(node, most)
    return false
  }
  return true
}

function unexpectedLength(node: JsonNode, most: u32): void {
  begin(phrase('too_long'), node)
  put(phrase('expected at most '))
  putNumber(most)
  put(phrase(' characters'))
  endError(node)
}

/** Code points, as a JSON Schema counts them. */
function characterCount(text: Slice): u32 {
  if (!isPresent(text)) return 0
  let count: u32 = 0
  for (let at = ptrOf(text); at < endOf(text); at++) {
    if ((load<u8>(at) & 0xc0) != 0x80) count++
  }
  return count
}
