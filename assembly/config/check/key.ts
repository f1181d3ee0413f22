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

export function checkKey(node: JsonNode): void {
  if (!expectFields(node, FIELDS, LATER)) return
  const header = member(node, 'header')
  if (header !== null) expectKeyHeader(header)
  const from = member(node, 'from')
  if (from !== null) checkSources(from)
  const format = member(node, 'format')
  if (format !== null) expectChoice(format, FORMAT)
  const hashSecret = member(node, 'hashSecret')
  if (hashSecret !== null) checkSecret(hashSecret)
  const onNone = member(node, 'onNone')
  if (onNone !== null) expectChoice(onNone, ON_NONE)
  const skip = member(node, 'skip')
  if (skip !== null) expectBoolean(skip)
}
