/**
 * A compiled policy as its readers see it: every field at the offset where WebAssembly has it (32-bit pointers, each
 * field aligned to its own size). Lists have no padding between their structs.
 */

import { HMAC_STATE_BYTES, flag, list, pick, texts } from './layout.ts'
import { readIndex, text } from './index-view.ts'
import { type SessionView, readSession } from './session-view.ts'

export type { SessionView } from './session-view.ts'

export interface PolicyView {
  top: PlanView | undefined
  rules: RuleView[]
  keyHeaders: string[]
  /** What some rule asks for: `host`, `header x-beta`. */
  asked: string[]
  /** Whether something that a rule asks for could not be read. */
  unreadable: boolean
  /** How many shapes the paths have. */
  shapes: number
  /** Empty if sessions follow the hash alone. */
  podHeader: string
  instance: string
  debug: DebugView | undefined
  /** How many signing keys have no secret; undefined where nothing is signed. */
  missingKeys: number | undefined
}

export interface DebugView {
  name: string
  whenHeader: string
  /** Prepared HMAC keys of 64 bytes, in hex. */
  hmac: string
  fingerprint: string
}

export interface RuleView {
  name: string
  /** Whether it applies where the proxy runs. */
  eligible: boolean
  /** `path /mcp/**`, `header x-beta exact 1`, sorted. */
  match: string[]
  plan: PlanView
}

export interface PlanView {
  mode: 'enforce' | 'shadow'
  session: SessionView | undefined
  key: KeyView | undefined
  /** Where the parts are: equal where plans share one. */
  at: { session: number; key: number }
}

export interface KeyView {
  header: string
  format: 'hash' | 'raw'
  onNone: 'balance' | 'reject'
  /** The 64 bytes of the prepared HMAC key in hex; undefined if the hash is unkeyed. */
  hmac: string | undefined
  from: SourceView[]
  trustedPeers: string[]
  bound: boolean
  /** Where the HMAC key and the sources are. */
  at: { hmac: number; from: number }
}

export interface TransformView {
  kind: (typeof TRANSFORMS)[number]
  count: number
  text: string
}

export interface SourceView {
  kind: (typeof KINDS)[number]
  label: string
  name: string
  claimType: (typeof CLAIM_TYPES)[number]
  path: string
  join: boolean
  decode: boolean
  ipv4Prefix: number
  ipv6Prefix: number
  part: number
  hops: number
  element: number
  required: boolean
  /** Where an unverified token is: one source, or none. */
  token: SourceView[]
  transforms: TransformView[]
  children: SourceView[]
}

const KINDS = [
  'session',
  'cookie',
  'header',
  'query',
  'claim',
  'address',
  'constant',
  'path',
  'authority',
  'method',
  'grpc',
  'peer',
  'forwardedClientCert',
  'all',
  'firstOf',
] as const
const TRANSFORMS = [
  ...(['trim', 'lower', 'upper', 'unquote', 'percentDecode', 'base64Decode', 'mcpDecode'] as const),
  ...(['first', 'last', 'split', 'capture'] as const),
] as const
const CLAIM_TYPES = ['string', 'number', 'boolean', 'list'] as const

const RULE_BYTES = 12
const SOURCE_BYTES = 68
const TRANSFORM_BYTES = 16

export function readPolicy(memory: Buffer, at: number): PolicyView {
  const u32 = (offset: number) => memory.readUInt32LE(at + offset)
  const top = u32(0)
  const index = readIndex(memory, u32(20))
  return {
    top: top === 0 ? undefined : readPlan(memory, top),
    rules: list(u32(4), u32(8), RULE_BYTES, (rule) => rule).map((rule, number) => ({
      name: text(memory, rule),
      eligible: index.eligible(number),
      match: index.patternsOf(number),
      plan: readPlan(memory, memory.readUInt32LE(rule + 8)),
    })),
    keyHeaders: texts(memory, u32(12), u32(16)),
    asked: index.asked,
    unreadable: index.unreadable,
    shapes: index.shapes,
    podHeader: text(memory, at + 24),
    instance: text(memory, at + 32),
    debug: u32(40) === 0 ? undefined : readDebug(memory, u32(40)),
    missingKeys: flag(memory, at + 44) ? u32(48) : undefined,
  }
}

function readDebug(memory: Buffer, at: number): DebugView {
  const state = (offset: number) => {
    const start = memory.readUInt32LE(at + offset)
    return memory.toString('hex', start, start + HMAC_STATE_BYTES)
  }
  return {
    name: text(memory, at),
    whenHeader: text(memory, at + 8),
    hmac: state(16),
    fingerprint: state(20),
  }
}

function readPlan(memory: Buffer, at: number): PlanView {
  const session = memory.readUInt32LE(at + 4)
  const key = memory.readUInt32LE(at + 8)
  return {
    mode: pick(['enforce', 'shadow'], memory.readUInt32LE(at)),
    session: session === 0 ? undefined : readSession(memory, session),
    key: key === 0 ? undefined : readKey(memory, key),
    at: { session, key },
  }
}

function readKey(memory: Buffer, at: number): KeyView {
  const hmac = memory.readUInt32LE(at + 16)
  const from = memory.readUInt32LE(at + 20)
  return {
    header: text(memory, at),
    format: pick(['hash', 'raw'], memory.readUInt32LE(at + 8)),
    onNone: pick(['balance', 'reject'], memory.readUInt32LE(at + 12)),
    hmac: hmac === 0 ? undefined : memory.toString('hex', hmac, hmac + HMAC_STATE_BYTES),
    from: sources(memory, from, memory.readUInt32LE(at + 24)),
    trustedPeers: texts(memory, memory.readUInt32LE(at + 28), memory.readUInt32LE(at + 32)),
    bound: flag(memory, at + 36),
    at: { hmac, from },
  }
}

function sources(memory: Buffer, at: number, count: number): SourceView[] {
  return list(at, count, SOURCE_BYTES, (source) => ({
    kind: pick(KINDS, memory.readUInt32LE(source)),
    claimType: pick(CLAIM_TYPES, memory.readUInt32LE(source + 4)),
    label: text(memory, source + 8),
    name: text(memory, source + 16),
    path: text(memory, source + 24),
    join: flag(memory, source + 32),
    decode: flag(memory, source + 33),
    ipv4Prefix: memory.readUInt8(source + 34),
    ipv6Prefix: memory.readUInt8(source + 35),
    part: memory.readUInt8(source + 36),
    token: sources(memory, memory.readUInt32LE(source + 44), memory.readUInt32LE(source + 44) === 0 ? 0 : 1),
    hops: memory.readUInt8(source + 37),
    element: memory.readInt32LE(source + 40),
    transforms: list(
      memory.readUInt32LE(source + 48),
      memory.readUInt32LE(source + 52),
      TRANSFORM_BYTES,
      (transform) => ({
        kind: pick(TRANSFORMS, memory.readUInt32LE(transform)),
        count: memory.readInt32LE(transform + 4),
        text: text(memory, transform + 8),
      }),
    ),
    required: flag(memory, source + 56),
    children: sources(memory, memory.readUInt32LE(source + 60), memory.readUInt32LE(source + 64)),
  }))
}
