/**
 * The pure rooms' test module, and memory to call it with: every input stands between guard bytes, and once each
 * flush against the end of memory, where a read too far is a trap.
 *
 *     | static data | scratch: Writers | guards  b  guards  a  guards ........ | the flush one |
 *                                        ^ placed downwards            end of memory ^
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { vi } from 'vitest'

/** A packed slice: length above, pointer below (assembly/bytes/slice.ts). */
export type Slice = bigint
export type Address = number

export const ABSENT: Slice = 0n
export const UNREADABLE: Slice = 1n << 32n
/** Of http/xfcc.ts. */
export const MALFORMED: Slice = 4n << 32n

interface PureExports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  _initialize(): void
  arenaAlloc(size: number): Address
  arenaReset(cap: number): void
  openWriter(writer: Address, start: Address, capacity: number): void
  writerResult(writer: Address): Slice
  encodedLength(length: number): number
  encodeBase64url(source: Slice, writer: Address): void
  decodeBase64url(source: Slice, out: Address, capacity: number): number
  decodeBase64(source: Slice, out: Address, capacity: number): number
  capture(pattern: Slice, text: Slice): Slice
  capturePatternError(pattern: Slice): number
  decodeSecret(source: Slice, out: Address, capacity: number): number
  equalsInConstantTime(a: Slice, b: Slice): number
  hkdfSha256(secret: Slice, salt: Slice, info: Slice, out: Address): void
  hmacStart(state: Address): void
  hmacFinish(state: Address, out: Address): void
  hmacPrepare(state: Address, key: Slice): void
  hmacSha256(state: Address, message: Slice, out: Address): void
  sha256Start(): void
  sha256Resume(saved: Address, bytesSoFar: bigint): void
  sha256Update(start: Address, length: number): void
  sha256Save(saved: Address): void
  sha256Finish(out: Address): void
  sha256Wipe(): void
  maskAddress(address: Address, length: number, prefixBits: number): void
  parseAddress(text: Slice, out: Address): number
  instantOf(text: Slice): bigint
  hostOf(authority: Slice): Slice
  hostPatternError(pattern: Slice): number
  matchHost(pattern: Slice, host: Slice): number
  findCookie(line: Slice, name: Slice): Slice
  isCookieValue(value: Slice): number
  writeWithoutCookie(line: Slice, name: Slice, writer: Address): void
  isFieldValue(value: Slice): number
  grpcMethod(path: Slice): Slice
  grpcService(path: Slice): Slice
  isGrpcContentType(contentType: Slice): number
  isToken(text: Slice): number
  matchPath(pattern: Slice, normalised: Slice): number
  pathCapture(pattern: Slice, normalised: Slice, index: number): Slice
  isNormalised(path: Slice): number
  normalisePath(path: Slice, writer: Address): number
  isPeerPattern(pattern: Slice): number
  sharingOf(cacheControl: Slice): number
  writeForOneClient(cacheControl: Slice, out: Address): void
  matchPeer(pattern: Slice, uri: Slice): number
  pathPatternError(pattern: Slice): number
  decodePercent(value: Slice, plusIsBlank: number, writer: Address): number
  findQuery(path: Slice, name: Slice): Slice
  jwtPayload(token: Slice): Slice
  openFind(text: Slice, path: Slice): void
  findNext(): number
  hasFailed(): number
  exactInteger(): number
  readonly foundKind: { readonly value: number }
  readonly valueText: { readonly value: Slice }
  readonly valueNumber: { readonly value: number }
  isSpiffeId(uri: Slice, stars: number): number
  spiffePart(uri: Slice, part: number): Slice
  forwardedValue(header: Slice, key: Slice, element: number, hops: number): Slice
  serviceOf(cluster: Slice): Slice
  setBit(set: Address, bit: number): void
  addAll(set: Address, more: Address, words: number): void
  nextOf(set: Address, least: number, words: number): number
  addName(name: Slice): number
  clearNames(): void
  hasName(name: Slice): number
  nameCount(): number
}

const PROVE = process.env['PROVE'] !== undefined
if (PROVE) vi.setConfig({ testTimeout: 3_600_000 })

const PAGE = 65536
const FLUSH_ROOM = 16384
const GAP = 24
const WRITER_BYTES = 16
// Bytes that a function which looks too far would take for something: nothing, noise, a quote, a letter and hexadecimal
// digit, padding, half a line end, a separator, a decimal digit.
const GUARDS = bytes('\x00\xff"a=\r/1')

export const pure = load()
// The arena has all it will ever need: memory that grew later would leave the view of it behind.
pure.arenaReset(PAGE)
pure.arenaAlloc(PAGE)
pure.memory.grow(2)
const memory = Buffer.from(pure.memory.buffer)
const regionStart = memory.length - PAGE
const scratchStart = regionStart - PAGE

function load(): PureExports {
  const file = new URL('../../build/pure.wasm', import.meta.url)
  if (!existsSync(file)) throw new Error('build/pure.wasm is missing: npx asc assembly/pure.ts --target pure')
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), {})
  const checked = exports as unknown as PureExports
  checked._initialize()
  return checked
}

/** Bytes of a text, one for each character: '\xff' is the byte 255. */
export function bytes(text: string | Uint8Array): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : Buffer.from(text)
}

export function startOf(slice: Slice): Address {
  return Number(slice & 0xffffffffn)
}

/** What a slice shows, one character for each byte; 'ABSENT' and 'UNREADABLE' for these. */
export function textOf(slice: Slice): string {
  if (slice === ABSENT) return 'ABSENT'
  if (slice === UNREADABLE) return 'UNREADABLE'
  const start = startOf(slice)
  assert.notEqual(start, 0, 'a slice with bytes must have a pointer')
  const end = start + Number(slice >> 32n)
  assert.ok(end <= memory.length, 'a slice must end within memory')
  return memory.toString('latin1', start, end)
}

interface Placed {
  start: Address
  length: number
  /** What must still be there afterwards; none for an output. */
  contents: Buffer | undefined
}

/** Memory for one call, and an arena that is empty. */
export class Room {
  readonly placed: Placed[] = []
  #position = memory.length - FLUSH_ROOM
  #scratch = scratchStart
  readonly #flush: number

  /** `flush` is the number of the placement that ends with memory. */
  constructor(guard: number, flush: number) {
    this.#flush = flush
    memory.fill(guard, regionStart)
    pure.arenaReset(PAGE)
  }

  /** A slice of these bytes, which the call must not change. */
  input(text: string | Uint8Array): Slice {
    const contents = bytes(text)
    const start = this.#place(contents.length, contents)
    contents.copy(memory, start)
    return (BigInt(contents.length) << 32n) | BigInt(start)
  }

  /** Room for `capacity` bytes, which start as `initial`. */
  output(capacity: number, initial?: Uint8Array): Address {
    const start = this.#place(capacity, undefined)
    if (initial) memory.set(initial, start)
    return start
  }

  /** A Writer that is open on an output. */
  writer(capacity: number): Address {
    const writer = this.#scratch
    this.#scratch += WRITER_BYTES
    pure.openWriter(writer, this.output(capacity), capacity)
    return writer
  }

  read(start: Address, length: number): Buffer {
    return Buffer.from(memory.subarray(start, start + length))
  }

  #place(length: number, contents: Buffer | undefined): Address {
    let start = memory.length - length
    if (this.placed.length !== this.#flush) {
      this.#position -= length + GAP
      start = this.#position
    }
    assert.ok(length <= FLUSH_ROOM && start >= regionStart + GAP, 'no room for so large a test')
    this.placed.push({ start, length, contents })
    return start
  }

  /** Throws if anything but the outputs was changed. */
  check(guard: number): void {
    let at = regionStart
    for (const { start, length, contents } of [...this.placed].sort((a, b) => a.start - b.start)) {
      assertFilled(at, start, guard)
      if (contents) {
        assert.ok(contents.equals(memory.subarray(start, start + length)), 'the call changed its input')
      }
      at = start + length
    }
    assertFilled(at, memory.length, guard)
  }
}

const fills = new Map(Array.from(GUARDS, (guard) => [guard, Buffer.alloc(PAGE, guard)]))

function assertFilled(start: Address, end: Address, guard: number): void {
  const same = fills.get(guard)?.compare(memory, start, end, 0, end - start) === 0
  assert.ok(same, 'the call wrote outside of its outputs')
}

/**
 * Calls `run` with each kind of guard bytes around its inputs and outputs, each of them once at the end of memory.
 * Throws if it traps, changes anything else, or if its result depends on the guards. Returns the result.
 */
export function guarded<T>(run: (room: Room) => T): T {
  let first: { result: T } | undefined
  for (let flush = 0, placements = 1; flush < placements; flush++) {
    for (const guard of GUARDS) {
      const room = new Room(guard, flush)
      const result = run(room)
      room.check(guard)
      placements = room.placed.length
      if (first) assert.deepEqual(result, first.result, 'the result depends on bytes outside of the inputs')
      else first = { result }
    }
  }
  if (!first) throw new Error('nothing was run')
  return first.result
}

/** What a Writer of enough room holds after `run`, or 'ABSENT'. */
export function written(capacity: number, run: (room: Room, writer: Address) => void): string {
  return guarded((room) => {
    const writer = room.writer(capacity)
    run(room, writer)
    return textOf(pure.writerResult(writer))
  })
}

/** How many random cases: few in every test run, many to prove. */
export function cases(few: number, many: number): { numRuns: number } {
  return { numRuns: PROVE ? many : few }
}
