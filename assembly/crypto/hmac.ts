/**
 * HMAC-SHA256 (RFC 2104, RFC 4231). A key is kept as the two hash states that follow its padded block, so neither
 * the key nor its padding stays in memory, and a message costs two compressions less.
 *
 *     state  | inner: SHA-256 after key ^ 0x36.. | outer: SHA-256 after key ^ 0x5c.. |
 *              32 bytes                            32 bytes
 */
import { Slice, lenOf, ptrOf } from '../bytes/slice'
import {
  SHA256_BLOCK_BYTES,
  SHA256_BYTES,
  sha256Finish,
  sha256Resume,
  sha256Save,
  sha256Start,
  sha256Update,
  sha256Wipe,
} from './sha256'

/** Bytes of a prepared key. */
// @ts-ignore: decorator
@inline
export const HMAC_STATE_BYTES: u32 = 64

/** Bytes of an HMAC-SHA256. */
// @ts-ignore: decorator
@inline
export const HMAC_BYTES: u32 = SHA256_BYTES

const keyBlock: usize = memory.data(SHA256_BLOCK_BYTES, 8)
const innerDigest: usize = memory.data(SHA256_BYTES, 8)

/** Writes the prepared form of `key`, any length, to the 64 bytes at `state`. The key itself is not kept. */
export function hmacPrepare(state: usize, key: Slice): void {
  memory.fill(keyBlock, 0, SHA256_BLOCK_BYTES)
  if (lenOf(key) > SHA256_BLOCK_BYTES) {
    sha256Start()
    sha256Update(ptrOf(key), lenOf(key))
    sha256Finish(keyBlock)
  } else {
    memory.copy(keyBlock, ptrOf(key), lenOf(key))
  }
  absorbKeyBlock(state, 0x3636363636363636)
  absorbKeyBlock(state + SHA256_BYTES, 0x3636363636363636 ^ 0x5c5c5c5c5c5c5c5c)
  hmacWipe()
}

/** Writes the HMAC of `message` under the key prepared at `state`, 32 bytes, to `out`. */
export function hmacSha256(state: usize, message: Slice, out: usize): void {
  hmacStart(state)
  sha256Update(ptrOf(message), lenOf(message))
  hmacFinish(state, out)
}

/** For a message in parts: `hmacStart`, `sha256Update` for each part, `hmacFinish` with the same `state`. */
// @ts-ignore: decorator
@inline
export function hmacStart(state: usize): void {
  sha256Resume(state, SHA256_BLOCK_BYTES)
}

export function hmacFinish(state: usize, out: usize): void {
  sha256Finish(innerDigest)
  sha256Resume(state + SHA256_BYTES, SHA256_BLOCK_BYTES)
  sha256Update(innerDigest, SHA256_BYTES)
  sha256Finish(out)
}

/** Leaves nothing of the last key and message behind. */
export function hmacWipe(): void {
  memory.fill(keyBlock, 0, SHA256_BLOCK_BYTES)
  memory.fill(innerDigest, 0, SHA256_BYTES)
  sha256Wipe()
}

function absorbKeyBlock(saved: usize, pad: u64): void {
  for (let i: u32 = 0; i < SHA256_BLOCK_BYTES; i += 8) {
    store<u64>(keyBlock + i, load<u64>(keyBlock + i) ^ pad)
  }
  sha256Start()
  sha256Update(keyBlock, SHA256_BLOCK_BYTES)
  sha256Save(saved)
}
