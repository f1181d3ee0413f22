/**
 * Claims: of a token that Envoy has verified, or of one that nobody has.
 *
 *     claim = NAME | [NAME, ...]
 *           | {name, type, metadata: [NAME, ...]}                       verified
 *           | {name, type, token: "unverified", in: {header | query | cookie: NAME}}
 */
import { phrase } from '../../bytes/phrase'
import { Words, isWord, word, words } from '../../bytes/words'
import { JsonKind, JsonNode, after, firstItem, member, textOf } from '../../json/node'
import { expectChoice, expectFields, expectList } from '../fields'
import { error } from '../report'
import { expectReadableHeader } from './header'
import { expectClaimName, expectQueryName, expectToken } from './name'
import { expectScalar } from './source'

export const CLAIM_TYPES: Words = words('string number boolean list')

const TOKENS: Words = words('verified unverified')

export function checkClaim(value: JsonNode): void {
  const name = expectScalar(value, words('name type token in metadata'))
  expectChoice(member(value, word('type')), CLAIM_TYPES)
  if (name !== null && name.kind == JsonKind.Array) expectNames(name)
  else expectClaimName(name)
  const metadata = member(value, word('metadata'))
  const carrier = member(value, word('in'))
  expectNames(metadata)
  checkCarrier(carrier)
  const token = member(value, word('token'))
  if (token !== null && !expectChoice(token, TOKENS)) return
  if (metadata !== null && isUnverified(value))
    error(
      phrase('token_mismatch'),
      metadata,
      phrase(
        'metadata is where a filter leaves verified claims; an unverified token is read from the request',
      ),
    )
  if (carrier !== null && !isUnverified(value))
    error(
      phrase('token_mismatch'),
      carrier,
      phrase('a verified claim comes from metadata; in says where to read a token: unverified'),
    )
}

/** True if the claim `value` is read from a token that nobody has verified. */
export function isUnverified(value: JsonNode | null): bool {
  return isWord(textOf(member(value, word('token'))), word('unverified'))
}

function expectNames(list: JsonNode | null): void {
  if (!expectList(list, 8, phrase('1 to 8 names, one within the other'))) return
  for (let name = firstItem(list); name !== null; name = after(name)) expectClaimName(name)
}

function checkCarrier(node: JsonNode | null): void {
  if (node === null || !expectFields(node, words('header query cookie'))) return
  if (node.count == 0)
    error(
      phrase('missing_field'),
      node,
      phrase('expected a header, a query or a cookie, as in {query: token}'),
    )
  if (node.count > 1)
    error(phrase('ambiguous_carrier'), node, phrase('a token is in one place; list two sources for two'))
  expectReadableHeader(member(node, word('header')))
  expectQueryName(member(node, word('query')))
  expectToken(member(node, word('cookie')))
}
