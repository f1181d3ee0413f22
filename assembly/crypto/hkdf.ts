/** HKDF-SHA256 (RFC 5869) for the one length that keys have here: a single block of output, 32 bytes. */
import { Slice, lenOf, ptrOf, slice } from '../bytes/slice'
import {
  HMAC_BYTES,
  HMAC_STATE_BYTES,
  hmacFinish,
  hmacPrepare,
  hmacSha256,
  hmacStart,
  hmacWipe,
} from './hmac'
import { sha256Update } from './sha256'

const state: usize = memory.data(HMAC_STATE_BYTES, 8)
const pseudoRandomKey: usize = memory.data(HMAC_BYTES, 8)
const BLOCK_NUMBER: usize = memory.data<u8>([1])

/**
 * Writes the key that `info` names, 32 bytes, to `out`. Neither `secret` nor any step on the way stays in memory;
 * `secret` itself and `out` are the caller's to wipe.
 *
 *     pseudoRandomKey = HMAC(salt, secret)      out = HMAC(pseudoRandomKey, info 01)
 */
export function hkdfSha256(secret: Slice, salt: Slice, info: Slice, out: usize): void {
  hmacPrepare(state, salt)
  hmacSha256(state, secret, pseudoRandomKey)
  hmacPrepare(state, slice(pseudoRandomKey, HMAC_BYTES))
  hmacStart(state)
  sha256Update(ptrOf(info), lenOf(info))
  sha256Update(BLOCK_NUMBER, 1)
  hmacFinish(state, out)
  memory.fill(state, 0, HMAC_STATE_BYTES)
  memory.fill(pseudoRandomKey, 0, HMAC_BYTES)
  hmacWipe()
}
