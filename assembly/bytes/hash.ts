/**
 * FNV-1a, 32 bits (Fowler, Noll, Vo), for tables whose every entry is compared once it is found: two texts that
 * differ in case only, and a few others, have one hash. There is no key in it: what a table holds is the operator's.
 */

// @ts-ignore: decorator
@inline
const OFFSET_BASIS: u32 = 0x811c9dc5

// @ts-ignore: decorator
@inline
const PRIME: u32 = 0x01000193

// 2^32 divided by the golden ratio: multiples of it are spread evenly.
// @ts-ignore: decorator
@inline
const GOLDEN: u32 = 0x9e3779b1

/** Where the hash of a text begins; texts of one `kind` are told apart from those of others. */
// @ts-ignore: decorator
@inline
export function hashStart(kind: u32): u32 {
  return OFFSET_BASIS + kind * GOLDEN
}

/** The hash with one more octet. */
// @ts-ignore: decorator
@inline
export function hashOctet(hash: u32, octet: u8): u32 {
  return (hash ^ (octet | 0x20)) * PRIME
}

/** The hash with the octets in [from, to), the first one first. */
export function hashOctets(hash: u32, from: usize, to: usize): u32 {
  for (; from < to; from++) hash = hashOctet(hash, load<u8>(from))
  return hash
}

/** Where in a table of `mask` + 1 places, a power of two, to begin to look for a hash. */
// @ts-ignore: decorator
@inline
export function placeOf(hash: u32, mask: u32): u32 {
  const spread = hash * GOLDEN
  return (spread ^ (spread >> 16)) & mask
}
