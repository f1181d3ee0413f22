/**
 * MurmurHash2 in its 64-bit form, with the seed of libstdc++'s std::hash: what a ring with
 * `hash_function: MURMUR_HASH_2` uses, so that rings built by other users of std::hash agree.
 */
import { bytesOf } from './byte-string.ts'

const MULTIPLIER = 0xc6a4a7935bd1e995n
const SEED = 0xc70f6907n

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)
const shiftMix = (value: bigint): bigint => value ^ (value >> 47n)

/**
 * MurmurHash2 of some bytes, as an unsigned 64-bit integer.
 *
 * @param input Bytes, or a byte string (one character a byte).
 * @example
 * murmurHash2('foo') // 9631199822919835226n
 */
export function murmurHash2(input: Uint8Array | string): bigint {
  const bytes = typeof input === 'string' ? bytesOf(input) : input
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tailStart = bytes.length - (bytes.length % 8)

  let hash = SEED ^ u64(BigInt(bytes.length) * MULTIPLIER)
  for (let at = 0; at < tailStart; at += 8) {
    const word = u64(shiftMix(u64(view.getBigUint64(at, true) * MULTIPLIER)) * MULTIPLIER)
    hash = u64((hash ^ word) * MULTIPLIER)
  }
  if (tailStart < bytes.length) {
    let tail = 0n
    for (let at = bytes.length - 1; at >= tailStart; at--) tail = (tail << 8n) | BigInt(view.getUint8(at))
    hash = u64((hash ^ tail) * MULTIPLIER)
  }
  return shiftMix(u64(shiftMix(hash) * MULTIPLIER))
}
