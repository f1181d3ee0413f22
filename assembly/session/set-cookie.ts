/** The answer's Set-Cookie (RFC 6265, section 4.1), for a stream that was left pending. */
import { EQUALS } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, equals, isPresent, lenOf } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { OnCacheable, SessionPolicy } from '../config/policy'
import { Sharing, sharingOf, writeForOneClient } from '../http/cache-control'
import { HeaderMapType } from '../proxy/abi'
import { Counter } from '../proxy/counter'
import { addResponseHeader, replaceResponseHeader } from '../proxy/header'
import { count } from '../proxy/metrics'
import { PAIR_CURSOR_BYTES, PairCursor, readPairs, writePairs } from '../proxy/pairs'
import { readProperty } from '../proxy/property'
import { isSetSecure } from './occasion'
import { Pending } from './pending'
import { withSeal } from './pod-seal'
import { issueToken, lifeLeft, readToken, tokenIdBytes } from './token'

export const SET_COOKIE: Slice = ascii('set-cookie')
const CODE_DETAILS: Slice = ascii('response\0code_details')
const VIA_UPSTREAM: Slice = ascii('via_upstream')
const MAX_AGE: Slice = ascii('; Max-Age=')
const CACHE_CONTROL: Slice = ascii('cache-control')
const EXPIRES: Slice = ascii('expires')
const STATUS: Slice = ascii(':status')
const NOT_MODIFIED: Slice = ascii('304')
const SURROGATE_CONTROL: Slice = ascii('surrogate-control')
const CDN_CACHE_CONTROL: Slice = ascii('cdn-cache-control')
const PRIVATE: Slice = ascii('private')
const NO_STORE: Slice = ascii('no-store')

// "=", and Max-Age with its longest number.
// @ts-ignore: decorator
@inline
const FRAME_BYTES: u32 = 21

const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))
const headers: usize = memory.data(32, 8)

/**
 * Adds the Set-Cookie. Only to answers of an upstream, if not told otherwise: Envoy runs this callback for its own error
 * replies and redirects too, and a session that no pod has seen would be worth nothing. And never to what a cache may
 * hand to others.
 */
export function setCookie(pending: Pending): void {
  const policy = pending.policy
  if (policy === null) return
  if (!policy.onLocalReply) {
    const details = readProperty(CODE_DETAILS)
    if (!equals(details, VIA_UPSTREAM)) {
      count(Counter.CookieWithheld)
      return
    }
  }
  const line = cookieText(policy, sealed(policy, pending), pending.maxAge, pending.secure)
  if (!keepToOneClient(policy, readPairs(HeaderMapType.ResponseHeaders))) {
    count(Counter.CookieOmitted)
    return
  }
  count(addResponseHeader(SET_COOKIE, line) ? Counter.CookieSet : Counter.WriteRefused)
  const adopted = pending.adopted
  if (adopted !== null && isPresent(adopted.deletion)) addResponseHeader(SET_COOKIE, adopted.deletion)
}

/** The cookie's value, with the pod behind it if that is known. A token that came is issued anew. */
function sealed(policy: SessionPolicy, pending: Pending): Slice {
  let token = pending.value
  const signing = policy.signing
  if (signing === null || lenOf(pending.pod) == 0 || !readToken(token)) return token
  if (pending.onMove) {
    token = issueToken(signing, pending.secure)
    if (policy.ttl == 0) pending.maxAge = lifeLeft(signing)
  }
  return withSeal(signing, token, tokenIdBytes, pending.pod)
}

/** Headers, as pairs, for an answer that takes the session's cookie away. */
export function deletionHeaders(policy: SessionPolicy): Slice {
  store<Slice>(headers, CACHE_CONTROL)
  store<Slice>(headers, NO_STORE, 8)
  store<Slice>(headers, SET_COOKIE, 16)
  store<Slice>(headers, cookieText(policy, ABSENT, 0, isSetSecure(policy)), 24)
  return writePairs(headers, 2)
}

/** `maxAge` of 0 is none; but where `value` is ABSENT it deletes the cookie. */
function cookieText(policy: SessionPolicy, value: Slice, maxAge: u32, secure: bool): Slice {
  const attributes = secure ? policy.attributesSecure : policy.attributes
  const capacity = lenOf(policy.name) + lenOf(value) + lenOf(attributes) + FRAME_BYTES
  writer.allocate(capacity)
  writer.bytes(policy.name)
  writer.byte(EQUALS)
  writer.bytes(value)
  if (maxAge != 0 || !isPresent(value)) {
    writer.bytes(MAX_AGE)
    writer.decimal(maxAge)
  }
  writer.bytes(attributes)
  return writer.result
}

/**
 * True if no shared cache will hand the answer, whose headers are `pairs`, to another client: because it says so, or is now
 * made to.
 *
 *     304, Surrogate-Control, CDN-Cache-Control                     false: a cache has the answer already, or its own orders
 *     private, no-store                                             true
 *     public, s-maxage, max-age above 0; Expires alone              as `onCacheable` says: false, or made private
 *     anything else                                                 true, with private added
 */
export function keepToOneClient(policy: SessionPolicy, pairs: Slice): bool {
  if (!cursor.open(pairs)) return false
  let sharing = Sharing.Silent
  let controlled = false
  let expires = false
  while (cursor.next()) {
    const name = cursor.name
    if (equals(name, CACHE_CONTROL)) {
      sharing = max(sharing, sharingOf(cursor.value))
      controlled = true
    } else if (equals(name, EXPIRES)) {
      expires = expires || isDate(cursor.value)
    } else if (
      (equals(name, STATUS) && equals(cursor.value, NOT_MODIFIED)) ||
      equals(name, SURROGATE_CONTROL) ||
      equals(name, CDN_CACHE_CONTROL)
    ) {
      return false
    }
  }
  if (!cursor.complete) return false
  if (sharing == Sharing.Refused) return true
  const invited = sharing == Sharing.Invited || (expires && !controlled)
  if (!invited) return addResponseHeader(CACHE_CONTROL, PRIVATE)
  return policy.onCacheable == OnCacheable.MarkPrivate && markPrivate(pairs)
}

// 0 and -1 are how an answer says that it has expired already (RFC 9111 section 5.3).
function isDate(expires: Slice): bool {
  return lenOf(expires) > 2
}

/** Takes from Cache-Control what invites shared caches. */
function markPrivate(pairs: Slice): bool {
  const capacity = lenOf(pairs)
  writer.allocate(capacity)
  cursor.open(pairs)
  while (cursor.next()) {
    if (equals(cursor.name, CACHE_CONTROL)) writeForOneClient(cursor.value, writer)
  }
  writer.bytes(PRIVATE)
  return replaceResponseHeader(CACHE_CONTROL, writer.result)
}
