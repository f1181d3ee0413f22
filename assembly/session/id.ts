/**
 * The id of a session: 16 bytes, or any well-formed value that a client holds already, Envoy's own cookie included. A
 * value in the form of a signed token counts as the id inside it, so that switching signing off again keeps sessions.
 */
import { ascii } from '../bytes/literal'
import { decodeBase64url } from '../bytes/base64url'
import { Slice, lenOf, ptrOf } from '../bytes/slice'
import { HMAC_BYTES, hmacFinish, hmacStart } from '../crypto/hmac'
import { sha256Finish, sha256Start, sha256Update, sha256UpdatePart } from '../crypto/sha256'
import { ID_BYTES } from './entropy'
import { ID_LENGTH } from './token'

const DOMAIN: Slice = ascii('mooring/v1/adopt\0')

const digest: usize = memory.data(HMAC_BYTES, 8)

/**
 * Writes the 16 bytes that `value` stands for to `out` if it is canonical base64url of that length; false otherwise.
 */
// @ts-ignore: decorator
@inline
export function decodeId(value: Slice, out: usize): bool {
  return lenOf(value) == ID_LENGTH && decodeBase64url(value, out, ID_BYTES) == ID_BYTES
}

/**
 * Writes the id that the value of another cookie becomes to `out`: always the same one, so that parallel requests agree.
 *
 *     HMAC-SHA256(adopt key, name, value)[0..16)            each with its length before it, u32 big endian
 *     SHA-256("mooring/v1/adopt" 00 name, value)[0..16)     where `hmac` is 0
 */
export function adoptedId(hmac: usize, name: Slice, value: Slice, out: usize): void {
  if (hmac != 0) {
    hmacStart(hmac)
  } else {
    sha256Start()
    sha256Update(ptrOf(DOMAIN), lenOf(DOMAIN))
  }
  sha256UpdatePart(ptrOf(name), lenOf(name))
  sha256UpdatePart(ptrOf(value), lenOf(value))
  if (hmac != 0) hmacFinish(hmac, digest)
  else sha256Finish(digest)
  memory.copy(out, digest, ID_BYTES)
}
