/**
 * Who is this? Reads, keeps or mints the session of one request. Nothing is written here: what is to be written is
 * left in the variables below, so that every read of the request comes before the first write.
 */
import { ABSENT, Slice, equals, equalsIgnoreCase, isPresent, slice } from '../bytes/slice'
import { encodeBase64url } from '../bytes/base64url'
import { ascii } from '../bytes/literal'
import { listHolds } from '../bytes/slice-list'
import { WRITER_BYTES, Writer } from '../bytes/writer'
import { Secure, SessionPolicy } from '../config/policy'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { requestMethod, requestScheme } from '../proxy/request'
import { cookieLineWith, findSessionCookie, foundFirst, foundMalformed, foundValue } from './cookie'
import { ID_BYTES, drawId } from './entropy'
import { ID_LENGTH, decodeId, idOfToken } from './id'
import { Pending, dropPending, reservePending } from './pending'

const HTTPS: Slice = ascii('https')
const OPTIONS: Slice = ascii('OPTIONS')
const TRACE: Slice = ascii('TRACE')
const CONNECT: Slice = ascii('CONNECT')

const idBytes: usize = memory.data(16, 8)
const idText: usize = memory.data(24, 8)
const writer = changetype<Writer>(memory.data(WRITER_BYTES, 4))

/** The session's id as the router and the application see it; ABSENT if the request has no session. */
export let sessionValue: Slice = ABSENT
/** The 16 bytes that a canonical id stands for; ABSENT for a value that the client brought in another form. */
export let sessionId: Slice = ABSENT
/** The cookie header to put on the request, ABSENT if it stays as it is. */
export let cookieLine: Slice = ABSENT
/** What the session was counted as. */
export let sessionOutcome: Counter = Counter.SessionNone
/** True if `cookieLine` should be there but could not be built. */
export let cookieLineFailed = false

/** Before a request that has no session part. */
export function noSession(): void {
  sessionValue = ABSENT
  sessionId = ABSENT
  cookieLine = ABSENT
  cookieLineFailed = false
}

/**
 * Finds or mints the session of `stream` and counts the outcome. In shadow an id is drawn, so that what follows can
 * be counted too, but nothing is kept for the response.
 *
 * @returns false if the cookies could not be read: then there is no session, and none was minted
 */
export function resolveSession(policy: SessionPolicy, stream: u32, root: u32, shadow: bool): bool {
  noSession()
  if (!findSessionCookie(policy.name)) {
    outcome(Counter.SessionUnreadable)
    return false
  }
  if (isPresent(foundValue)) keep(policy, stream, root, shadow)
  else if (policy.readOnly) outcome(foundMalformed ? Counter.SessionMalformed : Counter.SessionReadOnly)
  else if (!mayMint(policy)) outcome(foundMalformed ? Counter.SessionMalformed : Counter.SessionNone)
  else mint(policy, stream, root, shadow)
  return true
}

function keep(policy: SessionPolicy, stream: u32, root: u32, shadow: bool): void {
  outcome(Counter.SessionValid)
  const inner = idOfToken(foundValue)
  sessionValue = isPresent(inner) ? inner : foundValue
  if (decodeId(sessionValue, idBytes)) sessionId = slice(idBytes, ID_BYTES)
  if (policy.readOnly) return
  if (isPresent(inner) || !foundFirst) rewriteCookie(policy.name)
  if (!policy.renewAlways || shadow) return
  const pending = reservePending(stream)
  if (pending !== null) answerWithCookie(pending, policy, root)
}

function mint(policy: SessionPolicy, stream: u32, root: u32, shadow: bool): void {
  // A slot for the answer comes first: an id that the client will never hear of is worth nothing.
  let pending: Pending | null = null
  if (!shadow) pending = reservePending(stream)
  if ((pending === null && !shadow) || !drawId(idBytes)) {
    dropPending(stream)
    outcome(Counter.SessionExhausted)
    return
  }
  writer.open(idText, ID_LENGTH)
  encodeBase64url(slice(idBytes, ID_BYTES), writer)
  sessionValue = writer.result
  sessionId = slice(idBytes, ID_BYTES)
  rewriteCookie(policy.name)
  outcome(foundMalformed ? Counter.SessionReplaced : Counter.SessionMinted)
  if (pending !== null) answerWithCookie(pending, policy, root)
}

function rewriteCookie(name: Slice): void {
  cookieLine = cookieLineWith(name, sessionValue)
  cookieLineFailed = !isPresent(cookieLine)
}

function answerWithCookie(pending: Pending, policy: SessionPolicy, root: u32): void {
  pending.root = root
  pending.policy = policy
  pending.secure = policy.secure == Secure.Auto ? usedHttps() : policy.secure == Secure.Always
  pending.value = sessionValue
}

function usedHttps(): bool {
  const scheme = requestScheme()
  return isPresent(scheme) && equalsIgnoreCase(scheme, HTTPS)
}

/** An unreadable method mints nothing. */
function mayMint(policy: SessionPolicy): bool {
  if (policy.mintSkip) return false
  const method = requestMethod()
  if (!isPresent(method)) return false
  if (policy.methodCount == 0) {
    return !equals(method, OPTIONS) && !equals(method, TRACE) && !equals(method, CONNECT)
  }
  return listHolds(policy.methods, policy.methodCount, method)
}

function outcome(counter: Counter): void {
  sessionOutcome = counter
  count(counter)
}
