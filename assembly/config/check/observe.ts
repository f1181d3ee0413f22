/** `observe`: what metrics and the debug header say. */
import { ascii } from '../../bytes/literal'
import { phrase } from '../../bytes/phrase'
import { JsonNode, member } from '../../json/node'
import { expectFields } from '../fields'
import { error } from '../report'
import { expectKeyHeader } from './header'
import { expectLabel } from './name'
import { expectSecretVariable } from './secret'

export function checkObserve(node: JsonNode | null): void {
  if (!expectFields(node, ascii('instance debugHeader'), ascii(''))) return
  expectLabel(member(node, ascii('instance')), 16)
  const debug = member(node, ascii('debugHeader'))
  if (debug === null || !expectFields(debug, ascii('name whenHeader env'), ascii(''))) return
  expectKeyHeader(member(debug, ascii('name')))
  expectKeyHeader(member(debug, ascii('whenHeader')))
  const variable = member(debug, ascii('env'))
  if (variable === null)
    error(
      phrase('missing_field'),
      debug,
      phrase('expected env, the variable with the token that clients present'),
    )
  expectSecretVariable(variable)
}
