/**
 * What holds for a request: the top level by itself, or a rule over the top level. A rule inherits from the top level
 * only; objects merge field by field, lists and scalars replace. So a field is looked up in the rule first:
 *
 *     rule:       session: {cookie: {ttl: 1h}}                  over
 *     top level:  session: {cookie: {name: SID, ttl: 8h}}       base      -> name SID, ttl 1h
 *
 * `rule` is null for the top level's own plan.
 */
import { Words, word } from '../../bytes/words'
import { JsonNode, isTrue, member } from '../../json/node'

/** The field `name` of a part whose two layers are `over` and `base`. */
export function pick(over: JsonNode | null, base: JsonNode | null, name: Words): JsonNode | null {
  const first = member(over, name)
  return first !== null ? first : member(base, name)
}

/** True if the plan has a session. */
export function hasSession(rule: JsonNode | null, root: JsonNode): bool {
  return hasPart(rule, root, word('session'))
}

/** True if the plan's session is signed. */
export function isSigned(rule: JsonNode | null, root: JsonNode): bool {
  const name = word('session')
  return hasSession(rule, root) && pick(member(rule, name), member(root, name), word('signing')) !== null
}

/** True if the plan writes a key. Where nobody mentions `key`, a session brings one along. */
export function hasKey(rule: JsonNode | null, root: JsonNode): bool {
  if (member(rule, word('key')) !== null || member(root, word('key')) !== null)
    return hasPart(rule, root, word('key'))
  return hasSession(rule, root) && !inheritsSkip(rule, root)
}

/** Whoever writes a part in a rule wants it: that undoes any `skip` of the top level. */
function hasPart(rule: JsonNode | null, root: JsonNode, name: Words): bool {
  if (isTrue(member(rule, word('skip')))) return false
  const over = member(rule, name)
  if (over !== null) return !isTrue(member(over, word('skip')))
  if (inheritsSkip(rule, root)) return false
  const base = member(root, name)
  return base !== null && !isTrue(member(base, word('skip')))
}

/** The top level's `skip: true`, unless the rule says `skip: false`. */
function inheritsSkip(rule: JsonNode | null, root: JsonNode): bool {
  return isTrue(pick(rule, root, word('skip')))
}
