/**
 * What was read of the current request. Each part is asked for once, and only if something needs it: crossing the
 * boundary is the price of a Wasm filter.
 */
import { ascii } from '../bytes/literal'
import { Slice, UNREADABLE, isPresent } from '../bytes/slice'
import { readRequestHeader } from './header'
import { readRequestPairs } from './pairs'

export const COOKIE: Slice = ascii('cookie')

const AUTHORITY: Slice = ascii(':authority')
const PATH: Slice = ascii(':path')
const METHOD: Slice = ascii(':method')
const FORWARDED_PROTO: Slice = ascii('x-forwarded-proto')
const SCHEME: Slice = ascii(':scheme')

// Not read yet: like UNREADABLE no bytes, and of another length.
// @ts-ignore: decorator
@inline
const UNASKED: Slice = 2 << 32

let firstCookieLine: Slice = UNASKED
let authority: Slice = UNASKED
let path: Slice = UNASKED
let method: Slice = UNASKED
let pairs: Slice = UNASKED

/** Forgets the request before. To be called with each reset of the arena, where all of this lives. */
export function beginRequest(): void {
  firstCookieLine = UNASKED
  authority = UNASKED
  path = UNASKED
  method = UNASKED
  pairs = UNASKED
}

/** The first `cookie` entry; proxy/cookie-lines.ts has the others. */
export function requestCookieLine(): Slice {
  if (firstCookieLine == UNASKED) firstCookieLine = readRequestHeader(COOKIE)
  return firstCookieLine
}

export function requestAuthority(): Slice {
  if (authority == UNASKED) authority = readRequestHeader(AUTHORITY)
  return authority
}

/** With the query, as received. */
export function requestPath(): Slice {
  if (path == UNASKED) path = readRequestHeader(PATH)
  return path
}

export function requestMethod(): Slice {
  if (method == UNASKED) method = readRequestHeader(METHOD)
  return method
}

/** All headers, to be walked with a PairCursor. */
export function requestPairs(): Slice {
  if (pairs == UNASKED) pairs = readRequestPairs()
  return pairs
}

/** The scheme that the client used, as Envoy trusts it: x-forwarded-proto, which Envoy sets, else `:scheme`. */
export function requestScheme(): Slice {
  const forwarded = readRequestHeader(FORWARDED_PROTO)
  if (isPresent(forwarded)) return forwarded
  return forwarded == UNREADABLE ? UNREADABLE : readRequestHeader(SCHEME)
}
