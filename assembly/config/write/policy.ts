/** The whole policy into its block: see policy.ts for the layout. */
import { ascii } from '../../bytes/literal'
import { isWord, word } from '../../bytes/words'
import { addName, clearNames, hasName } from '../../bytes/name-set'
import { ABSENT, Slice, lenOf } from '../../bytes/slice'
import { DEFAULT_KEY_HEADER, isKeyHeader } from '../check/header'
import { isLabel } from '../check/name'
import { MODES, MOST_RULES } from '../check/root'
import { SOURCE_LEVELS } from '../check/source'
import { missingKeys, signingFound } from '../check/signing'
import { choiceOf } from '../fields'
import { JsonNode, after, firstItem, firstMember, itemCount, member, textOf } from '../../json/node'
import { hasKey, hasSession, pick } from '../plan/layers'
import { debugHeader, debugTokenHeader } from '../plan/observe'
import { podHeaderOf } from '../plan/persistence'
import { Plan, Policy, Rule, SLICE_BYTES, Source, SourceKind } from '../policy'
import { firstRule, rulesOf } from '../rules'
import {
  blockBytes,
  blockLowerText,
  blockOverflowed,
  blockSlices,
  blockText,
  closeBlock,
  openBlock,
} from './block'
import { startKeys, writeKey } from './key'
import { writeDebug } from './observe'
import { writeRuleIndex } from './rule-index'
import { textOrDefault, writeSession } from './session'

// What a rule takes beyond its own text: structs, the longest Set-Cookie attributes, twice, and what is signed before
// a token's id by each of 8 keys, with the longest audience.
// @ts-ignore: decorator
@inline
const BYTES_PER_RULE: u32 = 16 << 10

// The most that one byte of text becomes: {"claim":"a"} is a struct of 48 bytes, a label and a property path.
// @ts-ignore: decorator
@inline
const GROWTH: u32 = 16

// "header":"a"
// @ts-ignore: decorator
@inline
const SHORTEST_HEADER_MEMBER: u32 = 12

let keyHeaderRoom: u32 = 0

/** The policy of a configuration without errors; null if it would be larger than 1 MiB or the heap has no room. */
export function writePolicy(root: JsonNode, documentBytes: u32): Policy | null {
  const rules = rulesOf(root)
  const ruleCount = itemCount(rules)
  if (!openBlock(documentBytes * GROWTH + ruleCount * BYTES_PER_RULE)) return null
  startKeys()
  const policy = changetype<Policy>(blockBytes(offsetof<Policy>()))
  policy.instance = textOrDefault(member(member(root, word('observe')), word('instance')), ascii('default'))
  policy.debug = writeDebug(debugHeader(root))
  policy.signs = signingFound
  policy.missingKeys = missingKeys
  const podHeader = podHeaderOf(root)
  if (podHeader !== null) policy.podHeader = blockLowerText(podHeader.text)
  const top = writePlan(null, root, null)
  policy.top = top
  let at = blockBytes(ruleCount * <u32>offsetof<Rule>())
  policy.rules = at
  policy.ruleCount = ruleCount
  for (let rule: JsonNode | null = firstItem(rules); rule !== null; rule = after(rule)) {
    writeRule(changetype<Rule>(at), rule, root, top)
    at += offsetof<Rule>()
  }
  if (rules !== null && !blockOverflowed()) policy.index = writeRuleIndex(rules)
  // One per plan, the default, and the pod's.
  openKeyHeaders(policy, ruleCount + 3)
  if (!blockOverflowed()) {
    if (podHeader !== null) addKeyHeader(policy, policy.podHeader)
    addPlanKeyHeaders(policy, top)
    addNamedKeyHeaders(policy, root)
  }
  return changetype<Policy | null>(closeBlock())
}

/**
 * A policy that only removes key headers: every one that can still be found in a broken configuration, and the
 * default. Null if the heap has no room.
 */
export function writeKeyHeadersOnly(root: JsonNode | null, documentBytes: u32): Policy | null {
  if (!openBlock(documentBytes * GROWTH)) return null
  const policy = changetype<Policy>(blockBytes(offsetof<Policy>()))
  const instance = member(member(root, word('observe')), word('instance'))
  const text = textOf(instance)
  policy.instance = textOrDefault(isLabel(text) && lenOf(text) <= 16 ? instance : null, ascii('default'))
  openKeyHeaders(policy, min(documentBytes / SHORTEST_HEADER_MEMBER, MOST_RULES + 1) + 1)
  addKeyHeader(policy, textOrDefault(null, DEFAULT_KEY_HEADER))
  // A debug token must not reach a pod either.
  const token = root === null ? ABSENT : debugTokenHeader(root)
  if (isKeyHeader(token)) addKeyHeader(policy, blockLowerText(token))
  addNamedKeyHeaders(policy, root)
  return changetype<Policy | null>(closeBlock())
}

function writeRule(rule: Rule, node: JsonNode, root: JsonNode, top: Plan): void {
  rule.name = blockText(textOf(member(node, word('name'))))
  rule.plan = writePlan(node, root, top)
}

/** The plan of a rule, or of the top level if `rule` is null. What a rule does not mention it shares with `top`. */
function writePlan(rule: JsonNode | null, root: JsonNode, top: Plan | null): Plan {
  const plan = changetype<Plan>(blockBytes(offsetof<Plan>()))
  plan.mode = choiceOf(pick(rule, root, word('mode')), MODES, 0)
  if (hasSession(rule, root)) {
    const over = member(rule, word('session'))
    // An adopted cookie's id depends on the key's secret.
    const inherits = over === null && member(member(rule, word('key')), word('hashSecret')) === null
    const shared = inherits && top !== null ? top.session : null
    plan.session = shared !== null ? shared : writeSession(rule, root)
  }
  if (hasKey(rule, root)) {
    const over = member(rule, word('key'))
    const shared = over === null && top !== null ? top.key : null
    plan.key = shared !== null ? shared : writeKey(over, member(root, word('key')))
  }
  plan.readsHeaders = readsHeaders(plan)
  return plan
}

/** A signed session rewrites the Cookie header, and a header's single entry is looked for among all. */
function readsHeaders(plan: Plan): bool {
  const session = plan.session
  if (session !== null && session.signing !== null) return true
  const key = plan.key
  return key !== null && readHeader(key.from, key.fromCount, 0)
}

function readHeader(sources: usize, count: u32, level: u32): bool {
  if (blockOverflowed() || level > SOURCE_LEVELS) return false
  for (let i: u32 = 0; i < count; i++) {
    const source = changetype<Source>(sources + i * <u32>offsetof<Source>())
    if (source.kind == SourceKind.Header && !source.join) return true
    if (readHeader(source.children, source.childCount, level + 1)) return true
  }
  return false
}

function openKeyHeaders(policy: Policy, most: u32): void {
  clearNames()
  policy.keyHeaders = blockSlices(most)
  keyHeaderRoom = most
}

function addPlanKeyHeaders(policy: Policy, top: Plan): void {
  const key = top.key
  if (key !== null) addKeyHeader(policy, key.header)
  for (let i: u32 = 0; i < policy.ruleCount; i++) {
    const ruleKey = changetype<Rule>(policy.rules + i * <u32>offsetof<Rule>()).plan.key
    if (ruleKey !== null) addKeyHeader(policy, ruleKey.header)
  }
}

/** Every valid `key.header` that is written anywhere, be its part left out by a `skip` or not. */
function addNamedKeyHeaders(policy: Policy, root: JsonNode | null): void {
  addKeyHeadersOf(policy, root)
  for (let rule: JsonNode | null = firstRule(root); rule !== null; rule = after(rule))
    addKeyHeadersOf(policy, rule)
}

// A broken configuration may have several members of one name: all of them count.
function addKeyHeadersOf(policy: Policy, layer: JsonNode | null): void {
  for (let part: JsonNode | null = firstMember(layer); part !== null; part = after(part)) {
    if (!isWord(part.name, word('key'))) continue
    for (let field: JsonNode | null = firstMember(part); field !== null; field = after(field)) {
      if (!isWord(field.name, word('header')) || !isKeyHeader(textOf(field))) continue
      if (!hasName(field.text)) addKeyHeader(policy, blockLowerText(field.text))
    }
  }
}

function addKeyHeader(policy: Policy, header: Slice): void {
  if (policy.keyHeaderCount == keyHeaderRoom || !addName(header)) return
  store<Slice>(policy.keyHeaders + policy.keyHeaderCount * SLICE_BYTES, header)
  policy.keyHeaderCount++
}
