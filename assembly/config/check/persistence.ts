/** `session.persistence`: the header of Envoy's filter stateful_session. */
import { phrase } from '../../bytes/phrase'
import { word, words } from '../../bytes/words'
import { JsonNode } from '../../json/node'
import { expectFields, requiredMember } from '../fields'
import { expectKeyHeader } from './header'

export function checkPersistence(node: JsonNode | null): void {
  if (!expectFields(node, words('header'))) return
  expectKeyHeader(
    requiredMember(node, word('header'), phrase("expected header, that of the Service's label")),
  )
}
