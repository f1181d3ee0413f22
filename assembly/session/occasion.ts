/**
 * Whether this is a request to begin a session with. A cookie that the client has, but left out of this one request,
 * would be overwritten by a new one: its session lost.
 */
import { ascii } from '../bytes/literal'
import {
  ABSENT,
  Slice,
  UNREADABLE,
  between,
  endOf,
  equals,
  equalsIgnoreCase,
  isPresent,
  lenOf,
  ptrOf,
  slice,
} from '../bytes/slice'
import { listHolds } from '../bytes/slice-list'
import { SameSite, Secure, SessionPolicy } from '../config/policy'
import { hostOf } from '../http/authority'
import { Counter } from '../proxy/counter'
import { onlyEntry, requestAuthority, requestMethod, requestPairs, requestScheme } from '../proxy/request'

const HTTPS: Slice = ascii('https')
const GET: Slice = ascii('GET')
const OPTIONS: Slice = ascii('OPTIONS')
const TRACE: Slice = ascii('TRACE')
const CONNECT: Slice = ascii('CONNECT')
const CONTENT_TYPE: Slice = ascii('content-type')
const GRPC: Slice = ascii('application/grpc')
const PREFLIGHT: Slice = ascii('access-control-request-method')
const PURPOSE: Slice = ascii('sec-purpose')
const PREFETCH: Slice = ascii('prefetch')
const FETCH_SITE: Slice = ascii('sec-fetch-site')
const FETCH_MODE: Slice = ascii('sec-fetch-mode')
const FETCH_DEST: Slice = ascii('sec-fetch-dest')
const CROSS_SITE: Slice = ascii('cross-site')
const NAVIGATE: Slice = ascii('navigate')
const DOCUMENT: Slice = ascii('document')

/** SessionMinted if a session may begin here, else what the request counts as. What is unreadable begins none. */
export function occasion(policy: SessionPolicy): Counter {
  // The application says when.
  if (isPresent(policy.follows)) return Counter.SessionMinted
  // All that is asked for below comes out of one hostcall.
  if (policy.mintSkip || requestPairs() == UNREADABLE || !isMintingMethod(policy)) return Counter.SessionNone
  if (!isWithinDomain(policy.domain)) return Counter.SessionDomainMismatch
  if (policy.secure == Secure.Always && usedHttp()) return Counter.SessionNone
  return isOwnErrand(policy) ? Counter.SessionMinted : Counter.SessionNone
}

/** True if a cookie that is set now is Secure. */
export function isSetSecure(policy: SessionPolicy): bool {
  return policy.secure == Secure.Auto ? usedHttps() : policy.secure == Secure.Always
}

/** True if the client is known to have used https. */
export function usedHttps(): bool {
  const scheme = requestScheme()
  return isPresent(scheme) && equalsIgnoreCase(scheme, HTTPS)
}

// A browser refuses a Secure cookie over http, so the next request would have none either.
function usedHttp(): bool {
  return isPresent(requestScheme()) && !usedHttps()
}

function isMintingMethod(policy: SessionPolicy): bool {
  const method = requestMethod()
  if (!isPresent(method)) return false
  if (policy.methodCount != 0) return listHolds(policy.methods, policy.methodCount, method)
  return !equals(method, OPTIONS) && !equals(method, TRACE) && !equals(method, CONNECT)
}

/** A browser refuses a cookie whose domain is not the host or a parent of it. */
function isWithinDomain(domain: Slice): bool {
  if (!isPresent(domain)) return true
  const host = hostOf(requestAuthority())
  const length = lenOf(domain)
  if (!isPresent(host) || lenOf(host) < length) return false
  const start = endOf(host) - length
  if (!equalsIgnoreCase(slice(start, length), domain)) return false
  return start == ptrOf(host) || load<u8>(start - 1) == 0x2e
}

/** False for what a browser or a gRPC client does beside what its user asked for. */
function isOwnErrand(policy: SessionPolicy): bool {
  const contentType = onlyEntry(CONTENT_TYPE)
  if (isPresent(contentType) && startsWith(contentType, GRPC)) return false
  const purpose = onlyEntry(PURPOSE)
  if (purpose != ABSENT && (!isPresent(purpose) || startsWith(purpose, PREFETCH))) return false
  if (onlyEntry(PREFLIGHT) != ABSENT && equals(requestMethod(), OPTIONS)) return false
  const site = onlyEntry(FETCH_SITE)
  if (site == ABSENT || (isPresent(site) && !equals(site, CROSS_SITE))) return true
  return sendsCookie(policy.sameSite)
}

/**
 * What comes from another site carries a SameSite=None cookie always, a Lax one where a top-level navigation gets
 * something, a Strict one never (RFC 6265bis section 5.8.3).
 */
function sendsCookie(sameSite: SameSite): bool {
  if (sameSite == SameSite.None) return true
  return (
    sameSite == SameSite.Lax &&
    equals(requestMethod(), GET) &&
    equals(onlyEntry(FETCH_MODE), NAVIGATE) &&
    equals(onlyEntry(FETCH_DEST), DOCUMENT)
  )
}

function startsWith(text: Slice, start: Slice): bool {
  const length = lenOf(start)
  return lenOf(text) >= length && equals(between(ptrOf(text), ptrOf(text) + length), start)
}
