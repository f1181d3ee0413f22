/**
 * Which plan a request gets: the first rule that matches, else the top level.
 *
 * Inside a match the fields are and, the values or. A condition that cannot be read gives the top level at once, so
 * that nobody reaches another rule, or `skip`, by making a header unreadable. An ambiguous path (http/path.ts)
 * matches no path rule.
 */
import { ABSENT, Slice, UNREADABLE, isPresent } from '../bytes/slice'
import { listHolds } from '../bytes/slice-list'
import { Plan, Policy, Rule, SLICE_BYTES } from '../config/policy'
import { hostOf, matchHost } from '../http/authority'
import { matchPath } from '../http/path'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { requestAuthority, requestMethod, requestNormalisedPath } from '../proxy/request'

/** The rule that `selectPlan` chose; null for the top level. */
export let chosenRule: Rule | null = null

let host: Slice = ABSENT
let path: Slice = ABSENT
let method: Slice = ABSENT

export function selectPlan(policy: Policy): Plan | null {
  chosenRule = null
  if (policy.ruleCount == 0) return policy.top
  if (!readConditions(policy)) {
    count(Counter.MatchUnreadable)
    return policy.top
  }
  for (let i: u32 = 0; i < policy.ruleCount; i++) {
    const rule = changetype<Rule>(policy.rules + i * offsetof<Rule>())
    if (!matches(rule)) continue
    chosenRule = rule
    return rule.plan
  }
  return policy.top
}

/** Reads what any rule asks for. False if the host refuses one of them. */
function readConditions(policy: Policy): bool {
  host = ABSENT
  path = ABSENT
  method = ABSENT
  if (policy.matchesHost) {
    const authority = requestAuthority()
    if (authority == UNREADABLE) return false
    if (isPresent(authority)) host = hostOf(authority)
  }
  if (policy.matchesPath) {
    path = requestNormalisedPath()
    if (path == UNREADABLE) return false
  }
  if (policy.matchesMethod) {
    method = requestMethod()
    if (method == UNREADABLE) return false
  }
  return true
}

function matches(rule: Rule): bool {
  return matchesHost(rule) && matchesMethod(rule) && matchesPath(rule)
}

function matchesHost(rule: Rule): bool {
  if (rule.hostCount == 0) return true
  if (!isPresent(host)) return false
  for (let i: u32 = 0; i < rule.hostCount; i++) {
    if (matchHost(load<Slice>(rule.hosts + i * SLICE_BYTES), host)) return true
  }
  return false
}

function matchesMethod(rule: Rule): bool {
  return rule.methodCount == 0 || listHolds(rule.methods, rule.methodCount, method)
}

function matchesPath(rule: Rule): bool {
  if (rule.pathCount == 0) return true
  if (!isPresent(path)) return false
  for (let i: u32 = 0; i < rule.pathCount; i++) {
    if (matchPath(load<Slice>(rule.paths + i * SLICE_BYTES), path)) return true
  }
  return false
}
