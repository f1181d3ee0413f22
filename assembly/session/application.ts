/**
 * The application's own session, `session.application`: what a request brings of it. K takes the place of an id.
 *
 *     the best of the carrier's values has        then
 *     a suffix that verifies                      its K
 *     a suffix of a key not known here            no session: a retired key, or another proxy's
 *     a suffix that does not verify               no session
 *     no suffix, or there is no value             a new K: what the application sets on the answer stays with the pod
 *                                                 that this request reaches
 *
 * The application sees its own bytes: every suffix of this form is taken off, verified or not.
 */
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, UNREADABLE, between, endOf, isPresent, lenOf, ptrOf, slice } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { Carrier, SessionPolicy, Signing } from '../config/policy'
import { nextCookieLine, nextInLine, openCookies } from '../proxy/cookies'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { onlyEntry, requestPairs } from '../proxy/request'
import { ID_BYTES, drawId } from './entropy'
import { Pending, dropPending, reservePending } from './pending'
import { openSeal, takeSeal } from './pod-seal'
import { MOST_COOKIES, takeApplication } from './session'
import { Verdict } from './token'
import { bareValue } from './suffix'
import { readWrapped, verifyWrapped, wrapKey } from './wrap'

const SEPARATOR: Slice = ascii('; ')

const key: usize = memory.data(16, 8)

// Of the request at hand.
let best: Verdict = Verdict.None
let looks: u32 = 0
let stripped = false
let foundBare = false
let pod: Slice = ABSENT

/**
 * As `resolveSession`, for a session that the application's cookie or header carries.
 *
 * @returns false if that could not be read: then there is no session
 */
export function resolveApplication(policy: SessionPolicy, stream: u32, root: u32, shadow: bool): bool {
  best = Verdict.None
  looks = 0
  stripped = false
  foundBare = false
  pod = ABSENT
  const signing = policy.signing
  if (signing === null) return false
  const line =
    policy.carrier == Carrier.Cookie ? bareCookies(policy.name, signing) : bareHeader(policy.name, signing)
  const readable = line != UNREADABLE
  let outcome = Counter.SessionUnreadable
  if (readable) outcome = outcomeOf(policy, stream, root, shadow)
  const found = outcome == Counter.SessionValid || outcome == Counter.SessionMinted
  takeApplication(
    found ? slice(key, ID_BYTES) : ABSENT,
    pod,
    outcome,
    stripped ? (isPresent(line) ? line : UNREADABLE) : ABSENT,
  )
  return readable
}

function outcomeOf(policy: SessionPolicy, stream: u32, root: u32, shadow: bool): Counter {
  if (foundBare) count(Counter.ApplicationBare)
  if (best == Verdict.Forged || best == Verdict.UnknownKey) {
    count(best == Verdict.Forged ? Counter.SessionForged : Counter.SessionUnknownKey)
    return policy.notFound ? Counter.SessionRejected : Counter.SessionNone
  }
  // A slot for the answer comes first: a K that the client will never hear of is worth nothing.
  const pending = answerSlot(stream, shadow)
  const isNew = best == Verdict.None
  if (isNew && ((!shadow && pending === null) || !drawId(key))) {
    if (pending !== null) dropPending(stream)
    return Counter.SessionExhausted
  }
  if (pending !== null) {
    pending.root = root
    pending.policy = policy
    pending.value = slice(key, ID_BYTES)
  }
  return isNew ? Counter.SessionMinted : Counter.SessionValid
}

/** In shadow nothing is kept for the answer. */
function answerSlot(stream: u32, shadow: bool): Pending | null {
  return shadow ? null : reservePending(stream)
}

/** All cookie entries as one line, without suffixes; UNREADABLE if the host refused to show them. */
function bareCookies(name: Slice, signing: Signing): Slice {
  const room = lenOf(requestPairs())
  writer.allocate(room)
  openCookies()
  let line = nextCookieLine()
  for (; isPresent(line); line = nextCookieLine()) {
    if (writer.length > 0) writer.bytes(SEPARATOR)
    let at = ptrOf(line)
    for (let value = nextInLine(name); isPresent(value); value = nextInLine(name)) {
      writer.bytes(between(at, endOf(unwrap(value, signing))))
      at = endOf(value)
    }
    writer.bytes(between(at, endOf(line)))
  }
  return line == UNREADABLE ? UNREADABLE : writer.result
}

/** Of several entries nobody knows which one counts: they are left as they are. */
function bareHeader(name: Slice, signing: Signing): Slice {
  const value = onlyEntry(name)
  return isPresent(value) ? unwrap(value, signing) : value
}

/** The value without its suffix. If that is worth more than those before it leaves K behind. */
function unwrap(value: Slice, signing: Signing): Slice {
  const isSealed = takeSeal(value)
  if (!readWrapped(isSealed ? bareValue : value)) {
    foundBare = true
    return value
  }
  stripped = true
  const verdict = looks++ < MOST_COOKIES ? verifyWrapped(signing) : Verdict.Forged
  if (verdict < best) {
    best = verdict
    memory.copy(key, wrapKey, ID_BYTES)
    if (isSealed && verdict == Verdict.Valid) pod = openSeal(signing, key)
  }
  return bareValue
}
