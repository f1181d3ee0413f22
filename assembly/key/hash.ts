/**
 * A node to a key: 128 bits of a keyed or a plain hash, as 22 base64url characters.
 *
 *     with a secret     HMAC-SHA256(key derived from it, node)[0..16)
 *     without           SHA-256("mooring/v1/key" 00 node)[0..16)         shortens, protects nothing
 */
import { ascii } from '../bytes/literal'
import { encodeBase64url } from '../bytes/base64url'
import { Slice, lenOf, ptrOf, slice } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { hmacSha256 } from '../crypto/hmac'
import { sha256Finish, sha256Start, sha256Update } from '../crypto/sha256'

const DOMAIN: Slice = ascii('mooring/v1/key\0')

// @ts-ignore: decorator
@inline
const KEY_BYTES: u32 = 16

// @ts-ignore: decorator
@inline
const KEY_LENGTH: u32 = 22

const digest: usize = memory.data(32, 8)
const text: usize = memory.data(24, 8)

/** `hmac` is the key schedule of the policy, or 0. */
export function hashNode(node: Slice, hmac: usize): Slice {
  if (hmac != 0) {
    hmacSha256(hmac, node, digest)
  } else {
    sha256Start()
    sha256Update(ptrOf(DOMAIN), lenOf(DOMAIN))
    sha256Update(ptrOf(node), lenOf(node))
    sha256Finish(digest)
  }
  writer.open(text, KEY_LENGTH)
  encodeBase64url(slice(digest, KEY_BYTES), writer)
  return writer.result
}
