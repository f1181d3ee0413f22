/**
 * What was read of the current request. Each part is asked for once, and only if something needs it: crossing the
 * boundary is the price of a Wasm filter.
 */
import { arenaAlloc } from '../bytes/arena'
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, UNREADABLE, equals, isPresent, lenOf } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { isNormalised, normalisePath } from '../http/path'
import { HeaderMapType } from './abi'
import { readRequestHeader } from './header'
import { PAIR_CURSOR_BYTES, PairCursor, readPairs } from './pairs'

export const COOKIE: Slice = ascii('cookie')

const AUTHORITY: Slice = ascii(':authority')
const PATH: Slice = ascii(':path')
const METHOD: Slice = ascii(':method')
const FORWARDED_PROTO: Slice = ascii('x-forwarded-proto')
const SCHEME: Slice = ascii(':scheme')

// Not read yet. No text stands at address 1; the number is small because it is named often.
// @ts-ignore: decorator
@inline
const UNASKED: Slice = 1

/** There are several entries: like UNREADABLE no bytes, and of another length. */
// @ts-ignore: decorator
@inline
export const SEVERAL: Slice = 2 << 32

const cursor = changetype<PairCursor>(memory.data(PAIR_CURSOR_BYTES, 8))

let firstCookieLine: Slice = UNASKED
let authority: Slice = UNASKED
let path: Slice = UNASKED
let method: Slice = UNASKED
let scheme: Slice = UNASKED
let normalisedPath: Slice = UNASKED
let pairs: Slice = UNASKED

/** Forgets the request before. To be called with each reset of the arena, where all of this lives. */
export function beginRequest(): void {
  firstCookieLine = UNASKED
  authority = UNASKED
  path = UNASKED
  method = UNASKED
  scheme = UNASKED
  normalisedPath = UNASKED
  pairs = UNASKED
}

/** The first `cookie` entry; proxy/cookies.ts has the others. */
// @ts-ignore: decorator
@inline
export function requestCookieLine(): Slice {
  if (firstCookieLine == UNASKED)
    firstCookieLine = pairs == UNASKED ? readRequestHeader(COOKIE) : entryOf(COOKIE, true)
  return firstCookieLine
}

export function requestAuthority(): Slice {
  if (authority == UNASKED) authority = entry(AUTHORITY)
  return authority
}

/** With the query, as received. */
export function requestPath(): Slice {
  if (path == UNASKED) path = entry(PATH)
  return path
}

/**
 * The path as rules and templates see it (http/path.ts). ABSENT if it is ambiguous or there is none, UNREADABLE if
 * the host refuses or there is no room.
 */
export function requestNormalisedPath(): Slice {
  if (normalisedPath == UNASKED) normalisedPath = normalised(requestPath())
  return normalisedPath
}

function normalised(received: Slice): Slice {
  if (!isPresent(received) || isNormalised(received)) return received
  // An octet that becomes its escape takes three.
  const room = 3 * lenOf(received) + 1
  const at = arenaAlloc(room)
  if (at == 0) return UNREADABLE
  writer.open(at, room)
  return normalisePath(received, writer) ? writer.result : ABSENT
}

export function requestMethod(): Slice {
  if (method == UNASKED) method = entry(METHOD)
  return method
}

/** All headers, to be walked with a PairCursor. Whatever is asked for afterwards comes out of them. */
export function requestPairs(): Slice {
  if (pairs == UNASKED) pairs = readPairs(HeaderMapType.RequestHeaders)
  return pairs
}

/**
 * The value of the only entry of the header `name`, lower-case; ABSENT, UNREADABLE or SEVERAL. Of several entries nobody
 * knows which the upstream believes. It takes all headers, which are read once a request: that costs a real Envoy less
 * than the first entry and the property that joins all entries.
 */
// @ts-ignore: decorator
@inline
export function onlyEntry(name: Slice): Slice {
  return entryOf(name, false)
}

function entryOf(name: Slice, first: bool): Slice {
  const all = requestPairs()
  if (!cursor.open(all)) return UNREADABLE
  let found: Slice = ABSENT
  while (cursor.next()) {
    // Of most names the length tells, and costs less than the call.
    if (lenOf(cursor.name) != lenOf(name) || !equals(cursor.name, name)) continue
    if (first) return cursor.value
    found = found == ABSENT ? cursor.value : SEVERAL
  }
  return cursor.complete ? found : UNREADABLE
}

/** The scheme that the client used, as Envoy trusts it: x-forwarded-proto, which Envoy sets, else `:scheme`. */
export function requestScheme(): Slice {
  if (scheme == UNASKED) {
    const forwarded = entry(FORWARDED_PROTO)
    scheme = forwarded == ABSENT ? entry(SCHEME) : forwarded
  }
  return scheme
}

/** A header that Envoy keeps to one entry: out of all headers where they were read already. */
function entry(name: Slice): Slice {
  if (pairs == UNASKED) return readRequestHeader(name)
  const only = onlyEntry(name)
  return only == SEVERAL ? UNREADABLE : only
}
