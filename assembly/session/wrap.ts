/**
 * The application's session value as the client holds it: a signed suffix carries the key K by which its pod was picked.
 *
 *     wrapped = value "~1." kid "." K "." tag        parsed from the right
 *     K       = 22 base64url characters              16 random bytes
 *     tag     = 22 base64url characters              HMAC-SHA256(wrap key, "1", kid, "cookie" or "header", its name,
 *                                                    audience, value, K), each with its length before it; 16 bytes of it
 */
import { DOT } from '../bytes/ascii'
import { encodeBase64url } from '../bytes/base64url'
import { ascii } from '../bytes/literal'
import { Slice, endOf, lenOf, ptrOf, slice } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { Signing, SigningKey } from '../config/policy'
import { equalsInConstantTime } from '../crypto/constant-time'
import { HMAC_BYTES, hmacFinish, hmacStart } from '../crypto/hmac'
import { sha256Update, sha256UpdatePart } from '../crypto/sha256'
import { ID_BYTES } from './entropy'
import { SUFFIX_START_MOST, bareValue, suffixKid, takeSuffix } from './suffix'
import { ID_LENGTH, Verdict, decodeField, keyOf } from './token'

const START: Slice = ascii('~1.')

/** ".", K, "." and the tag. */
// @ts-ignore: decorator
@inline
const END_BYTES: u32 = 2 * ID_LENGTH + 2

/** Bytes of the longest suffix. */
// @ts-ignore: decorator
@inline
export const WRAP_MOST: u32 = SUFFIX_START_MOST + END_BYTES

/** The 16 bytes of K of the value that was read last. */
export const wrapKey: usize = memory.data(16, 8)

const tag: usize = memory.data(16, 8)
const digest: usize = memory.data(HMAC_BYTES, 8)

/** Takes `value` apart, into `bareValue` and K; false if it has no suffix of this form. Nothing is verified. */
export function readWrapped(value: Slice): bool {
  const end = endOf(value)
  return (
    takeSuffix(value, START, END_BYTES) &&
    decodeField(end - END_BYTES + 1, end, ID_LENGTH, wrapKey) &&
    decodeField(end - ID_LENGTH, end, ID_LENGTH, tag)
  )
}

/** What the suffix that was read is worth: Valid, UnknownKey or Forged. */
export function verifyWrapped(signing: Signing): Verdict {
  const key = keyOf(signing, suffixKid)
  if (key === null) return Verdict.UnknownKey
  sign(key, bareValue, wrapKey)
  return equalsInConstantTime(slice(digest, ID_BYTES), slice(tag, ID_BYTES)) ? Verdict.Valid : Verdict.Forged
}

/** Appends to `writer` the suffix that carries the 16 bytes at `k`, signed by the first key. */
export function writeSuffix(signing: Signing, value: Slice, k: usize): void {
  const key = changetype<SigningKey>(signing.keys)
  sign(key, value, k)
  writer.bytes(START)
  writer.bytes(key.id)
  writer.byte(DOT)
  encodeBase64url(slice(k, ID_BYTES), writer)
  writer.byte(DOT)
  encodeBase64url(slice(digest, ID_BYTES), writer)
}

function sign(key: SigningKey, value: Slice, k: usize): void {
  hmacStart(key.wrap)
  sha256Update(ptrOf(key.signed), lenOf(key.signed))
  sha256UpdatePart(ptrOf(value), lenOf(value))
  sha256UpdatePart(k, ID_BYTES)
  hmacFinish(key.wrap, digest)
}
