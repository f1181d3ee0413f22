/** The part `session`, at the top and in rules. */
import { expectBoolean, expectFields, expectList } from '../fields'
import { JsonNode, after, member } from '../json/node'
import { checkCookie } from './cookie'
import { expectMethod } from './name'

const FIELDS: string = 'cookie readOnly skip mint'
const LATER: string = 'onInvalid adopt hideFromUpstream signing application'

export function checkSession(node: JsonNode): void {
  if (!expectFields(node, FIELDS, LATER)) return
  const cookie = member(node, 'cookie')
  if (cookie !== null) checkCookie(cookie)
  const readOnly = member(node, 'readOnly')
  if (readOnly !== null) expectBoolean(readOnly)
  const skip = member(node, 'skip')
  if (skip !== null) expectBoolean(skip)
  const mint = member(node, 'mint')
  if (mint !== null) checkMint(mint)
}

function checkMint(node: JsonNode): void {
  if (!expectFields(node, 'skip methods', 'scope onCacheable onLocalReply')) return
  const skip = member(node, 'skip')
  if (skip !== null) expectBoolean(skip)
  const methods = member(node, 'methods')
  if (methods !== null) checkMethods(methods)
}

/** A list of request methods, here and in a rule's match. */
export function checkMethods(node: JsonNode): void {
  if (!expectList(node, 32, '1 to 32 methods')) return
  for (let method: JsonNode | null = node.child; method !== null; method = after(method)) expectMethod(method)
}
