/** The part `session`, at the top and in rules. */
import { expectBoolean, expectFields, expectList } from '../fields'
import { JsonNode, after, firstItem, member } from '../json/node'
import { checkCookie } from './cookie'
import { expectMethod } from './name'

const FIELDS: string = 'cookie readOnly skip mint'
const LATER: string = 'onInvalid adopt hideFromUpstream signing application'
const MINT_FIELDS: string = 'skip methods'
const MINT_LATER: string = 'scope onCacheable onLocalReply'

export function checkSession(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS, LATER)) return
  checkCookie(member(node, 'cookie'))
  expectBoolean(member(node, 'readOnly'))
  expectBoolean(member(node, 'skip'))
  const mint = member(node, 'mint')
  if (!expectFields(mint, MINT_FIELDS, MINT_LATER)) return
  expectBoolean(member(mint, 'skip'))
  checkMethods(member(mint, 'methods'))
}

/** A list of request methods, here and in a rule's match. */
export function checkMethods(node: JsonNode | null): void {
  if (!expectList(node, 32, '1 to 32 methods')) return
  for (let method = firstItem(node); method !== null; method = after(method)) expectMethod(method)
}
