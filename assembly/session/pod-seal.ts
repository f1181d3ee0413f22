/**
 * The pod that answered a session, as the client holds it: Envoy's own token for it, an address, sealed so that nobody but
 * Mooring can read it or make one. It stands behind the session's token, or behind what carries the application's session.
 *
 *     sealed = "~2." kid "." seal              seal is 128 base64url characters
 *     seal   = nonce, 16 bytes | text, 64 bytes | mac, 16 bytes
 *     text   = Envoy's token, filled up with zeros, XOR HMAC-SHA256(cipher key, nonce | n), of n = 0 and 1, one byte each
 *     mac    = HMAC-SHA256(mac key, what a tag of the session begins with, id, nonce | text)[0..16), each but the first
 *              with its length before it
 *
 * Encrypt-then-MAC. `id` is the session's, 16 bytes: a seal that is taken elsewhere counts for nobody else.
 */
import { DOT } from '../bytes/ascii'
import { decodeBase64url, encodeBase64url } from '../bytes/base64url'
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, endOf, lenOf, ptrOf, slice } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { Signing, SigningKey } from '../config/policy'
import { equalsInConstantTime } from '../crypto/constant-time'
import { HMAC_BYTES, hmacFinish, hmacStart } from '../crypto/hmac'
import { sha256Update, sha256UpdatePart } from '../crypto/sha256'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { ID_BYTES, drawId } from './entropy'
import { SUFFIX_START_MOST, suffixKid, takeSuffix } from './suffix'
import { keyOf } from './token'

const START: Slice = ascii('~2.')

/** Bytes of the longest token of Envoy's that is kept: base64 of the longest address of IPv6 with its port. */
// @ts-ignore: decorator
@inline
export const POD_MOST: u32 = 64

// @ts-ignore: decorator
@inline
const SEALED_BYTES: u32 = ID_BYTES + POD_MOST

// @ts-ignore: decorator
@inline
const SEAL_BYTES: u32 = SEALED_BYTES + ID_BYTES

/** Characters of a seal: what is not longer has none. */
// @ts-ignore: decorator
@inline
export const SEAL_LENGTH: u32 = (SEAL_BYTES / 3) * 4

/** Bytes of the longest `sealed`. */
// @ts-ignore: decorator
@inline
export const SEAL_MOST: u32 = SUFFIX_START_MOST + 1 + SEAL_LENGTH

// The seal at hand, its text open or closed, and its kid.
const seal: usize = memory.data(96, 8)
let kid: Slice = ABSENT
const opened: usize = memory.data(64, 8)
const digest: usize = memory.data(HMAC_BYTES, 8)

/** Takes the seal off, into `bareValue`; false if `value` has none. Nothing is verified. */
export function takeSeal(value: Slice): bool {
  if (!takeSuffix(value, START, SEAL_LENGTH + 1)) return false
  kid = suffixKid
  return decodeBase64url(slice(endOf(value) - SEAL_LENGTH, SEAL_LENGTH), seal, SEAL_BYTES) > 0
}

/**
 * Envoy's token in the seal that was taken off, which must be that of the session with the 16 bytes at `id`. ABSENT if it
 * does not verify, which is counted, or there is no `persistence`. It stands until the next one is opened.
 */
export function openSeal(signing: Signing, id: usize): Slice {
  const key = keyOf(signing, kid)
  if (key !== null) {
    if (key.sealMac == 0) return ABSENT
    authenticate(key, id)
    if (equalsInConstantTime(slice(digest, ID_BYTES), slice(seal + SEALED_BYTES, ID_BYTES))) {
      crypt(key)
      memory.copy(opened, seal + ID_BYTES, POD_MOST)
      let length = POD_MOST
      while (length > 0 && load<u8>(opened + length - 1) == 0) length--
      return slice(opened, length)
    }
  }
  count(Counter.PodRefused)
  return ABSENT
}

/** `token` with the sealed form of `pod` behind it; ABSENT if there is no room. */
export function withSeal(signing: Signing, token: Slice, id: usize, pod: Slice): Slice {
  writer.allocate(lenOf(token) + SEAL_MOST)
  writer.bytes(token)
  writeSeal(signing, id, pod)
  return writer.result
}

/**
 * Appends to `writer` the sealed form of `pod` for the session with the 16 bytes at `id`. Nothing, if `pod` is empty or
 * too long or there is no randomness.
 */
export function writeSeal(signing: Signing, id: usize, pod: Slice): void {
  if (lenOf(pod) - 1 >= POD_MOST || !drawId(seal)) return
  const key = changetype<SigningKey>(signing.keys)
  memory.fill(seal + ID_BYTES, 0, POD_MOST)
  memory.copy(seal + ID_BYTES, ptrOf(pod), lenOf(pod))
  crypt(key)
  authenticate(key, id)
  memory.copy(seal + SEALED_BYTES, digest, ID_BYTES)
  writer.bytes(START)
  writer.bytes(key.id)
  writer.byte(DOT)
  encodeBase64url(slice(seal, SEAL_BYTES), writer)
}

/** Opens or closes the text. */
function crypt(key: SigningKey): void {
  for (let n: u32 = 0; n < POD_MOST / HMAC_BYTES; n++) {
    store<u8>(digest, <u8>n)
    hmacStart(key.sealCipher)
    sha256Update(seal, ID_BYTES)
    sha256Update(digest, 1)
    hmacFinish(key.sealCipher, digest)
    const text = seal + ID_BYTES + n * HMAC_BYTES
    for (let i: u32 = 0; i < HMAC_BYTES; i += 8)
      store<u64>(text + i, load<u64>(text + i) ^ load<u64>(digest + i))
  }
}

function authenticate(key: SigningKey, id: usize): void {
  hmacStart(key.sealMac)
  sha256Update(ptrOf(key.signed), lenOf(key.signed))
  sha256UpdatePart(id, ID_BYTES)
  sha256UpdatePart(seal, SEALED_BYTES)
  hmacFinish(key.sealMac, digest)
}
