/** `observe`: what metrics and the debug header say. */
import { phrase } from '../../bytes/phrase'
import { word, words } from '../../bytes/words'
import { JsonNode, member } from '../../json/node'
import { expectFields, requiredMember } from '../fields'
import { expectKeyHeader } from './header'
import { expectLabel } from './name'
import { expectSecretVariable } from './secret'

export function checkObserve(node: JsonNode | null): void {
  if (!expectFields(node, words('instance debugHeader'))) return
  expectLabel(member(node, word('instance')), 16)
  const debug = member(node, word('debugHeader'))
  if (!expectFields(debug, words('name whenHeader env'))) return
  expectKeyHeader(member(debug, word('name')))
  expectKeyHeader(member(debug, word('whenHeader')))
  expectSecretVariable(
    requiredMember(
      debug,
      word('env'),
      phrase('expected env, the variable with the token that clients present'),
    ),
  )
}
