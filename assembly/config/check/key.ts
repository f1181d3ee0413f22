/** The part `key`, at the top and in rules. */
import { Slice } from '../../bytes/slice'
import { ascii } from '../../bytes/literal'
import { expectBoolean, expectChoice, expectFields } from '../fields'
import { JsonNode, member } from '../../json/node'
import { expectKeyHeader } from './header'
import { checkTrustInbound } from './peers'
import { checkSecret } from './secret'
import { checkSources } from './source'

export const FORMAT: Slice = ascii('hash raw')
export const ON_NONE: Slice = ascii('balance reject')

const FIELDS: Slice = ascii('header from format hashSecret onNone skip trustInbound')
const LATER: Slice = ascii('bind')

export function checkKey(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS, LATER)) return
  expectKeyHeader(member(node, ascii('header')))
  checkSources(member(node, ascii('from')))
  expectChoice(member(node, ascii('format')), FORMAT)
  checkSecret(member(node, ascii('hashSecret')))
  expectChoice(member(node, ascii('onNone')), ON_NONE)
  checkTrustInbound(member(node, ascii('trustInbound')))
  expectBoolean(member(node, ascii('skip')))
}
