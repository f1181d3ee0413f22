/**
 * Judges what each plan is after merging. A part is judged where a rule changes something that it depends on: what a
 * rule inherits whole was judged at the top level. Parts in which an error was found already are left alone.
 */
import { word } from '../../bytes/words'
import { JsonNode, after, member } from '../../json/node'
import { MOST_RULES } from '../check/root'
import { signingFound } from '../check/signing'
import { judgeAudiences } from './audience'
import { judgeCookie } from './cookie'
import { gatherKeyHeaders, judgeHeaders, judgeKey } from './key'
import { hasKey, hasSession, isSigned } from './layers'
import { debugHeader, judgeObserve } from './observe'
import { judgePersistence } from './persistence'
import { judgeSecrets } from './secrets'
import { judgeSession } from './session'
import { judgeTrust } from './trust'
import { firstRule, ruleCount } from '../rules'

export function judgePlans(root: JsonNode): void {
  judgeTrust(root)
  if (hasSession(null, root)) judgeSessionOf(null, root)
  if (hasKey(null, root)) judgeKeyOf(null, root)
  gatherKeyHeaders(root)
  judgePersistence(root)
  judgeObserve(root)
  judgeHeaders(root)
  for (let rule: JsonNode | null = firstRule(root); rule !== null; rule = after(rule)) {
    const session = member(rule, word('session'))
    const key = member(rule, word('key'))
    if (hasSession(rule, root) && (session !== null || key !== null || !hasSession(null, root)))
      judgeSessionOf(rule, root)
    if (hasKey(rule, root) && (session !== null || key !== null || !hasKey(null, root)))
      judgeKeyOf(rule, root)
    judgeHeaders(rule)
  }
  // More rules are refused already, and would take a great deal of memory.
  if (ruleCount(root) > MOST_RULES) return
  if (signingFound) judgeAudiences(root)
  if (signingFound || debugHeader(root) !== null) judgeSecrets(root)
}

function judgeSessionOf(rule: JsonNode | null, root: JsonNode): void {
  const over = member(rule, word('session'))
  const base = member(root, word('session'))
  if (isBroken(over) || isBroken(base)) return
  judgeCookie(
    member(over, word('cookie')),
    member(base, word('cookie')),
    place(rule, member(base, word('cookie')), base, root),
  )
  judgeSession(rule, root, place(rule, null, base, root))
}

function judgeKeyOf(rule: JsonNode | null, root: JsonNode): void {
  const over = member(rule, word('key'))
  const base = member(root, word('key'))
  if (isBroken(over) || isBroken(base)) return
  judgeKey(over, base, place(rule, base, null, root), hasSession(rule, root), isSigned(rule, root))
}

/** The rule, or for the top level the innermost part that is there. */
function place(
  rule: JsonNode | null,
  inner: JsonNode | null,
  outer: JsonNode | null,
  root: JsonNode,
): JsonNode {
  if (rule !== null) return rule
  if (inner !== null) return inner
  return outer !== null ? outer : root
}

function isBroken(part: JsonNode | null): bool {
  return part !== null && part.broken
}
