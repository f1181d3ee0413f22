/**
 * Sources that are a certificate's:
 *
 *     {peer: field | {field, part}}
 *     {forwardedClientCert: field | {field, part, element, hops}}
 */
import { phrase } from '../../bytes/phrase'
import { Words, isWord, word, words } from '../../bytes/words'
import { JsonKind, JsonNode, integerOf, member, textOf } from '../../json/node'
import { expectChoice, expectInteger } from '../fields'
import { error } from '../report'
import { expectScalar } from './source'

export const PEER_FIELDS: Words = words('uri dns subject digest')
const FORWARDED_FIELDS: Words = words('by hash subject uri dns')

/** In the order of http/spiffe.ts's SpiffePart, from its second on. */
export const SPIFFE_PARTS: Words = words('trustDomain namespace serviceAccount')

export const ELEMENTS: Words = words('first last')

// @ts-ignore: decorator
@inline
const MOST_HOPS: i32 = 16

export function checkPeer(value: JsonNode): void {
  const field = expectScalar(value, words('field part'))
  expectChoice(field, PEER_FIELDS)
  checkPart(value, field)
}

export function checkForwardedClientCert(value: JsonNode): void {
  const field = expectScalar(value, words('field part element hops'))
  expectChoice(field, FORWARDED_FIELDS)
  checkPart(value, field)
  const hops = member(value, word('hops'))
  expectInteger(hops, 1, MOST_HOPS, phrase('1 to 16 trusted hops'))
  checkElement(value, hops)
}

function checkPart(value: JsonNode, field: JsonNode | null): void {
  const part = member(value, word('part'))
  if (!expectChoice(part, SPIFFE_PARTS)) return
  if (!isWord(textOf(field), word('uri')))
    error(phrase('uri_required'), part, phrase('a part is one of a SPIFFE id, and only field: uri has one'))
}

/** Elements are counted from the first only where their number is stated: else a client puts his own before them. */
function checkElement(value: JsonNode, hops: JsonNode | null): void {
  const element = member(value, word('element'))
  if (element === null) return
  if (element.kind == JsonKind.Number) {
    if (!expectInteger(element, 0, MOST_HOPS - 1, phrase('an element from the first, 0 to 15'))) return
    if (integerOf(element, 0) >= integerOf(hops, MOST_HOPS))
      error(phrase('no_such_element'), element, phrase('the first element is 0, so it is less than hops'))
  } else if (!expectChoice(element, ELEMENTS) || isWord(element.text, word('last'))) {
    return
  }
  if (hops === null)
    error(
      phrase('missing_field'),
      value,
      phrase('expected hops, the number of trusted hops: without it only the last element can be trusted'),
    )
}
