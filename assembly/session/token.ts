/**
 * Signed session tokens: what stands in the client's cookie. The router and the application see the id alone.
 *
 *     token = "1" "." kid "." id "." times [ "." bound ] "." tag         at most 81 bytes, 104 with bound
 *     kid   = [a-z][a-z0-9-]{0,15}           the key that signed it
 *     id    = 22 base64url characters        16 bytes
 *     times = 16 base64url characters        | flags u8 | birth u40 | issued u48 |, big endian, seconds since 1970
 *     bound = 22 base64url characters        the key that `key.bind` keeps
 *     tag   = 22 base64url characters        HMAC-SHA256(token key, "1", kid, cookie's name, audience, id, times
 *                                            [, bound]), each with its length before it; 16 bytes of it
 *
 * Of the flags bit 0 says that the cookie was set with Secure; the others are 0.
 */
import { DOT, MINUS } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import { decodeBase64url, encodeBase64url } from '../bytes/base64url'
import { ABSENT, Slice, between, endOf, equals, indexOf, lenOf, ptrOf, slice } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { Signing, SigningKey } from '../config/policy'
import { equalsInConstantTime } from '../crypto/constant-time'
import { HMAC_BYTES, hmacFinish, hmacStart } from '../crypto/hmac'
import { sha256Update } from '../crypto/sha256'
import { now } from '../proxy/clock'
import { ID_BYTES } from './entropy'

/** Characters of 16 bytes in base64url: an id, a bound key, a tag. */
// @ts-ignore: decorator
@inline
export const ID_LENGTH: u32 = 22

// @ts-ignore: decorator
@inline
const TIMES_LENGTH: u32 = 16

// @ts-ignore: decorator
@inline
const TIMES_BYTES: u32 = 12

// @ts-ignore: decorator
@inline
const BIRTH_BYTES: u32 = 5

// @ts-ignore: decorator
@inline
const ISSUED_OFFSET: u32 = 6

// @ts-ignore: decorator
@inline
const LONGEST_KID: u32 = 16

// Bytes of the shortest token: one letter of a key's id, and nothing bound.
// @ts-ignore: decorator
@inline
const TOKEN_LEAST: u32 = 66

/** Bytes of the longest token. */
// @ts-ignore: decorator
@inline
export const TOKEN_MOST: u32 = 104

// @ts-ignore: decorator
@inline
const FLAG_SECURE: u8 = 1

const VERSION: Slice = ascii('1.')

/** What a cookie's value is worth, the best first: of several cookies the best one counts. */
export enum Verdict {
  Valid = 0,
  /** No token, but `acceptUnsignedUntil` lets it count. */
  Unsigned = 1,
  /** Another proxy of a rotation may know the key: it is not ours to replace. */
  UnknownKey = 2,
  ExpiredIdle = 3,
  ExpiredAbsolute = 4,
  Forged = 5,
  Malformed = 6,
  /** There is no cookie. */
  None = 7,
}

// The token at hand: the one that was read last, or the one that is being made.
let kid: Slice = ABSENT
// What is signed of it behind what stands in the key: each field with its length before it, u32 big endian.
//
//     | 16 | id, 16 bytes | 12 | times, 12 bytes | 16 | bound, 16 bytes |
//     0    4              20   24                36   40                56
const fields: usize = memory.data(56, 8)
const times: usize = fields + 24
const bound: usize = fields + 40
const tag: usize = memory.data(16, 8)
let hasBound = false

/** The token that was read last. */
export let tokenText: Slice = ABSENT
/** The 16 bytes of its id. */
export const tokenIdBytes: usize = fields + 4
/** The id of the token that was read last, as text within it. */
export let tokenId: Slice = ABSENT
/** Its bound key, as text within it; ABSENT if there is none. */
export let tokenBound: Slice = ABSENT

const digest: usize = memory.data(HMAC_BYTES, 8)
const text: usize = memory.data(104, 8)

/** Takes `value` apart; false if it is no token. Nothing is verified. */
export function readToken(value: Slice): bool {
  tokenText = value
  tokenBound = ABSENT
  let at = ptrOf(value)
  const end = endOf(value)
  if (lenOf(value) - TOKEN_LEAST > TOKEN_MOST - TOKEN_LEAST || !equals(slice(at, 2), VERSION)) return false
  at += 2
  kid = between(at, indexOf(at, end, DOT))
  if (!isKeyId(kid)) return false
  at = endOf(kid) + 1
  tokenId = slice(at, ID_LENGTH)
  if (!decodeField(at, end, ID_LENGTH, tokenIdBytes)) return false
  at += ID_LENGTH + 1
  if (!decodeField(at, end, TIMES_LENGTH, times)) return false
  at += TIMES_LENGTH + 1
  hasBound = at + ID_LENGTH < end
  if (hasBound) {
    if (!decodeField(at, end, ID_LENGTH, bound)) return false
    tokenBound = slice(at, ID_LENGTH)
    at += ID_LENGTH + 1
  }
  return at + ID_LENGTH == end && decodeField(at, end, ID_LENGTH, tag)
}

/** Decodes the `length` characters at `at`, if they are canonical base64url and a dot or the end follows. */
export function decodeField(at: usize, end: usize, length: u32, out: usize): bool {
  if (at > end || <u32>(end - at) < length) return false
  const after = at + length
  if (after != end && load<u8>(after) != DOT) return false
  return decodeBase64url(slice(at, length), out, ID_BYTES) > 0
}

/** What the token that was read is worth. One HMAC, by the key that it names: never a trial of all. */
export function verifyToken(signing: Signing): Verdict {
  const key = keyOf(signing, kid)
  if (key === null) return Verdict.UnknownKey
  sign(key)
  if (!equalsInConstantTime(slice(digest, ID_BYTES), slice(tag, ID_BYTES))) return Verdict.Forged
  const skew = signing.clockSkew
  if (load<u8>(times) > FLAG_SECURE || tokenIssued() > now + skew || tokenBirth() > tokenIssued())
    return Verdict.Malformed
  if (signing.idleTimeout != 0 && now - tokenIssued() > signing.idleTimeout + skew) return Verdict.ExpiredIdle
  if (signing.absoluteTimeout != 0 && now - tokenBirth() > signing.absoluteTimeout + skew)
    return Verdict.ExpiredAbsolute
  return Verdict.Valid
}

/**
 * Writes the 16 bytes of the id that follows the expired token that was read to `out`: a function of the token, so that
 * parallel requests with one token agree.
 *
 *     successor = HMAC-SHA256(successor key of the token's kid, id, birth u40)[0..16)
 */
export function successorOf(signing: Signing, out: usize): void {
  const key = keyOf(signing, kid)
  if (key === null) return
  hmacStart(key.successor)
  sha256Update(tokenIdBytes, ID_BYTES)
  sha256Update(times + 1, BIRTH_BYTES)
  hmacFinish(key.successor, digest)
  memory.copy(out, digest, ID_BYTES)
}

/** Begins a new token of the id at `bytes`, which is born now. */
export function openToken(bytes: usize): void {
  memory.copy(tokenIdBytes, bytes, ID_BYTES)
  store<u64>(times, bswap<u64>(now << 16))
  store<u32>(times + ISSUED_OFFSET, 0, 2)
  hasBound = false
}

/** Binds the token to a key, 22 characters. False, with nothing done, if `key` is no canonical one. */
export function bindToken(key: Slice): bool {
  if (lenOf(key) != ID_LENGTH || decodeBase64url(key, bound, ID_BYTES) != ID_BYTES) return false
  hasBound = true
  return true
}

/** The token, issued now and signed by the first key. It stands until the next one is made. */
export function issueToken(signing: Signing, secure: bool): Slice {
  const key = changetype<SigningKey>(signing.keys)
  const issued = max(now, tokenIssued())
  store<u8>(times, secure ? FLAG_SECURE : 0)
  store<u16>(times + ISSUED_OFFSET, bswap<u16>(<u16>(issued >> 32)))
  store<u32>(times + ISSUED_OFFSET, bswap<u32>(<u32>issued), 2)
  sign(key)
  writer.open(text, TOKEN_MOST)
  writer.bytes(VERSION)
  writer.bytes(key.id)
  putField(tokenIdBytes, ID_BYTES)
  putField(times, TIMES_BYTES)
  if (hasBound) putField(bound, ID_BYTES)
  putField(digest, ID_BYTES)
  return writer.result
}

function putField(bytes: usize, length: u32): void {
  writer.byte(DOT)
  encodeBase64url(slice(bytes, length), writer)
}

/** Seconds that the client may keep a token which is issued now; 0 for as long as it likes. */
export function lifeLeft(signing: Signing): u32 {
  const idle = signing.idleTimeout
  if (signing.absoluteTimeout == 0) return <u32>idle
  // Within the clock skew a session may be older than it lives.
  const rest = max<i64>(signing.absoluteTimeout - (now - tokenBirth()), 1)
  return <u32>(idle == 0 ? rest : min(idle, rest))
}

/** True if the token that was read and verified is to be issued anew: half of its idle life is over. */
export function isHalfIdle(signing: Signing): bool {
  // Without an idle timeout nothing else would ever replace the signature of a key that is on its way out.
  if (signing.idleTimeout == 0) return !equals(kid, changetype<SigningKey>(signing.keys).id)
  return now - tokenIssued() > signing.idleTimeout / 2
}

/** True if the cookie that brought the token was set with Secure. */
// @ts-ignore: decorator
@inline
export function tokenIsSecure(): bool {
  return load<u8>(times) == FLAG_SECURE
}

function tokenBirth(): i64 {
  return <i64>((bswap<u64>(load<u64>(times)) >> 16) & 0xff_ffff_ffff)
}

// @ts-ignore: decorator
@inline
function tokenIssued(): i64 {
  return <i64>(bswap<u64>(load<u64>(times + ISSUED_OFFSET)) >> 16)
}

/** The key of that id; null if there is none. */
export function keyOf(signing: Signing, id: Slice): SigningKey | null {
  for (let i: u32 = 0; i < signing.keyCount; i++) {
    const key = changetype<SigningKey>(signing.keys + i * <u32>offsetof<SigningKey>())
    if (equals(key.id, id)) return key
  }
  return null
}

/** Writes the tag of the token at hand to `digest`, by `key`, whose `signed` is what stands before the id. */
function sign(key: SigningKey): void {
  hmacStart(key.token)
  sha256Update(ptrOf(key.signed), lenOf(key.signed))
  // Their upper bytes are never written, and 0.
  store<u8>(fields, ID_BYTES, 3)
  store<u8>(fields, TIMES_BYTES, 23)
  store<u8>(fields, ID_BYTES, 39)
  sha256Update(fields, hasBound ? 56 : 36)
  hmacFinish(key.token, digest)
}

/** [a-z][a-z0-9-]{0,15} */
export function isKeyId(name: Slice): bool {
  const length = lenOf(name)
  if (length == 0 || length > LONGEST_KID) return false
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(ptrOf(name) + i)
    if (byte - 0x61 < 26) continue
    if (i == 0 || !(byte - 0x30 < 10 || byte == MINUS)) return false
  }
  return true
}
