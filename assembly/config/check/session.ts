/** The part `session`, at the top and in rules. */
import { Slice } from '../../bytes/slice'
import { ascii } from '../../bytes/literal'
import { expectBoolean, expectFields, expectList } from '../fields'
import { JsonNode, after, firstItem, member } from '../../json/node'
import { checkCookie } from './cookie'
import { expectMethod } from './name'

const FIELDS: Slice = ascii('cookie readOnly skip mint')
const LATER: Slice = ascii('onInvalid adopt hideFromUpstream signing application')
const MINT_FIELDS: Slice = ascii('skip methods')
const MINT_LATER: Slice = ascii('scope onCacheable onLocalReply')

export function checkSession(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS, LATER)) return
  checkCookie(member(node, ascii('cookie')))
  expectBoolean(member(node, ascii('readOnly')))
  expectBoolean(member(node, ascii('skip')))
  const mint = member(node, ascii('mint'))
  if (!expectFields(mint, MINT_FIELDS, MINT_LATER)) return
  expectBoolean(member(mint, ascii('skip')))
  checkMethods(member(mint, ascii('methods')))
}

/** A list of request methods, here and in a rule's match. */
export function checkMethods(node: JsonNode | null): void {
  if (!expectList(node, 32, ascii('1 to 32 methods'))) return
  for (let method = firstItem(node); method !== null; method = after(method)) expectMethod(method)
}
