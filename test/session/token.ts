/** Session tokens computed from docs/token.md alone, with node:crypto: the tests' second opinion. */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** A signing key: its id, and the bytes of its secret. */
export interface SigningKey {
  readonly kid: string
  readonly secret: Uint8Array
}

/** What a token is bound to, beside its key. */
export interface Scope {
  readonly name: string
  /** Default: empty. */
  readonly audience?: string
}

/** What a token says. Times are seconds since 1970. */
export interface Claims {
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly birth: number
  readonly issued: number
  /** Bit 0: set with Secure. Default: 0. */
  readonly flags?: number
  /** 16 bytes: the key that `key.bind` keeps. Default: none. */
  readonly bound?: Uint8Array | undefined
}

export interface Token extends Required<Omit<Claims, 'bound'>> {
  readonly kid: string
  readonly bound: Uint8Array | undefined
  readonly tag: Uint8Array
}

export interface Lifetimes {
  readonly idle?: number
  readonly absolute?: number
  /** Default: 60. */
  readonly skew?: number
}

export type Judgement = 'valid' | 'unknown_key' | 'expired_idle' | 'expired_absolute' | 'forged' | 'malformed'

const SALT = 'mooring/v1'
const FORM = /^1\.([a-z][a-z0-9-]{0,15})\.([\w-]{22})\.([\w-]{16})(?:\.([\w-]{22}))?\.([\w-]{22})$/

export const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

export function tokenOf(key: SigningKey, scope: Scope, claims: Claims): string {
  const fields = [
    '1',
    key.kid,
    base64url(claims.id),
    base64url(timesOf(claims)),
    ...(claims.bound === undefined ? [] : [base64url(claims.bound)]),
  ]
  return [...fields, base64url(tagOf(key, scope, claims))].join('.')
}

/** Undefined for what has not the form of a token. */
export function readToken(text: string): Token | undefined {
  const [, kid, ...fields] = FORM.exec(text) ?? []
  if (kid === undefined) return undefined
  const [id, times, bound, tag] = fields.map((field) => (field as string | undefined) && canonical(field))
  if (!id || !times || !tag || bound === '') return undefined
  return {
    kid,
    id,
    flags: times.readUInt8(0),
    birth: times.readUIntBE(1, 5),
    issued: times.readUIntBE(6, 6),
    bound,
    tag,
  }
}

/** What `text` is worth at the time `now`, as docs/token.md orders the checks. */
export function judge(
  text: string,
  keys: readonly SigningKey[],
  scope: Scope,
  now: number,
  { idle, absolute, skew = 60 }: Lifetimes = {},
): Judgement {
  const token = readToken(text)
  if (token === undefined) return 'malformed'
  const key = keys.find(({ kid }) => kid === token.kid)
  if (key === undefined) return 'unknown_key'
  if (!timingSafeEqual(tagOf(key, scope, token), token.tag)) return 'forged'
  if (token.flags > 1 || token.issued > now + skew || token.birth > token.issued) return 'malformed'
  if (idle !== undefined && now - token.issued > idle + skew) return 'expired_idle'
  if (absolute !== undefined && now - token.birth > absolute + skew) return 'expired_absolute'
  return 'valid'
}

/** The id that follows an expired one. */
export function successorOf(key: SigningKey, { id, birth }: Pick<Claims, 'id' | 'birth'>): Buffer {
  return mac(deriveKey(key.secret, 'successor'), id, uint(birth, 5))
}

/** The id that the value of another cookie becomes, with the hash secret or without one. */
export function adoptedId(name: string, value: string, hashSecret?: Uint8Array): Buffer {
  const message = [prefixed(Buffer.from(name)), prefixed(Buffer.from(value, 'latin1'))]
  if (hashSecret !== undefined) return mac(deriveKey(hashSecret, 'adopt'), ...message)
  const hash = createHash('sha256').update('mooring/v1/adopt\0')
  return hash.update(Buffer.concat(message)).digest().subarray(0, 16)
}

export function deriveKey(secret: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, SALT, purpose, 32))
}

/** The id of a token, as the pod is to see it. */
export function idOf(text: string): string {
  const token = readToken(text)
  if (token === undefined) throw new Error(`no token: ${text}`)
  return base64url(token.id)
}

/** The secret as it stands in an environment variable. */
export function variable({ secret }: SigningKey): string {
  return Buffer.from(secret).toString('base64')
}

function tagOf(key: SigningKey, { name, audience = '' }: Scope, claims: Claims): Buffer {
  const parts = ['1', key.kid, name, audience].map((text) => Buffer.from(text))
  const bound = claims.bound === undefined ? [] : [claims.bound]
  return mac(
    deriveKey(key.secret, 'token'),
    ...[...parts, claims.id, timesOf(claims), ...bound].map(prefixed),
  )
}

function timesOf({ flags = 0, birth, issued }: Claims): Buffer {
  return Buffer.concat([Buffer.from([flags]), uint(birth, 5), uint(issued, 6)])
}

/** The first 16 bytes of an HMAC-SHA256. */
function mac(key: Uint8Array, ...message: readonly Uint8Array[]): Buffer {
  return createHmac('sha256', key).update(Buffer.concat(message)).digest().subarray(0, 16)
}

/** The length of x as 4 bytes, big-endian, then x. */
function prefixed(bytes: Uint8Array): Buffer {
  return Buffer.concat([uint(bytes.length, 4), bytes])
}

function uint(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(value, 0, length)
  return bytes
}

/** Empty where spare bits are set: each value has one spelling. */
function canonical(field: string): Buffer | '' {
  const bytes = Buffer.from(field, 'base64url')
  return bytes.toString('base64url') === field ? bytes : ''
}
