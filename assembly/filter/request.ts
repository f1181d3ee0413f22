/**
 * The request's way:
 *
 *   1. the arena starts over
 *   2. rules pick the plan, of which other plugins may have taken parts
 *   3. the session is found, verified or minted          everything is read before
 *   4. the key is derived, or the session brings one     anything is written
 *   5. who has a forged session, an unreadable one, or no key where there must be one, is answered here
 *   6. the session's cookie is put on the request, so that the first request hashes like those that follow
 *   7. the debug token and clients' key headers go, under every plan
 *   8. one key header is written, or none; and Envoy's token for the session's pod, if that is known
 *
 * In shadow, steps 5 to 8 are left out; but a debug token that is valid goes even then.
 */
import { REQUEST_CAP, arenaReset } from '../bytes/arena'
import { heapAlloc } from '../bytes/heap'
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, equals, isPresent, lenOf } from '../bytes/slice'
import {
  Carrier,
  DebugPolicy,
  KeyPolicy,
  Mode,
  OnNone,
  Plan,
  Policy,
  SLICE_BYTES,
  SessionPolicy,
} from '../config/policy'
import { boundKey, deriveKey } from '../key/key'
import { TRACE_BYTES } from '../key/trace'
import { FilterHeadersStatus } from '../proxy/abi'
import { Counter } from '../proxy/counter'
import { removeRequestHeader, replaceRequestHeader } from '../proxy/header'
import { count, useLedger } from '../proxy/metrics'
import { EMPTY_PAIRS, sendLocalReply } from '../proxy/reply'
import { COOKIE, beginRequest, requestPairs } from '../proxy/request'
import { resolveApplication } from '../session/application'
import { reservePending } from '../session/pending'
import { awaitPod } from '../session/pod'
import { deletionHeaders } from '../session/set-cookie'
import {
  cookieLine,
  finishSession,
  noSession,
  resolveSession,
  sessionBound,
  sessionOutcome,
  sessionPod,
} from '../session/session'
import { presentsDebugToken, removeDebugToken } from './debug-token'
import { Explanation } from './explanation'
import { isTaken, openMarks, take } from './marker'
import { chosenRule, selectPlan } from './match'
import { Root } from './root'

const NO_KEY_DETAILS: Slice = ascii('mooring_no_key')
const NO_KEY_BODY: Slice = ascii('This request names no session and no identity to route by.\n')
const FORGED_DETAILS: Slice = ascii('mooring_session_refused')
const FORGED_BODY: Slice = ascii('This request was refused.\n')
const UNREADABLE_DETAILS: Slice = ascii('mooring_cookies_unreadable')
const UNREADABLE_BODY: Slice = ascii('The cookies of this request are too large to be read.\n')
const WRITE_REFUSED_DETAILS: Slice = ascii('mooring_write_refused')
const WRITE_REFUSED_BODY: Slice = ascii('The request could not be prepared for routing.\n')

export function onRequestHeaders(root: Root, stream: u32): FilterHeadersStatus {
  arenaReset(REQUEST_CAP)
  beginRequest()
  useLedger(root.ledger)
  const policy = root.policy
  if (policy === null) return FilterHeadersStatus.Continue
  count(Counter.Requests)
  openMarks(root.hasNeighbours)
  const plan = selectPlan(policy)
  if (plan === null) {
    count(Counter.PassedThrough)
    return writeKey(policy, null, ABSENT)
  }
  return follow(policy, root.hasNeighbours ? take(plan, policy.podHeader) : plan, stream, root.id)
}

function follow(policy: Policy, plan: Plan, stream: u32, root: u32): FilterHeadersStatus {
  const shadow = plan.mode == Mode.Shadow
  const session = plan.session
  const keyPolicy = plan.key
  if (shadow) count(Counter.RequestsShadowed)
  const debug = policy.debug
  if (session === null && keyPolicy === null) {
    count(Counter.RequestsSkipped)
    if (debug === null && !shadow && !isPresent(policy.podHeader)) return writeKey(policy, null, ABSENT)
  }
  const explains = debug !== null && presentsDebugToken(debug)

  if (plan.readsHeaders) requestPairs()
  let readable = true
  if (session === null) noSession()
  else if (session.carrier != Carrier.Own) readable = resolveApplication(session, stream, root, shadow)
  else readable = resolveSession(session, stream, root, shadow)

  let key: Slice = ABSENT
  if (keyPolicy !== null) {
    const bound = keyPolicy.bound ? sessionBound : ABSENT
    key = isPresent(bound) ? boundKey(bound) : deriveKey(keyPolicy, readable)
  }
  if (session !== null) {
    const binds = keyPolicy !== null && keyPolicy.bound && !session.readOnly
    finishSession(session, binds ? key : ABSENT)
  }
  if (debug !== null && explains) explain(debug, plan, key, stream, root)
  if (session !== null && !shadow) {
    if (!readable && session.signing !== null)
      return reply(431, UNREADABLE_DETAILS, UNREADABLE_BODY, EMPTY_PAIRS)
    if (sessionOutcome == Counter.SessionRejected)
      return session.notFound
        ? reply(404, FORGED_DETAILS, FORGED_BODY, EMPTY_PAIRS)
        : reply(403, FORGED_DETAILS, FORGED_BODY, deletionHeaders(session))
  }
  if (keyPolicy !== null && !isPresent(key) && keyPolicy.onNone == OnNone.Reject) {
    count(Counter.KeyRejected)
    if (!shadow) return reply(400, NO_KEY_DETAILS, NO_KEY_BODY, EMPTY_PAIRS)
  }
  if (shadow) {
    if (debug !== null && explains && !removeDebugToken(debug)) count(Counter.WriteRefused)
    return FilterHeadersStatus.Continue
  }

  const podHeader = policy.podHeader
  if (isPresent(podHeader) && !isTaken(podHeader) && !awaitPod(stream, root)) return refuseToWrite()
  if (!writeCookie(session)) {
    // A token that was not verified, or one that the router must not hash, would reach the pod.
    if (session !== null && session.signing !== null) return refuseToWrite()
    count(Counter.WriteRefused)
  }
  if (debug !== null && !removeDebugToken(debug)) return refuseToWrite()
  return writeKey(policy, keyPolicy, key)
}

/** Keeps how the request was decided for its answer. Where there is no room for that, the answer says nothing. */
function explain(debug: DebugPolicy, plan: Plan, key: Slice, stream: u32, root: u32): void {
  const pending = reservePending(stream)
  if (pending === null) return
  pending.root = root
  pending.note = heapAlloc(offsetof<Explanation>() + TRACE_BYTES)
  if (pending.note != 0) changetype<Explanation>(pending.note).take(chosenRule, plan, key, debug)
}

/** False if the header that carries the session should change and could not. */
function writeCookie(session: SessionPolicy | null): bool {
  if (cookieLine == ABSENT || session === null) return true
  const header = session.carrier == Carrier.Header ? session.name : COOKIE
  return lenOf(cookieLine) == 0 ? removeRequestHeader(header) : replaceRequestHeader(header, cookieLine)
}

/**
 * Leaves exactly one entry of the plan's key header if there is a key, and none of all other key headers; but those that
 * a plugin in front of this one has taken are its own.
 */
function writeKey(policy: Policy, keyPolicy: KeyPolicy | null, key: Slice): FilterHeadersStatus {
  const written = keyPolicy !== null && isPresent(key) ? keyPolicy.header : ABSENT
  for (let i: u32 = 0; i < policy.keyHeaderCount; i++) {
    const name = load<Slice>(policy.keyHeaders + i * SLICE_BYTES)
    if (isTaken(name)) continue
    // Mostly they are one text, not only equal ones.
    const isKey = isPresent(written) && (name == written || equals(name, written))
    const value = isKey ? key : name == policy.podHeader ? sessionPod : ABSENT
    if (isPresent(value)) {
      if (replaceRequestHeader(name, value)) continue
      count(Counter.WriteRefused)
    }
    if (!removeRequestHeader(name)) return refuseToWrite()
  }
  return FilterHeadersStatus.Continue
}

/** What must not reach a pod could not be removed. */
function refuseToWrite(): FilterHeadersStatus {
  count(Counter.WriteRefused)
  return reply(503, WRITE_REFUSED_DETAILS, WRITE_REFUSED_BODY, EMPTY_PAIRS)
}

/** If even the reply is refused, the stream is stopped rather than let through with a client's key header. */
function reply(code: u32, details: Slice, body: Slice, headers: Slice): FilterHeadersStatus {
  sendLocalReply(code, details, body, headers)
  return FilterHeadersStatus.StopAllIterationAndWatermark
}
