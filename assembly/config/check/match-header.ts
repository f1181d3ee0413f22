/**
 * `match.headers`: conditions on headers.
 *
 *     condition = {name, exact} | {name, prefix} | {name, present}      one name: or, different names: and
 */
import { phrase } from '../../bytes/phrase'
import { addName, clearNames, nameCount } from '../../bytes/name-set'
import { isPresent } from '../../bytes/slice'
import { word, words } from '../../bytes/words'
import { isFieldValue } from '../../http/field-value'
import { JsonNode, after, firstItem, member, textOf } from '../../json/node'
import { expectBoolean, expectFields, expectList, expectString } from '../fields'
import { error } from '../report'
import { MOST_HEADERS } from '../rule-index'
import { expectReadableHeader } from './header'

// @ts-ignore: decorator
@inline
const MOST_CONDITIONS: u32 = 16

export function checkHeaders(list: JsonNode | null): void {
  if (!expectList(list, MOST_CONDITIONS, phrase('1 to 16 headers'))) return
  for (let condition = firstItem(list); condition !== null; condition = after(condition)) {
    checkCondition(condition)
  }
}

function checkCondition(node: JsonNode): void {
  if (!expectFields(node, words('name exact prefix present'))) return
  const name = member(node, word('name'))
  const exact = member(node, word('exact'))
  const prefix = member(node, word('prefix'))
  const present = member(node, word('present'))
  const said = i32(exact !== null) + i32(prefix !== null) + i32(present !== null)
  if (name === null || said == 0)
    error(phrase('missing_field'), node, phrase('expected name, and one of exact, prefix and present'))
  else if (said > 1)
    error(
      phrase('ambiguous_condition'),
      node,
      phrase('one of exact, prefix and present; list two conditions'),
    )
  expectReadableHeader(name)
  checkText(exact)
  checkText(prefix)
  expectBoolean(present)
}

function checkText(node: JsonNode | null): void {
  if (!expectString(node, 256) || isFieldValue(textOf(node))) return
  error(phrase('invalid_header_value'), node, phrase('no header has control characters in its value'))
}

/** Each name costs every request a little: there are few over all rules. */
export function checkHeaderNames(rules: JsonNode): void {
  clearNames()
  for (let rule = firstItem(rules); rule !== null; rule = after(rule)) {
    const headers = member(member(rule, word('match')), word('headers'))
    for (let condition = firstItem(headers); condition !== null; condition = after(condition)) {
      const name = textOf(member(condition, word('name')))
      if (!isPresent(name) || !addName(name) || nameCount() <= MOST_HEADERS) continue
      error(phrase('too_many_headers'), rules, phrase('expected at most 32 header names over all rules'))
      return
    }
  }
}
