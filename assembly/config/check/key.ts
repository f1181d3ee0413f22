/** The part `key`, at the top and in rules. */
import { Words, word, words } from '../../bytes/words'
import { expectBoolean, expectChoice, expectFields } from '../fields'
import { JsonNode, member } from '../../json/node'
import { expectKeyHeader } from './header'
import { checkTrustInbound } from './peers'
import { checkSecret } from './secret'
import { checkSources } from './source'

export const FORMAT: Words = words('hash raw')
export const ON_NONE: Words = words('balance reject')
export const BIND: Words = words('none session')

const FIELDS: Words = words('header from format hashSecret onNone skip trustInbound bind')

export function checkKey(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS)) return
  expectKeyHeader(member(node, word('header')))
  checkSources(member(node, word('from')))
  expectChoice(member(node, word('format')), FORMAT)
  checkSecret(member(node, word('hashSecret')))
  expectChoice(member(node, word('onNone')), ON_NONE)
  expectChoice(member(node, word('bind')), BIND)
  checkTrustInbound(member(node, word('trustInbound')))
  expectBoolean(member(node, word('skip')))
}
