/**
 * The configuration's compiler, alone in a WebAssembly instance of its own: JSON and an environment in, a policy or
 * the report out. What a policy says is read from memory by the offsets that assembly/config/policy.ts draws, since
 * that is the contract with those who read it while a request passes.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { type PolicyView, readPolicy } from './policy-view.ts'

/** A packed slice: length above, pointer below. */
type Slice = bigint

const ABSENT: Slice = 0n
const UNREADABLE: Slice = 1n << 32n

/** Where the proxy runs; empty if it says nothing of it, null if it does not show it. */
type Namespace = string | null

interface CompilerExports {
  memory: WebAssembly.Memory
  _initialize(): void
  arenaReset(cap: number): void
  arenaAlloc(size: number): number
  arenaRelease(): void
  heapUsed(): number
  compilePolicy(json: Slice, environment: Slice, namespace: Slice): number
  compileKeyHeadersOnly(json: Slice): number
  freePolicy(policy: number): void
  hmacPrepare(state: number, key: Slice): void
  hmacSha256(state: number, message: Slice, out: number): void
  errorCount(): number
  errorText(index: number): Slice
  warningCount(): number
  warningText(index: number): Slice
}

export interface Compiled {
  /** Undefined if the configuration was refused. */
  policy: PolicyView | undefined
  errors: string[]
  warnings: string[]
}

// CONFIGURE_CAP of assembly/bytes/arena.ts.
const ARENA_BYTES = 8 << 20

/** Base64 of 32 bytes that count up from the first. */
export function secretFrom(first: number): string {
  return Buffer.from(Array.from({ length: 32 }, (_, index) => first + index)).toString('base64')
}

export const SECRET = secretFrom(0x20)

/** What the configurations of the tests and of the documentation find in the environment. */
export const ENVIRONMENT: Record<string, string> = {
  MOORING_HASH_SECRET: SECRET,
  MOORING_DEBUG_TOKEN: secretFrom(0x60),
  MOORING_SIGNING_1: secretFrom(0x80),
  MOORING_SIGNING_2: secretFrom(0xa0),
  MOORING_SIGNING_3: secretFrom(0xc0),
}

export class Compiler {
  readonly #exports: CompilerExports

  constructor() {
    const file = new URL('../../build/pure.wasm', import.meta.url)
    if (!existsSync(file)) throw new Error('build/pure.wasm is missing: make build')
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), {})
    this.#exports = exports as unknown as CompilerExports
    this.#exports._initialize()
  }

  /** The errors of the last `compilePolicy`, until the arena's next reset. */
  get errors(): string[] {
    return this.#lines(this.#exports.errorCount(), (index) => this.#exports.errorText(index))
  }

  get heapUsed(): number {
    return this.#exports.heapUsed()
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength
  }

  /** Compiles a text as it stands, or anything else as JSON, and frees the policy after reading it. */
  compile(
    configuration: unknown,
    environment: Record<string, string> = {},
    namespace: Namespace = 'shop',
  ): Compiled {
    const policy = this.compilePolicy(configuration, environment, namespace)
    const compiled = {
      policy: policy === 0 ? undefined : this.view(policy),
      errors: this.errors,
      warnings: this.#lines(this.#exports.warningCount(), (index) => this.#exports.warningText(index)),
    }
    assert.equal(
      policy === 0,
      compiled.errors.length > 0,
      'a configuration is refused with errors, or accepted',
    )
    this.free(policy)
    return compiled
  }

  /** The address of the policy, which is then the caller's to free; 0 if it was refused. */
  compilePolicy(
    configuration: unknown,
    environment: Record<string, string> = {},
    namespace: Namespace = 'shop',
  ): number {
    this.#exports.arenaReset(ARENA_BYTES)
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}\0`)
    return this.#exports.compilePolicy(
      this.#place(bytesOf(configuration)),
      this.#place(Buffer.from(variables.join(''))),
      namespace === null ? UNREADABLE : namespace === '' ? ABSENT : this.#place(Buffer.from(namespace)),
    )
  }

  /** The errors of the first `length` bytes, of which the rest stands right behind them. */
  errorsOfStart(bytes: Buffer, length: number): string[] {
    this.#exports.arenaReset(ARENA_BYTES)
    const whole = this.#place(bytes)
    this.free(this.#exports.compilePolicy((BigInt(length) << 32n) | (whole & 0xffffffffn), 0n, ABSENT))
    return this.errors
  }

  /** Compiles slices as given, without placing anything: ABSENT and UNREADABLE among them. */
  compileSlice(json: Slice): string[] {
    this.#exports.arenaReset(ARENA_BYTES)
    this.free(this.#exports.compilePolicy(json, 0n, ABSENT))
    return this.errors
  }

  compileKeyHeadersOnly(configuration: unknown): PolicyView {
    this.#exports.arenaReset(ARENA_BYTES)
    return this.compileKeyHeadersOnlyWithoutReset(configuration)
  }

  /** As the filter does after `compilePolicy` has failed, whose report still stands in the arena. */
  compileKeyHeadersOnlyWithoutReset(configuration: unknown): PolicyView {
    const policy = this.#exports.compileKeyHeadersOnly(this.#place(bytesOf(configuration)))
    assert.notEqual(policy, 0, 'there is always a policy that removes key headers')
    const view = this.view(policy)
    this.free(policy)
    return view
  }

  free(policy: number): void {
    this.#exports.freePolicy(policy)
  }

  view(policy: number): PolicyView {
    return readPolicy(this.#memory(), policy)
  }

  /** HMAC-SHA256 of a message, in hex, under the key that the top level's plan holds. */
  hmacOfTop(policy: number, message: string): string {
    const state = this.view(policy).top?.key?.at.hmac ?? 0
    assert.notEqual(state, 0, 'the plan must have a key')
    const out = this.#exports.arenaAlloc(32)
    this.#exports.hmacSha256(state, this.#place(Buffer.from(message)), out)
    return this.#memory().toString('hex', out, out + 32)
  }

  /** What the module keeps of an HMAC-SHA256 key, in hex. */
  hmacState(key: Uint8Array): string {
    this.#exports.arenaReset(ARENA_BYTES)
    const state = this.#exports.arenaAlloc(64)
    this.#exports.hmacPrepare(state, this.#place(Buffer.from(key)))
    const hex = this.#memory().toString('hex', state, state + 64)
    this.#memory().fill(0, state, state + 96)
    return hex
  }

  /** True if the bytes stand anywhere in the module's memory. */
  holds(bytes: Uint8Array): boolean {
    return this.#memory().includes(Buffer.from(bytes))
  }

  releaseArena(): void {
    this.#exports.arenaRelease()
  }

  #place(bytes: Buffer): Slice {
    const start = this.#exports.arenaAlloc(bytes.length)
    assert.notEqual(start, 0, 'the arena must have room for the input')
    this.#memory().set(bytes, start)
    return (BigInt(bytes.length) << 32n) | BigInt(start)
  }

  // Anew for each use: growing memory detaches the buffer before.
  #memory(): Buffer {
    return Buffer.from(this.#exports.memory.buffer)
  }

  #lines(count: number, line: (index: number) => Slice): string[] {
    return Array.from({ length: count }, (_, index) => {
      const slice = line(index)
      const start = Number(slice & 0xffffffffn)
      const text = this.#memory().toString('latin1', start, start + Number(slice >> 32n))
      assert.match(text, /^[a-z_0-9]+ at (\(root\)|\/[ -~]*)(: [ -~]+|\.\.\.)$/)
      assert.ok(text.length <= 256, 'a line has at most 256 bytes')
      return text
    })
  }
}

function bytesOf(configuration: unknown): Buffer {
  if (Buffer.isBuffer(configuration)) return configuration
  return Buffer.from(typeof configuration === 'string' ? configuration : JSON.stringify(configuration))
}

/** The codes of some lines, in their order. */
export function codesOf(lines: string[]): string[] {
  return lines.map((line) => line.slice(0, line.indexOf(' ')))
}
