/**
 * The application's own session, `session.application`: what its answer sets gets the suffix that carries K, or a line of
 * Mooring's own cookie beside it. All other bytes stay, and so does the order of the Set-Cookie lines.
 */
import { arenaAlloc } from '../bytes/arena'
import { ascii } from '../bytes/literal'
import { EQUALS } from '../bytes/ascii'
import { ABSENT, Slice, between, endOf, equals, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { Carrier, SLICE_BYTES, SessionPolicy, Signing } from '../config/policy'
import { isFieldValue } from '../http/field-value'
import { endsCookie, setCookieAttribute, setCookieAttributes, setCookieValue } from '../http/set-cookie'
import { HeaderMapType } from '../proxy/abi'
import { Counter } from '../proxy/counter'
import { addResponseHeader, replaceResponseHeader } from '../proxy/header'
import { count } from '../proxy/metrics'
import { PAIR_CURSOR_BYTES, PairCursor, readPairs } from '../proxy/pairs'
import { EMPTY_PAIRS, sendLocalReply } from '../proxy/reply'
import { Pending } from './pending'
import { SEAL_MOST, writeSeal } from './pod-seal'
import { SET_COOKIE, keepToOneClient } from './set-cookie'
import { TOKEN_MOST, issueToken, openToken } from './token'
import { WRAP_MOST, writeSuffix } from './wrap'

/** Browsers may refuse a cookie that is longer, name and attributes included (RFC 6265 section 6.1). */
// @ts-ignore: decorator
@inline
const LONGEST_LINE: u32 = 4096

// A line that says nothing of the cookie that is followed: no bytes, and not ABSENT, which is a failure.
// @ts-ignore: decorator
@inline
const NOT_ABOUT_IT: Slice = 2 << 32

const HTTP_ONLY: Slice = ascii('; HttpOnly')
const HTTP_ONLY_NAME: Slice = ascii('httponly')
const LOST_DETAILS: Slice = ascii('mooring_write_refused')
const LOST_BODY: Slice = ascii('The answer could not be prepared.\n')

const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))

/** Until all of it is built nothing is written: an answer that fails passes as it is. */
export function answerApplication(policy: SessionPolicy, pending: Pending): void {
  const pairs = readPairs(HeaderMapType.ResponseHeaders)
  if (!cursor.open(pairs)) return
  const follows = isPresent(policy.follows)
  const name = policy.carrier == Carrier.Header ? policy.name : SET_COOKIE
  const lines = arenaAlloc(cursor.remaining * SLICE_BYTES)
  let end = lines
  let changes = false
  while (lines != 0 && cursor.next()) {
    if (!equals(cursor.name, name)) continue
    const line = follows ? lineBeside(policy, cursor.value, pending) : wrapLine(policy, cursor.value, pending)
    if (line == NOT_ABOUT_IT) continue
    if (!isFieldValue(line)) return
    changes = changes || line != cursor.value
    store<Slice>(end, line)
    end += SLICE_BYTES
  }
  if (!changes || !cursor.complete) return
  if (!keepToOneClient(policy, pairs)) {
    count(Counter.CookieOmitted)
    return
  }
  let at = lines
  if (!follows) {
    if (!replaceResponseHeader(name, load<Slice>(at))) {
      count(Counter.WriteRefused)
      return
    }
    at += SLICE_BYTES
  }
  for (; at < end; at += SLICE_BYTES) {
    if (addResponseHeader(name, load<Slice>(at))) continue
    count(Counter.WriteRefused)
    // The lines that were there are gone already.
    if (!follows) refuseAnswer()
    return
  }
  count(follows ? Counter.CookieSet : Counter.ApplicationWrapped)
}

/** The answer cannot go out as it should: an error goes in its place. */
export function refuseAnswer(): void {
  sendLocalReply(502, LOST_DETAILS, LOST_BODY, EMPTY_PAIRS)
}

/** The line with the suffix behind its value, or as it is; ABSENT if there is no room. */
function wrapLine(policy: SessionPolicy, line: Slice, pending: Pending): Slice {
  const signing = policy.signing
  const isCookie = policy.carrier == Carrier.Cookie
  const value = isCookie ? setCookieValue(line, policy.name) : line
  if (signing === null || lenOf(value) == 0 || (isCookie && endsCookie(line))) return line
  writer.allocate(lenOf(line) + WRAP_MOST + SEAL_MOST)
  writer.bytes(between(ptrOf(line), endOf(value)))
  writeSuffix(signing, value, ptrOf(pending.value))
  writeSeal(signing, ptrOf(pending.value), pending.pod)
  writer.bytes(between(endOf(value), endOf(line)))
  if (writer.length <= LONGEST_LINE) return writer.result
  count(Counter.ApplicationTooLong)
  return line
}

/**
 * A line for Mooring's own cookie with the attributes of the application's: what they say of its life then holds for both.
 * NOT_ABOUT_IT for other cookies.
 */
function lineBeside(policy: SessionPolicy, line: Slice, pending: Pending): Slice {
  const signing = policy.signing
  const value = setCookieValue(line, policy.follows)
  if (signing === null || value == ABSENT) return NOT_ABOUT_IT
  const id = ptrOf(pending.value)
  const sets = lenOf(value) > 0 && !endsCookie(line)
  const token = sets ? newToken(signing, id) : ABSENT
  writer.allocate(lenOf(policy.name) + lenOf(line) + TOKEN_MOST + SEAL_MOST + lenOf(HTTP_ONLY))
  writer.bytes(policy.name)
  writer.byte(EQUALS)
  if (sets) {
    writer.bytes(token)
    writeSeal(signing, id, pending.pod)
  }
  writer.bytes(setCookieAttributes(line))
  if (setCookieAttribute(line, HTTP_ONLY_NAME) == ABSENT) writer.bytes(HTTP_ONLY)
  return writer.result
}

function newToken(signing: Signing, id: usize): Slice {
  openToken(id)
  return issueToken(signing, false)
}
