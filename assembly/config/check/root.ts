/** The configuration's top level and its rules. */
import { Phrase, phrase } from '../../bytes/phrase'
import { addName, clearNames } from '../../bytes/name-set'
import {
  expectBoolean,
  expectChoice,
  expectFieldsOf,
  expectInteger,
  expectList,
  expectObject,
  requiredMember,
  unknownField,
} from '../fields'
import { JsonNode, after, firstItem, isTrue, member, textOf } from '../../json/node'
import { error, warning } from '../report'
import { firstRule, rulesOf } from '../rules'
import { Words, word, wordIndex, words } from '../../bytes/words'
import { checkKey } from './key'
import { checkMatch } from './match'
import { checkHeaderNames } from './match-header'
import { expectLabel } from './name'
import { checkObserve } from './observe'
import { checkSession } from './session'

/** What a configuration that asks for nothing is told. */
export const EMPTY: Phrase = phrase(
  'neither session nor key is there; write {"session": {}} for a session cookie and a key from it',
)

export const MODES: Words = words('enforce shadow')

/** More rules than this are refused. */
// @ts-ignore: decorator
@inline
export const MOST_RULES: u32 = 1024

const FIELDS: Words = words('version mode session key skip rules observe')
const LATER: Words = words('buckets')
const RULE_FIELDS: Words = words('name match session key mode skip')
const TOP_LEVEL_ONLY: Words = words('version rules observe buckets')

/** Everything that can be said about each part by itself. */
export function checkRoot(root: JsonNode): void {
  if (!expectFieldsOf(root, FIELDS, LATER)) return
  expectInteger(member(root, word('version')), 1, 1, phrase('version 1, the only one there is'))
  checkParts(root)
  checkRules(rulesOf(root))
  checkObserve(member(root, word('observe')))
  if (!root.broken && !saysSomething(root)) error(phrase('empty_configuration'), root, EMPTY)
}

/** What the top level and a rule have in common. */
function checkParts(node: JsonNode): void {
  expectChoice(member(node, word('mode')), MODES)
  checkSession(member(node, word('session')))
  checkKey(member(node, word('key')))
  expectBoolean(member(node, word('skip')))
}

function checkRules(rules: JsonNode | null): void {
  if (rules === null || !expectList(rules, MOST_RULES, phrase('1 to 1024 rules'))) return
  clearNames()
  for (let rule = firstItem(rules); rule !== null; rule = after(rule)) {
    if (!expectObject(rule)) continue
    checkRuleFields(rule)
    checkName(rule)
    checkMatch(
      requiredMember(rule, word('match'), phrase('expected match: without it no later rule would count')),
    )
    checkParts(rule)
    if (hasPart(rule) && isTrue(member(rule, word('skip')))) {
      warning(
        phrase('no_effect'),
        rule,
        phrase('skip: true leaves out the session and key that this rule sets'),
      )
    }
  }
  checkHeaderNames(rules)
}

function checkRuleFields(rule: JsonNode): void {
  for (let child: JsonNode | null = rule.child; child !== null; child = after(child)) {
    if (wordIndex(child.name, RULE_FIELDS) >= 0) continue
    if (wordIndex(child.name, TOP_LEVEL_ONLY) >= 0) {
      error(
        phrase('top_level_only'),
        child,
        phrase('a rule sets session, key, mode and skip; this belongs at the top level'),
      )
    } else {
      unknownField(child, RULE_FIELDS)
    }
  }
}

function checkName(rule: JsonNode): void {
  const name = requiredMember(rule, word('name'), phrase('expected name, which counters and errors show'))
  if (expectLabel(name, 32) && !addName(textOf(name)))
    error(phrase('duplicate_name'), name, phrase('an earlier rule has this name'))
}

function saysSomething(root: JsonNode): bool {
  if (hasPart(root) || isTrue(member(root, word('skip')))) return true
  for (let rule: JsonNode | null = firstRule(root); rule !== null; rule = after(rule)) {
    if (hasPart(rule)) return true
  }
  return false
}

function hasPart(node: JsonNode): bool {
  return member(node, word('session')) !== null || member(node, word('key')) !== null
}
