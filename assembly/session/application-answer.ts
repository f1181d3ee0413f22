/**
 * The application's own session, `session.application`: what its answer sets gets the suffix that carries K. All other
 * bytes stay, and so does the order of the Set-Cookie lines.
 */
import { arenaAlloc } from '../bytes/arena'
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, between, endOf, equals, lenOf, ptrOf } from '../bytes/slice'
import { WRITER_BYTES, Writer } from '../bytes/writer'
import { Carrier, SLICE_BYTES, SessionPolicy } from '../config/policy'
import { isFieldValue } from '../http/field-value'
import { setCookieValue } from '../http/set-cookie'
import { HeaderMapType } from '../proxy/abi'
import { Counter } from '../proxy/counter'
import { addResponseHeader, replaceResponseHeader } from '../proxy/header'
import { count } from '../proxy/metrics'
import { PAIR_CURSOR_BYTES, PairCursor, readPairs } from '../proxy/pairs'
import { EMPTY_PAIRS, sendLocalReply } from '../proxy/reply'
import { SET_COOKIE, keepToOneClient } from './set-cookie'
import { SUFFIX_MOST, writeSuffix } from './wrap'

/** Browsers may refuse a cookie that is longer, name and attributes included (RFC 6265 section 6.1). */
// @ts-ignore: decorator
@inline
const LONGEST_LINE: u32 = 4096

const LOST_DETAILS: Slice = ascii('mooring_write_refused')
const LOST_BODY: Slice = ascii('The answer could not be prepared.\n')

const writer = changetype<Writer>(memory.data(WRITER_BYTES, 4))
const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))

/** Wraps what the answer sets. Until all of it is built nothing is written: an answer that fails passes as it is. */
export function wrapAnswer(policy: SessionPolicy, k: Slice): void {
  if (!cursor.open(readPairs(HeaderMapType.ResponseHeaders))) return
  const name = policy.carrier == Carrier.Cookie ? SET_COOKIE : policy.name
  const lines = arenaAlloc(cursor.remaining * SLICE_BYTES)
  let end = lines
  let wraps = false
  while (lines != 0 && cursor.next()) {
    if (!equals(cursor.name, name)) continue
    const line = wrapLine(policy, cursor.value, ptrOf(k))
    if (!isFieldValue(line)) return
    wraps = wraps || line != cursor.value
    store<Slice>(end, line)
    end += SLICE_BYTES
  }
  if (!wraps || !cursor.complete) return
  if (!keepToOneClient(policy)) {
    count(Counter.CookieOmitted)
    return
  }
  if (!replaceResponseHeader(name, load<Slice>(lines))) {
    count(Counter.WriteRefused)
    return
  }
  for (let at = lines + SLICE_BYTES; at < end; at += SLICE_BYTES) {
    if (addResponseHeader(name, load<Slice>(at))) continue
    // The lines that were there are gone already.
    count(Counter.WriteRefused)
    sendLocalReply(502, LOST_DETAILS, LOST_BODY, EMPTY_PAIRS)
    return
  }
  count(Counter.ApplicationWrapped)
}

/** The line with the suffix behind its value, or as it is; ABSENT if there is no room. */
function wrapLine(policy: SessionPolicy, line: Slice, k: usize): Slice {
  const signing = policy.signing
  const value = policy.carrier == Carrier.Cookie ? setCookieValue(line, policy.name) : line
  if (signing === null || lenOf(value) == 0) return line
  const room = lenOf(line) + SUFFIX_MOST
  writer.open(arenaAlloc(room), room)
  writer.bytes(between(ptrOf(line), endOf(value)))
  writeSuffix(signing, value, k, writer)
  writer.bytes(between(endOf(value), endOf(line)))
  if (writer.length <= LONGEST_LINE) return writer.result
  count(Counter.ApplicationTooLong)
  return line
}
