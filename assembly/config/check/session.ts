/** The part `session`, at the top and in rules. */
import { phrase } from '../../bytes/phrase'
import { Words, word, words } from '../../bytes/words'
import { expectBoolean, expectChoice, expectFields, expectList } from '../fields'
import { JsonNode, after, firstItem, member } from '../../json/node'
import { checkAdopt } from './adopt'
import { checkApplication } from './application'
import { checkCookie } from './cookie'
import { expectMethod } from './name'
import { checkPersistence } from './persistence'
import { checkSigning } from './signing'

/** In the order of policy.ts's OnInvalid. */
export const ON_INVALID: Words = words('replace ignore reject')
/** In the order of policy.ts's OnCacheable. */
export const ON_CACHEABLE: Words = words('omit markPrivate')
export const SCOPE: Words = words('request connection')

const FIELDS: Words = words(
  'cookie readOnly skip mint onInvalid adopt hideFromUpstream signing application persistence',
)
const MINT_FIELDS: Words = words('skip methods scope onCacheable onLocalReply')

export function checkSession(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS)) return
  checkCookie(member(node, word('cookie')))
  expectBoolean(member(node, word('readOnly')))
  expectBoolean(member(node, word('skip')))
  expectChoice(member(node, word('onInvalid')), ON_INVALID)
  checkAdopt(member(node, word('adopt')))
  expectBoolean(member(node, word('hideFromUpstream')))
  checkSigning(member(node, word('signing')))
  checkApplication(member(node, word('application')))
  checkPersistence(member(node, word('persistence')))
  const mint = member(node, word('mint'))
  if (!expectFields(mint, MINT_FIELDS)) return
  expectBoolean(member(mint, word('skip')))
  checkMethods(member(mint, word('methods')))
  expectChoice(member(mint, word('scope')), SCOPE)
  expectChoice(member(mint, word('onCacheable')), ON_CACHEABLE)
  expectBoolean(member(mint, word('onLocalReply')))
}

/** A list of request methods, here and in a rule's match. */
export function checkMethods(node: JsonNode | null): void {
  if (!expectList(node, 32, phrase('1 to 32 methods'))) return
  for (let method = firstItem(node); method !== null; method = after(method)) expectMethod(method)
}
