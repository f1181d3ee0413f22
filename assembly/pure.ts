/**
 * The test module of the pure rooms: every function of bytes, crypto, http and config, and the table of pending
 * streams, alone, with no host. A slice crosses the boundary as an i64, a Writer as the address of its fields.
 * Nothing of this is in the filter.
 */
// Named by asconfig.json, so that the module imports nothing.
import './proxy/abort'
import { prepareSha256 } from './crypto/sha256'
import { prepareBase64url } from './bytes/base64url'
import { unpackLiteralsBy } from './bytes/literal'
import { Slice } from './bytes/slice'
import { Writer } from './bytes/writer'

export {
  encodedLength,
  encodeBase64url,
  decodeBase64,
  decodeBase64url,
  decodeSecret,
} from './bytes/base64url'
export { addAll, nextOf, setBit } from './bytes/bit-set'
export { arenaAlloc, arenaRelease, arenaReset, arenaUsed } from './bytes/arena'
export { capture, capturePatternError } from './bytes/capture'
export { heapAlloc, heapFree, heapShrink, heapUsed } from './bytes/heap'
export { addName, clearNames, hasName, nameCount } from './bytes/name-set'
export { instantOf } from './config/check/instant'
export { compileKeyHeadersOnly, compilePolicy, freePolicy } from './config/compile'
export { errorCount, errorText, warningCount, warningText } from './config/report'
export { equalsInConstantTime } from './crypto/constant-time'
export { hkdfSha256 } from './crypto/hkdf'
export { hmacFinish, hmacPrepare, hmacSha256, hmacStart, hmacWipe } from './crypto/hmac'
export {
  sha256Finish,
  sha256Resume,
  sha256Save,
  sha256Start,
  sha256Update,
  sha256Wipe,
} from './crypto/sha256'
export { maskAddress, parseAddress } from './http/address'
export { hostOf, hostPatternError, matchHost } from './http/authority'
export { sharingOf, writeForOneClient } from './http/cache-control'
export { findCookie, isCookieValue, writeWithoutCookie } from './http/cookie'
export { isFieldValue } from './http/field-value'
export { grpcMethod, grpcService, isGrpcContentType } from './http/grpc'
export { jwtPayload } from './http/jwt'
export { isToken } from './http/octet'
export { isNormalised, matchPath, normalisePath, pathCapture } from './http/path'
export { isPeerPattern, matchPeer } from './http/peer-pattern'
export { pathPatternError } from './http/path-pattern'
export { decodePercent } from './http/percent'
export { findQuery } from './http/query'
export { hasFailed } from './json/cursor'
export { findNext, foundKind, openFind } from './json/find'
export { exactInteger } from './json/number'
export { valueNumber, valueText } from './json/value'
export { isSpiffeId, spiffePart } from './http/spiffe'
export { forwardedValue } from './http/xfcc'
export { serviceOf } from './http/service'
export { dropPending, dropPendingOf, findPending, pendingCount, reservePending } from './session/pending'

/** Opens the Writer at `writer` on a region. */
export function openWriter(writer: Writer, start: usize, capacity: u32): void {
  writer.open(start, capacity)
}

export function writerResult(writer: Writer): Slice {
  return writer.result
}

// The tests of heap and arena begin with both as they are before any use.
unpackLiteralsBy(memory.data(188560))
prepareSha256()
prepareBase64url()
