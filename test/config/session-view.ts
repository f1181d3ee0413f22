/** A plan's session in a compiled policy, by the offsets that assembly/config/policy.ts draws. */
import { HMAC_STATE_BYTES, flag, list, pick, texts } from './layout.ts'
import { text } from './index-view.ts'

export interface SessionView {
  name: string
  attributes: string
  attributesSecure: string
  /** In seconds; 0: until the browser ends. */
  ttl: number
  secure: 'never' | 'always' | 'auto'
  sameSite: 'Strict' | 'Lax' | 'None'
  renewAlways: boolean
  readOnly: boolean
  onInvalid: 'replace' | 'ignore' | 'reject'
  hideFromUpstream: boolean
  mintSkip: boolean
  onCacheable: 'omit' | 'markPrivate'
  perConnection: boolean
  onLocalReply: boolean
  /** Empty if there is none. */
  domain: string
  methods: string[]
  adopted: AdoptedView[]
  /** The 64 bytes of the prepared HMAC key in hex; undefined if adopted ids are unkeyed. */
  adopt: string | undefined
  signing: SigningView | undefined
  carrier: 'own' | 'cookie' | 'header'
  notFound: boolean
  /** The application's cookie that this one lives as long as; empty if by itself. */
  follows: string
  /** Answers may set the cookie though nothing is due. */
  watches: boolean
}

export interface AdoptedView {
  name: string
  /** The Set-Cookie that deletes it; empty if it stays. */
  deletion: string
}

/** Times in seconds, 0 for none. */
export interface SigningView {
  keys: SigningKeyView[]
  idleTimeout: number
  absoluteTimeout: number
  clockSkew: number
  acceptUnsignedUntil: number
}

export interface SigningKeyView {
  id: string
  /** What is signed before a token's id, each part taken out of its length prefix. */
  signed: string[]
  /** Prepared HMAC keys in hex. */
  token: string
  successor: string
  wrap: string
  /** Undefined without persistence. */
  sealCipher: string | undefined
  sealMac: string | undefined
}

const ADOPTED_BYTES = 16
const SIGNING_KEY_BYTES = 36

export function readSession(memory: Buffer, at: number): SessionView {
  const u32 = (offset: number): number => memory.readUInt32LE(at + offset)
  return {
    name: text(memory, at),
    attributes: text(memory, at + 8),
    attributesSecure: text(memory, at + 16),
    ttl: u32(24),
    secure: pick(['never', 'always', 'auto'], u32(28)),
    sameSite: pick(['Strict', 'Lax', 'None'], u32(32)),
    renewAlways: flag(memory, at + 36),
    readOnly: flag(memory, at + 37),
    onInvalid: pick(['replace', 'ignore', 'reject'], u32(40)),
    hideFromUpstream: flag(memory, at + 44),
    mintSkip: flag(memory, at + 45),
    perConnection: flag(memory, at + 46),
    onCacheable: pick(['omit', 'markPrivate'], u32(48)),
    onLocalReply: flag(memory, at + 52),
    domain: text(memory, at + 56),
    methods: texts(memory, u32(64), u32(68)),
    adopted: list(u32(72), u32(76), ADOPTED_BYTES, (adopted) => ({
      name: text(memory, adopted),
      deletion: text(memory, adopted + 8),
    })),
    adopt: u32(80) === 0 ? undefined : state(memory, u32(80)),
    signing: u32(84) === 0 ? undefined : readSigning(memory, u32(84)),
    carrier: pick(['own', 'cookie', 'header'], u32(88)),
    notFound: flag(memory, at + 92),
    follows: text(memory, at + 96),
    watches: flag(memory, at + 104),
  }
}

function readSigning(memory: Buffer, at: number): SigningView {
  const seconds = (offset: number): number => Number(memory.readBigInt64LE(at + offset))
  return {
    keys: list(memory.readUInt32LE(at), memory.readUInt32LE(at + 4), SIGNING_KEY_BYTES, (key) => ({
      id: text(memory, key),
      signed: lengthPrefixed(memory, key + 8),
      token: state(memory, memory.readUInt32LE(key + 16)),
      successor: state(memory, memory.readUInt32LE(key + 20)),
      wrap: state(memory, memory.readUInt32LE(key + 24)),
      sealCipher: stateIfAny(memory, memory.readUInt32LE(key + 28)),
      sealMac: stateIfAny(memory, memory.readUInt32LE(key + 32)),
    })),
    idleTimeout: seconds(8),
    absoluteTimeout: seconds(16),
    clockSkew: seconds(24),
    acceptUnsignedUntil: seconds(32),
  }
}

function lengthPrefixed(memory: Buffer, slice: number): string[] {
  const end = memory.readUInt32LE(slice) + memory.readUInt32LE(slice + 4)
  const parts: string[] = []
  for (let at = memory.readUInt32LE(slice); at < end;) {
    const length = memory.readUInt32BE(at)
    parts.push(memory.toString('utf8', at + 4, at + 4 + length))
    at += 4 + length
  }
  return parts
}

function stateIfAny(memory: Buffer, at: number): string | undefined {
  return at === 0 ? undefined : state(memory, at)
}

function state(memory: Buffer, at: number): string {
  return memory.toString('hex', at, at + HMAC_STATE_BYTES)
}
