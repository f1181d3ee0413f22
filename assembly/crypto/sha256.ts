/**
 * SHA-256 (FIPS 180-4, section 6.2; RFC 6234) over linear memory, with one static state: a message is finished
 * before the next one starts. Nothing here depends on the bytes but through arithmetic, so time tells lengths only.
 *
 *     prepareSha256, once  ->  sha256Start | sha256Resume  ->  sha256Update ...  ->  sha256Finish | sha256Save
 */
import { copyBytes } from '../bytes/copy'

/** Bytes of a digest, and of a saved state: eight u32. */
// @ts-ignore: decorator
@inline
export const SHA256_BYTES: u32 = 32

/** The compression function takes the message in blocks of this many bytes. */
// @ts-ignore: decorator
@inline
export const SHA256_BLOCK_BYTES: u32 = 64

// Where the length of the message stands in its last block (8 bytes, big-endian bits).
// @ts-ignore: decorator
@inline
const LENGTH_OFFSET: u32 = 56

/** The first eight count. */
const initialState: usize = memory.data(256, 8)

const state: usize = memory.data(SHA256_BYTES, 8)
// One behind the other, so that one address leads to both.
const schedule: usize = memory.data(512, 8)
const roundConstants: usize = schedule + 256
/** A block that is not complete yet: the first `total % 64` bytes of it, and zeros. */
const pending: usize = memory.data(SHA256_BLOCK_BYTES, 8)
/** Of the message at hand; 0 where there is none. */
let total: u64 = 0

const partLength: usize = memory.data(4)

/**
 * Computes what the standard has as tables: the first 32 bits of the fractions of the first primes' cube roots (FIPS
 * 180-4, section 4.2.2) and square roots (section 5.3.3). To be called before anything else here; again it does nothing.
 */
export function prepareSha256(): void {
  let prime: u32 = 2
  for (let at: usize = 0; at < 256; prime++) {
    let factor: u32 = 2
    while (prime % factor != 0) factor++
    if (factor != prime) continue
    store<u32>(roundConstants + at, fractionOf(cubeRootOf(prime)))
    store<u32>(initialState + at, fractionOf(sqrt<f64>(prime)))
    at += 4
  }
}

/** By Newton's method, of 2 to 311. */
function cubeRootOf(value: f64): f64 {
  let root: f64 = 6
  for (let step = 0; step < 9; step++) root -= (root - value / (root * root)) / 3
  return root
}

function fractionOf(value: f64): u32 {
  return <u32>(<u64>(value * 4294967296))
}

/** Starts a message. Whatever was not finished is forgotten. */
export function sha256Start(): void {
  sha256Resume(initialState, 0)
}

/** Starts a message whose first `bytesSoFar` bytes, whole blocks, are in `saved` (see `sha256Save`) already. */
export function sha256Resume(saved: usize, bytesSoFar: u64): void {
  if (total != 0) memory.fill(pending, 0, SHA256_BLOCK_BYTES)
  copyBytes(state, saved, SHA256_BYTES)
  total = bytesSoFar
}

/** Appends `len` bytes to the message. */
export function sha256Update(ptr: usize, len: u32): void {
  while (len > 0) {
    const filled = (<u32>total) & (SHA256_BLOCK_BYTES - 1)
    const taken = min(len, SHA256_BLOCK_BYTES - filled)
    copyBytes(pending + filled, ptr, taken)
    total += taken
    ptr += taken
    len -= taken
    if (filled + taken == SHA256_BLOCK_BYTES) compress()
  }
}

/** Appends `len` bytes with their length before them, u32 big endian, so that no two lists of parts make one message. */
export function sha256UpdatePart(ptr: usize, len: u32): void {
  store<u32>(partLength, bswap<u32>(len))
  sha256Update(partLength, 4)
  sha256Update(ptr, len)
}

/** Keeps the state after whole blocks (the message so far is a multiple of 64 bytes) as eight u32 at `saved`. */
export function sha256Save(saved: usize): void {
  memory.copy(saved, state, SHA256_BYTES)
}

/** Writes the digest, 32 bytes, to `out`. */
export function sha256Finish(out: usize): void {
  const filled = (<u32>total) & (SHA256_BLOCK_BYTES - 1)
  store<u8>(pending + filled, 0x80)
  if (filled >= LENGTH_OFFSET) compress()
  store<u64>(pending, bswap<u64>(total << 3), LENGTH_OFFSET)
  compress()
  total = 0
  for (let i: u32 = 0; i < SHA256_BYTES; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(state + i)))
}

/** Leaves nothing of the last message behind: after keys were hashed. */
export function sha256Wipe(): void {
  memory.fill(state, 0, SHA256_BYTES)
  memory.fill(schedule, 0, 256)
  memory.fill(pending, 0, SHA256_BLOCK_BYTES)
  total = 0
}

/**
 * Two rounds at a time, so that half of the variables only change names. With eight all would, but a request finds this code
 * cold, and there would be more of it. V8 makes no loops of this length longer (loop-unrolling-reducer.h), and a function
 * of more than 500 bytes is a call to it (`--wasm-inlining-max-size`): one copy of this is enough.
 */
function compress(): void {
  expand()
  let a = load<u32>(state)
  let b = load<u32>(state, 4)
  let c = load<u32>(state, 8)
  let d = load<u32>(state, 12)
  let e = load<u32>(state, 16)
  let f = load<u32>(state, 20)
  let g = load<u32>(state, 24)
  let h = load<u32>(state, 28)
  let differed = b ^ c
  for (let w = schedule; w < roundConstants; w += 8) {
    // What the round before has no part in is added first: each round waits for the last.
    h += load<u32>(w, 256) + load<u32>(w) + choose(e, f, g) + bigSigma1(e)
    d += h
    // The majority of a, b and c; what a and b differ in, b and c differ in the next time.
    const differ = a ^ b
    h += (b ^ (differ & differed)) + bigSigma0(a)
    // The same with h in a's place, d in e's, and all others one further.
    g += load<u32>(w, 260) + load<u32>(w, 4) + choose(d, e, f) + bigSigma1(d)
    c += g
    differed = h ^ a
    g += (a ^ (differed & differ)) + bigSigma0(h)
    const first = g
    const second = h
    g = e
    h = f
    e = c
    f = d
    c = a
    d = b
    a = first
    b = second
  }
  store<u32>(state, load<u32>(state) + a)
  store<u32>(state, load<u32>(state, 4) + b, 4)
  store<u32>(state, load<u32>(state, 8) + c, 8)
  store<u32>(state, load<u32>(state, 12) + d, 12)
  store<u32>(state, load<u32>(state, 16) + e, 16)
  store<u32>(state, load<u32>(state, 20) + f, 20)
  store<u32>(state, load<u32>(state, 24) + g, 24)
  store<u32>(state, load<u32>(state, 28) + h, 28)
}

/** The schedule of the block, which leaves zeros. */
function expand(): void {
  for (let i: usize = 0; i < SHA256_BLOCK_BYTES; i += 4) {
    store<u32>(schedule + i, bswap<u32>(load<u32>(pending + i)))
    store<u32>(pending + i, 0)
  }
  for (let w = schedule; w < schedule + 192; w += 4) {
    const sum = load<u32>(w) + smallSigma0(load<u32>(w, 4)) + load<u32>(w, 36) + smallSigma1(load<u32>(w, 56))
    store<u32>(w, sum, 64)
  }
}

// @ts-ignore: decorator
@inline
function choose(x: u32, y: u32, z: u32): u32 {
  return z ^ (x & (y ^ z))
}

// @ts-ignore: decorator
@inline
function bigSigma0(x: u32): u32 {
  // rotr 2 ^ rotr 13 ^ rotr 22
  return rotr<u32>(x ^ rotr<u32>(x ^ rotr<u32>(x, 9), 11), 2)
}

// @ts-ignore: decorator
@inline
function bigSigma1(x: u32): u32 {
  return rotr<u32>(x, 6) ^ rotr<u32>(x, 11) ^ rotr<u32>(x, 25)
}

// @ts-ignore: decorator
@inline
function smallSigma0(x: u32): u32 {
  return rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3)
}

// @ts-ignore: decorator
@inline
function smallSigma1(x: u32): u32 {
  return rotr<u32>(x, 17) ^ rotr<u32>(x, 19) ^ (x >> 10)
}
