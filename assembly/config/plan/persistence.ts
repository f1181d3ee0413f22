/**
 * What `session.persistence` must be beside the rest. There is one for all plans: an answer is looked at whatever rule
 * its request met.
 */
import { phrase } from '../../bytes/phrase'
import { word } from '../../bytes/words'
import { addName } from '../../bytes/name-set'
import { JsonNode, after, member } from '../../json/node'
import { error } from '../report'
import { firstRule } from '../rules'
import { isSigned } from './layers'

/** The name of the header, null if there is none. */
export function podHeaderOf(root: JsonNode): JsonNode | null {
  return member(persistenceOf(root), word('header'))
}

/** To be called when the key headers are gathered; the pod's header is then among them, since it is removed as they are. */
export function judgePersistence(root: JsonNode): void {
  for (let rule = firstRule(root); rule !== null; rule = after(rule)) {
    const ofRule = persistenceOf(rule)
    if (ofRule !== null)
      error(phrase('top_level_only'), ofRule, phrase('one persistence holds for all rules'))
  }
  const persistence = persistenceOf(root)
  if (persistence === null || persistence.broken) return
  const header = podHeaderOf(root)
  if (header !== null && !addName(header.text))
    error(phrase('reserved_header'), header, phrase('a key header; the pod needs one of its own'))
  if (!isSigned(null, root))
    error(phrase('signing_required'), persistence, phrase('persistence needs session.signing'))
}

function persistenceOf(layer: JsonNode | null): JsonNode | null {
  return member(member(layer, word('session')), word('persistence'))
}
