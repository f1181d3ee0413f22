/** The configuration's top level and its rules. */
import { equals, isPresent } from '../../bytes/slice'
import {
  expectBoolean,
  expectChoice,
  expectFields,
  expectInteger,
  expectList,
  expectObject,
  unknownField,
} from '../fields'
import { JsonNode, after, firstItem, flagOf, member, textOf } from '../json/node'
import { error, warning } from '../report'
import { wordIndex } from '../words'
import { checkKey } from './key'
import { checkMatch } from './match'
import { expectLabel } from './name'
import { checkSession } from './session'

/** What a configuration that asks for nothing is told. */
export const EMPTY: string =
  'neither session nor key is there; write {"session": {}} for a session cookie and a key from it'

export const MODES: string = 'enforce shadow'

/** More rules than this are refused. */
// @ts-ignore: decorator
@inline
export const MOST_RULES: u32 = 256

const FIELDS: string = 'version mode session key skip rules observe'
const LATER: string = 'buckets'
const RULE_FIELDS: string = 'name match session key mode skip'
const TOP_LEVEL_ONLY: string = 'version rules observe buckets'

/** Everything that can be said about each part by itself. */
export function checkRoot(root: JsonNode): void {
  if (!expectFields(root, FIELDS, LATER)) return
  expectInteger(member(root, 'version'), 1, 1, 'version 1, the only one there is')
  checkParts(root)
  checkRules(member(root, 'rules'))
  const observe = member(root, 'observe')
  if (expectFields(observe, 'instance', 'debugHeader')) expectLabel(member(observe, 'instance'), 16)
  if (!root.broken && !saysSomething(root)) error('empty_configuration', root, EMPTY)
}

/** What the top level and a rule have in common. */
function checkParts(node: JsonNode): void {
  expectChoice(member(node, 'mode'), MODES)
  checkSession(member(node, 'session'))
  checkKey(member(node, 'key'))
  expectBoolean(member(node, 'skip'))
}

function checkRules(rules: JsonNode | null): void {
  if (!expectList(rules, MOST_RULES, '1 to 256 rules')) return
  for (let rule = firstItem(rules); rule !== null; rule = after(rule)) {
    if (!expectObject(rule)) continue
    checkRuleFields(rule)
    checkName(rule)
    const match = member(rule, 'match')
    if (match === null) error('missing_field', rule, 'expected match: without it no later rule would count')
    else checkMatch(match)
    checkParts(rule)
    if (hasPart(rule) && flagOf(member(rule, 'skip'), false)) {
      warning('no_effect', rule, 'skip: true leaves out the session and key that this rule sets')
    }
  }
}

function checkRuleFields(rule: JsonNode): void {
  for (let child: JsonNode | null = rule.child; child !== null; child = after(child)) {
    if (wordIndex(child.name, RULE_FIELDS) >= 0) continue
    if (wordIndex(child.name, TOP_LEVEL_ONLY) >= 0) {
      error('top_level_only', child, 'a rule sets session, key, mode and skip; this belongs at the top level')
    } else {
      unknownField(child, RULE_FIELDS)
    }
  }
}

function checkName(rule: JsonNode): void {
  const name = member(rule, 'name')
  if (name === null) error('missing_field', rule, 'expected name, which counters and errors show')
  if (name === null || !expectLabel(name, 32)) return
  for (let earlier = firstItem(rule.parent); earlier !== null && earlier !== rule; earlier = after(earlier)) {
    const other = textOf(member(earlier, 'name'))
    if (!isPresent(other) || !equals(other, name.text)) continue
    error('duplicate_name', name, 'an earlier rule has this name')
    return
  }
}

function saysSomething(root: JsonNode): bool {
  if (hasPart(root) || flagOf(member(root, 'skip'), false)) return true
  for (let rule: JsonNode | null = firstItem(member(root, 'rules')); rule !== null; rule = after(rule)) {
    if (hasPart(rule)) return true
  }
  return false
}

function hasPart(node: JsonNode): bool {
  return member(node, 'session') !== null || member(node, 'key') !== null
}
