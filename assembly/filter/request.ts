/**
 * The request's way:
 *
 *   1. the arena starts over
 *   2. rules pick the plan
 *   3. the session is found or minted                    everything is read before
 *   4. the key is derived                                anything is written
 *   5. the session's cookie is put on the request, so that the first request hashes like those that follow
 *   6. the debug token and clients' key headers go, under every plan
 *   7. one key header is written, or none
 *
 * In shadow, steps 5 to 7 are left out; but a debug token that is valid goes even then.
 */
import { REQUEST_CAP, arenaReset } from '../bytes/arena'
import { heapAlloc } from '../bytes/heap'
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, equals, isPresent } from '../bytes/slice'
import { DebugPolicy, KeyPolicy, Mode, OnNone, Plan, Policy, SLICE_BYTES } from '../config/policy'
import { deriveKey } from '../key/key'
import { TRACE_BYTES } from '../key/trace'
import { FilterHeadersStatus } from '../proxy/abi'
import { Counter } from '../proxy/counter'
import { removeRequestHeader, replaceRequestHeader } from '../proxy/header'
import { count, useLedger } from '../proxy/metrics'
import { sendLocalReply } from '../proxy/reply'
import { COOKIE, beginRequest } from '../proxy/request'
import { findPending, reservePending } from '../session/pending'
import { cookieLine, cookieLineFailed, noSession, resolveSession } from '../session/session'
import { presentsDebugToken, removeDebugToken } from './debug-token'
import { Explanation } from './explanation'
import { chosenRule, selectPlan } from './match'
import { Root } from './root'

const NO_KEY_DETAILS: Slice = ascii('mooring_no_key')
const NO_KEY_BODY: Slice = ascii('This request names no session and no identity to route by.\n')
const WRITE_REFUSED_DETAILS: Slice = ascii('mooring_write_refused')
const WRITE_REFUSED_BODY: Slice = ascii('The request could not be prepared for routing.\n')

export function onRequestHeaders(root: Root, stream: u32): FilterHeadersStatus {
  arenaReset(REQUEST_CAP)
  beginRequest()
  useLedger(root.ledger)
  const policy = root.policy
  if (policy === null) return FilterHeadersStatus.Continue
  count(Counter.Requests)
  const plan = selectPlan(policy)
  if (plan === null) {
    count(Counter.PassedThrough)
    return writeKey(policy, null, ABSENT)
  }
  return follow(policy, plan, stream, root.id)
}

function follow(policy: Policy, plan: Plan, stream: u32, root: u32): FilterHeadersStatus {
  const shadow = plan.mode == Mode.Shadow
  const session = plan.session
  const keyPolicy = plan.key
  if (shadow) count(Counter.RequestsShadowed)
  if (session === null && keyPolicy === null) count(Counter.RequestsSkipped)
  const debug = policy.debug
  const explains = debug !== null && presentsDebugToken(debug)

  let readable = true
  if (session === null) noSession()
  else readable = resolveSession(session, stream, root, shadow)

  let key: Slice = ABSENT
  if (keyPolicy !== null) {
    key = deriveKey(keyPolicy, readable)
  }
  if (debug !== null && explains) explain(debug, plan, key, stream, root)
  if (keyPolicy !== null && !isPresent(key) && keyPolicy.onNone == OnNone.Reject) {
    count(Counter.KeyRejected)
    if (!shadow) return reply(400, NO_KEY_DETAILS, NO_KEY_BODY)
  }
  if (shadow) {
    if (debug !== null && explains && !removeDebugToken(debug)) count(Counter.WriteRefused)
    return FilterHeadersStatus.Continue
  }

  if (cookieLineFailed || (isPresent(cookieLine) && !replaceRequestHeader(COOKIE, cookieLine))) {
    count(Counter.WriteRefused)
  }
  if (debug !== null && !removeDebugToken(debug)) return refuseToWrite()
  return writeKey(policy, keyPolicy, key)
}

/** Keeps how the request was decided for its answer. Where there is no room for that, the answer says nothing. */
function explain(debug: DebugPolicy, plan: Plan, key: Slice, stream: u32, root: u32): void {
  const found = findPending(stream)
  const pending = found !== null ? found : reservePending(stream)
  if (pending === null) return
  pending.root = root
  pending.note = heapAlloc(offsetof<Explanation>() + TRACE_BYTES)
  if (pending.note != 0) changetype<Explanation>(pending.note).take(chosenRule, plan, key, debug)
}

/** Leaves exactly one entry of the plan's key header if there is a key, and none of all other key headers. */
function writeKey(policy: Policy, keyPolicy: KeyPolicy | null, key: Slice): FilterHeadersStatus {
  const written = keyPolicy !== null && isPresent(key) ? keyPolicy.header : ABSENT
  for (let i: u32 = 0; i < policy.keyHeaderCount; i++) {
    const name = load<Slice>(policy.keyHeaders + i * SLICE_BYTES)
    if (isPresent(written) && equals(name, written)) {
      if (replaceRequestHeader(name, key)) continue
      count(Counter.WriteRefused)
    }
    if (!removeRequestHeader(name)) return refuseToWrite()
  }
  return FilterHeadersStatus.Continue
}

/** What must not reach a pod could not be removed. */
function refuseToWrite(): FilterHeadersStatus {
  count(Counter.WriteRefused)
  return reply(503, WRITE_REFUSED_DETAILS, WRITE_REFUSED_BODY)
}

/** If even the reply is refused, the stream is stopped rather than let through with a client's key header. */
function reply(code: u32, details: Slice, body: Slice): FilterHeadersStatus {
  sendLocalReply(code, details, body)
  return FilterHeadersStatus.StopAllIterationAndWatermark
}
