/**
 * Who is this? Reads, verifies, keeps or mints the session of one request. Nothing is written here: what is to be written
 * is left in the variables below, so that every read of the request comes before the first write.
 *
 *     the best of the session's cookies is        then
 *     valid                                       its id; issued anew where it is time
 *     unsigned, for a while                       its id, signed from now on
 *     of a key not known here                     no session: another proxy may know it
 *     expired                                     the one successor that every request with it gets
 *     forged, malformed, or there is none         the id that an adopted cookie becomes; else as onInvalid says, or a new one
 */
import { QUOTE } from '../bytes/ascii'
import { ABSENT, Slice, UNREADABLE, equals, isPresent, lenOf, ptrOf, slice } from '../bytes/slice'
import { encodeBase64url } from '../bytes/base64url'
import { writer } from '../bytes/writer'
import { Adopted, OnInvalid, Secure, SessionPolicy, Signing } from '../config/policy'
import { isCookieValue } from '../http/cookie'
import { now } from '../proxy/clock'
import { nextCookie, nextInLine, openCookies } from '../proxy/cookies'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { requestCookieLine } from '../proxy/request'
import { drawIdOfConnection } from './connection'
import { cookieLineWith } from './cookie'
import { ID_BYTES, drawId } from './entropy'
import { adoptedId, decodeId } from './id'
import { isSetSecure, occasion, usedHttps } from './occasion'
import { Pending, dropPending, reservePending } from './pending'
import { SEAL_LENGTH, openSeal, takeSeal } from './pod-seal'
import { bareValue } from './suffix'
import {
  ID_LENGTH,
  Verdict,
  bindToken,
  isHalfIdle,
  issueToken,
  lifeLeft,
  openToken,
  readToken,
  successorOf,
  tokenBound,
  tokenId,
  tokenIdBytes,
  tokenIsSecure,
  tokenText,
  verifyToken,
} from './token'

/** Of several cookies of the name so many are looked at: a client shall not make us verify for nothing. */
// @ts-ignore: decorator
@inline
export const MOST_COOKIES: u32 = 4

/** A longer value is not adopted. */
// @ts-ignore: decorator
@inline
const ADOPTED_MOST: u32 = 256

const idBytes: usize = memory.data(16, 8)
const idText: usize = memory.data(24, 8)

/** The session's id as the router and the application see it; ABSENT if the request has no session. */
export let sessionValue: Slice = ABSENT
/** The 16 bytes that a canonical id stands for; ABSENT for a value that the client brought in another form. */
export let sessionId: Slice = ABSENT
/** The key that the session is bound to, ABSENT if it is to none. */
export let sessionBound: Slice = ABSENT
/** Envoy's token for the pod that the session was at last; ABSENT if it is not known. */
export let sessionPod: Slice = ABSENT
/**
 * The header to put on the request, that of cookies or the one that carries the application's session; empty if it is to
 * go, ABSENT if it stays as it is, UNREADABLE if it should not and could not be built.
 */
export let cookieLine: Slice = ABSENT
/** What the session was counted as. */
export let sessionOutcome: Counter = Counter.SessionNone

// The request at hand. In shadow nothing is kept for its answer.
let stream: u32 = 0
let root: u32 = 0
let shadow = false
// How many cookies of the name were looked at, and whether the best one is what Envoy sees as it stands.
let cookies: u32 = 0
let asItStands = false
// The slot for the answer's Set-Cookie; null: it gets none.
let answer: Pending | null = null

/** Before a request that has no session part. */
// @ts-ignore: decorator
@inline
export function noSession(): void {
  sessionValue = ABSENT
  sessionId = ABSENT
  sessionBound = ABSENT
  sessionPod = ABSENT
  cookieLine = ABSENT
  answer = null
}

/** Takes a session that the application carries (application.ts): its id and pod, and `line` to put on the request. */
export function takeApplication(id: Slice, pod: Slice, outcome: Counter, line: Slice): void {
  noSession()
  sessionId = id
  sessionPod = pod
  sessionOutcome = outcome
  cookieLine = line
}

/**
 * Finds or mints the session of a stream; `finishSession` is to follow, which counts the outcome. In shadow an id is
 * drawn, so that what follows can be counted too, but nothing is kept for the response.
 *
 * @returns false if the cookies could not be read: then there is no session, and none was minted
 */
export function resolveSession(policy: SessionPolicy, ofStream: u32, ofRoot: u32, inShadow: bool): bool {
  noSession()
  stream = ofStream
  root = ofRoot
  shadow = inShadow
  const verdict = search(policy)
  if (verdict < 0) {
    sessionOutcome = Counter.SessionUnreadable
    return false
  }
  if (verdict >= Verdict.UnknownKey && verdict <= Verdict.Forged)
    count(<Counter>(Counter.SessionUnknownKey + (verdict - Verdict.UnknownKey)))
  if (verdict == Verdict.Valid) keep(policy)
  else if (verdict == Verdict.UnknownKey) ignore(Counter.SessionNone)
  else if (verdict < Verdict.Forged)
    resume(policy, verdict == Verdict.Unsigned ? Counter.SessionAdopted : Counter.SessionReplaced, null)
  else begin(policy, <Verdict>verdict)
  putOnRequest(policy)
  return true
}

/** The best verdict of the session's cookies, or -1 if the host refused to show them. */
function search(policy: SessionPolicy): i32 {
  const name = policy.name
  let best = Verdict.None
  cookies = 0
  openCookies()
  let value = nextCookie(name)
  for (; isPresent(value); value = nextCookie(name)) {
    if (++cookies > MOST_COOKIES) break
    const verdict = judge(policy, value, best)
    if (verdict >= best) continue
    best = verdict
    if (verdict == Verdict.Valid) break
  }
  if (value == UNREADABLE) return -1
  // Those behind the one that counts are dropped as far as they are seen; a further entry is not asked for.
  asItStands = best == Verdict.Valid && cookies == 1 && sessionValue == value && !isQuoted(value)
  if (cookies > 1 || (cookies == 1 && isPresent(nextInLine(name)))) {
    count(Counter.CookieDuplicate)
    asItStands = false
  }
  return best
}

// The walk over cookies takes one pair of quotes off.
function isQuoted(value: Slice): bool {
  return load<u8>(ptrOf(value) - 1) == QUOTE
}

/** What one cookie is worth. If that is more than `best`, and it may count, it leaves its id behind. */
function judge(policy: SessionPolicy, value: Slice, best: Verdict): Verdict {
  const signing = policy.signing
  const isSealed = lenOf(value) > SEAL_LENGTH && takeSeal(value)
  const isToken = readToken(isSealed ? bareValue : value)
  if (signing === null) {
    if (isToken) takeToken()
    else if (!takeValue(value)) return Verdict.Malformed
    return Verdict.Valid
  }
  if (!isToken) return judgeUnsigned(policy, signing, value, best)
  const verdict = verifyToken(signing)
  if (verdict == Verdict.Valid) {
    takeToken()
    sessionBound = tokenBound
    if (isSealed) sessionPod = openSeal(signing, tokenIdBytes)
  } else if ((verdict == Verdict.ExpiredIdle || verdict == Verdict.ExpiredAbsolute) && verdict < best) {
    successorOf(signing, idBytes)
    sessionId = slice(idBytes, ID_BYTES)
  }
  return verdict
}

function judgeUnsigned(policy: SessionPolicy, signing: Signing, value: Slice, best: Verdict): Verdict {
  if (now >= signing.acceptUnsignedUntil || !isCookieValue(value)) return Verdict.Malformed
  if (best <= Verdict.Unsigned) return Verdict.Unsigned
  if (!decodeId(value, idBytes)) adoptedId(policy.adopt, policy.name, value, idBytes)
  sessionId = slice(idBytes, ID_BYTES)
  return Verdict.Unsigned
}

// @ts-ignore: decorator
@inline
function takeToken(): void {
  sessionValue = tokenId
  sessionId = slice(tokenIdBytes, ID_BYTES)
}

/** False, with nothing taken, for what no session's value may be; an id is one. */
function takeValue(value: Slice): bool {
  const isId = decodeId(value, idBytes)
  if (!isId && !isCookieValue(value)) return false
  sessionValue = value
  sessionId = isId ? slice(idBytes, ID_BYTES) : ABSENT
  return true
}

/** The request has no session, whatever a lesser cookie left behind. */
function ignore(counter: Counter): void {
  sessionId = ABSENT
  sessionOutcome = counter
}

/** A valid session. */
function keep(policy: SessionPolicy): void {
  const due = !policy.readOnly && isDue(policy)
  sessionOutcome = Counter.SessionValid
  if (!due && !policy.watches) return
  if (due && policy.signing !== null) sessionOutcome = Counter.SessionRenewed
  awaitAnswer(policy, null)
  const pending = answer
  if (pending !== null) pending.onMove = !due
}

/** True if the client's cookie is to be set anew. */
function isDue(policy: SessionPolicy): bool {
  if (policy.renewAlways) return true
  const signing = policy.signing
  if (signing === null || isPresent(policy.follows)) return false
  return isHalfIdle(signing) || (policy.secure != Secure.Never && !tokenIsSecure() && usedHttps())
}

/** A session whose id follows from what the client sent: every request with the same gets the same. */
function resume(policy: SessionPolicy, counter: Counter, adopted: Adopted | null): void {
  nameId(policy)
  sessionOutcome = counter
  if (!policy.readOnly && !shadow && occasion(policy) == Counter.SessionMinted) awaitAnswer(policy, adopted)
}

/** No cookie counts. */
function begin(policy: SessionPolicy, verdict: Verdict): void {
  const nothing = verdict == Verdict.Malformed ? Counter.SessionMalformed : Counter.SessionNone
  if (policy.readOnly) {
    sessionOutcome = verdict == Verdict.None ? Counter.SessionReadOnly : nothing
    return
  }
  if (verdict == Verdict.Forged && policy.onInvalid == OnInvalid.Reject) {
    sessionOutcome = Counter.SessionRejected
    return
  }
  const adopted = adopt(policy)
  if (adopted !== null) resume(policy, Counter.SessionAdopted, adopted)
  else if (verdict != Verdict.None && policy.onInvalid == OnInvalid.Ignore) sessionOutcome = nothing
  else mint(policy, nothing, verdict != Verdict.None)
}

/** The cookie that became the session's id; null if none did. */
function adopt(policy: SessionPolicy): Adopted | null {
  for (let i: u32 = 0; i < policy.adoptedCount; i++) {
    const adopted = changetype<Adopted>(policy.adopted + i * <u32>offsetof<Adopted>())
    openCookies()
    const value = nextCookie(adopted.name)
    if (!isPresent(value) || lenOf(value) - 1 >= ADOPTED_MOST) continue
    adoptedId(policy.adopt, adopted.name, value, idBytes)
    sessionId = slice(idBytes, ID_BYTES)
    return adopted
  }
  return null
}

function mint(policy: SessionPolicy, nothing: Counter, replaces: bool): void {
  const may = occasion(policy)
  if (may != Counter.SessionMinted) {
    sessionOutcome = may == Counter.SessionNone ? nothing : may
    return
  }
  // A slot for the answer comes first: an id that the client will never hear of is worth nothing.
  awaitAnswer(policy, null)
  if ((answer === null && !shadow) || (policy.signing !== null && now == 0) || !draw(policy)) {
    if (answer !== null) dropPending(stream)
    answer = null
    sessionOutcome = Counter.SessionExhausted
    return
  }
  sessionId = slice(idBytes, ID_BYTES)
  nameId(policy)
  sessionOutcome = replaces ? Counter.SessionReplaced : may
}

// In shadow nobody gets the id: it must not count among those of a connection.
function draw(policy: SessionPolicy): bool {
  return policy.perConnection && !shadow ? drawIdOfConnection(policy, idBytes) : drawId(idBytes)
}

/** The text of the id that was found, and a token that begins with it. */
function nameId(policy: SessionPolicy): void {
  writer.open(idText, ID_LENGTH)
  encodeBase64url(sessionId, writer)
  sessionValue = writer.result
  if (policy.signing !== null) openToken(idBytes)
}

/** The answer sets the cookie, and deletes the one that was adopted if it is to. */
function awaitAnswer(policy: SessionPolicy, adopted: Adopted | null): void {
  if (shadow) return
  const pending = reservePending(stream)
  answer = pending
  if (pending === null) return
  pending.root = root
  pending.policy = policy
  pending.adopted = adopted
  pending.onMove = false
}

/**
 * Makes what the client's cookie becomes, if it is to be set. To be called once the key is known: `key` is the one that
 * the session is to be bound to, ABSENT if it is to none.
 */
export function finishSession(policy: SessionPolicy, key: Slice): void {
  const signing = policy.signing
  if (signing !== null && isPresent(sessionId) && !isPresent(sessionBound) && bindToken(key)) {
    if (sessionOutcome == Counter.SessionValid) {
      sessionOutcome = Counter.SessionRenewed
      awaitAnswer(policy, null)
    }
  }
  count(sessionOutcome)
  const pending = answer
  if (pending === null) return
  if (isPresent(policy.follows)) {
    pending.value = sessionId
    return
  }
  pending.secure = isSecure(policy)
  pending.maxAge = policy.ttl
  if (
    !pending.secure &&
    policy.secure == Secure.Auto &&
    sessionOutcome != Counter.SessionRenewed &&
    sessionOutcome != Counter.SessionValid
  )
    count(Counter.SessionMintedInsecure)
  if (signing === null) {
    pending.value = sessionValue
    return
  }
  if (pending.onMove) {
    pending.value = tokenText
    return
  }
  pending.value = issueToken(signing, pending.secure)
  if (policy.ttl == 0) pending.maxAge = lifeLeft(signing)
}

// What was set with Secure stays so: over http a browser would not let it be replaced.
function isSecure(policy: SessionPolicy): bool {
  const wasSecure = policy.secure == Secure.Auto && policy.signing !== null && tokenIsSecure()
  return wasSecure || isSetSecure(policy)
}

/** Nothing that was not verified stays under the session's name, nor does what `onInvalid` ignores. */
function putOnRequest(policy: SessionPolicy): void {
  const trusted = policy.signing === null && (policy.readOnly || policy.onInvalid != OnInvalid.Ignore)
  if (policy.hideFromUpstream || !isPresent(sessionValue)) {
    const line = requestCookieLine()
    if ((trusted && !policy.hideFromUpstream) || line == ABSENT) return
    rewriteCookie(policy.name, ABSENT)
    // There was none, not even one that Envoy does not take for it but applications may.
    if (isPresent(cookieLine) && equals(cookieLine, line)) cookieLine = ABSENT
  } else if (!asItStands && !(trusted && policy.readOnly)) {
    rewriteCookie(policy.name, sessionValue)
  }
}

function rewriteCookie(name: Slice, value: Slice): void {
  const line = cookieLineWith(name, value)
  cookieLine = isPresent(line) ? line : UNREADABLE
}
