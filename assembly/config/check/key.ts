/** The part `key`, at the top and in rules. */
import { expectBoolean, expectChoice, expectFields } from '../fields'
import { JsonNode, member } from '../json/node'
import { expectKeyHeader } from './header'
import { checkSecret } from './secret'
import { checkSources } from './source'

export const FORMAT: string = 'hash raw'
export const ON_NONE: string = 'balance reject'

const FIELDS: string = 'header from format hashSecret onNone skip'
const LATER: string = 'bind trustInbound'

export function checkKey(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS, LATER)) return
  expectKeyHeader(member(node, 'header'))
  checkSources(member(node, 'from'))
  expectChoice(member(node, 'format'), FORMAT)
  checkSecret(member(node, 'hashSecret'))
  expectChoice(member(node, 'onNone'), ON_NONE)
  expectBoolean(member(node, 'skip'))
}
