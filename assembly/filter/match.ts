/**
 * Which plan a request gets: the first rule that matches, else the top level.
 *
 * Inside a match the fields are and, the values or. A condition that cannot be read gives the top level at once, so
 * that nobody reaches another rule, or `skip`, by making a header unreadable. An ambiguous path (http/path.ts)
 * matches no path rule.
 */
import { ascii } from '../bytes/literal'
import { Slice, UNREADABLE } from '../bytes/slice'
import { Plan, Policy, Rule } from '../config/policy'
import { Field, RuleIndex, asks } from '../config/rule-index'
import { hostOf } from '../http/authority'
import { serviceOf } from '../http/service'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { readProperty } from '../proxy/property'
import { requestAuthority, requestMethod, requestNormalisedPath, requestPairs } from '../proxy/request'
import { closeField, firstCandidate, openCandidates, openField } from './candidates'
import { noteHeaders, notedHeader } from './headers'
import { lookForHeader, lookForHost, lookForMethod, lookForPath } from './look'

// The cluster that the route picked; none where it answers directly, redirects, or there is no route.
const CLUSTER: Slice = ascii('xds\0cluster_name')

// All fields but the service, which is a property.
// @ts-ignore: decorator
@inline
const IN_HEADERS: u64 = ~((<u64>1) << Field.Service)

/** The rule that `selectPlan` chose; null for the top level. */
export let chosenRule: Rule | null = null

export function selectPlan(policy: Policy): Plan | null {
  chosenRule = null
  const index = policy.index
  if (index === null) return policy.top
  openCandidates(index)
  // One hostcall for all headers, in place of one for each that rules ask for.
  if (popcnt(index.asked & IN_HEADERS) > 1) requestPairs()
  if (!narrow(index)) {
    count(Counter.MatchUnreadable)
    return policy.top
  }
  const first = firstCandidate(index)
  if (first < 0) return policy.top
  const rule = changetype<Rule>(policy.rules + first * offsetof<Rule>())
  chosenRule = rule
  return rule.plan
}

/** Leaves the candidates that match what rules ask for. False if the host refuses to show any of it. */
function narrow(index: RuleIndex): bool {
  return (
    !index.unreadable &&
    byHost(index) &&
    byPath(index) &&
    byMethod(index) &&
    byService(index) &&
    byHeaders(index)
  )
}

function byHost(index: RuleIndex): bool {
  if (!asks(index, Field.Host)) return true
  const authority = requestAuthority()
  if (authority == UNREADABLE) return false
  openField(index)
  lookForHost(index, Field.Host, hostOf(authority))
  closeField(index, Field.Host)
  return true
}

function byPath(index: RuleIndex): bool {
  if (!asks(index, Field.Path)) return true
  const path = requestNormalisedPath()
  if (path == UNREADABLE) return false
  openField(index)
  lookForPath(index, path)
  closeField(index, Field.Path)
  return true
}

function byMethod(index: RuleIndex): bool {
  if (!asks(index, Field.Method)) return true
  const method = requestMethod()
  if (method == UNREADABLE) return false
  openField(index)
  lookForMethod(index, method)
  closeField(index, Field.Method)
  return true
}

function byService(index: RuleIndex): bool {
  if (!asks(index, Field.Service)) return true
  const cluster = readProperty(CLUSTER)
  if (cluster == UNREADABLE) return false
  openField(index)
  lookForHost(index, Field.Service, serviceOf(cluster))
  closeField(index, Field.Service)
  return true
}

function byHeaders(index: RuleIndex): bool {
  if (index.headerCount == 0) return true
  if (!noteHeaders(index)) return false
  for (let header: u32 = 0; header < index.headerCount; header++) {
    openField(index)
    lookForHeader(index, Field.Header + header, notedHeader(header))
    closeField(index, Field.Header + header)
  }
  return true
}
