/**
 * XXH64 as Envoy calls it (source/common/common/hash.h). The implementation is WebAssembly and is instantiated
 * once, when this module is loaded, so that every caller stays synchronous.
 */
import xxhash from 'xxhash-wasm'
import { bytesOf } from './byte-string.ts'

const implementation = await xxhash()

/**
 * XXH64 of some bytes, as an unsigned 64-bit integer.
 *
 * @param input Bytes, or a byte string (one character a byte).
 * @param seed An unsigned 64-bit integer.
 * @example
 * xxHash64('foo') // 3728699739546630719n
 */
export function xxHash64(input: Uint8Array | string, seed = 0n): bigint {
  return implementation.h64Raw(typeof input === 'string' ? bytesOf(input) : input, seed)
}

/**
 * The hash of a list of values, each seeded with the hash of those before it: it depends on their order and on
 * where one ends and the next begins. An empty list hashes to 0.
 *
 * @example
 * xxHash64Chained(['foo', 'bar']) // 17745830980996999794n, which is not the hash of 'foobar'
 */
export function xxHash64Chained(values: readonly (Uint8Array | string)[]): bigint {
  return values.reduce<bigint>((seed, value) => xxHash64(value, seed), 0n)
}
