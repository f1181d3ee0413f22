/** The signed sessions that clients bring, computed from docs/token.md with node:crypto. */
import { createHmac, hkdfSync } from 'node:crypto'

/** Seconds since 1970. */
export interface TokenTimes {
  readonly birth: number
  readonly issued: number
}

/** A key as the configuration names it, and its secret as the variable holds it. */
export interface SigningKey {
  readonly id: string
  readonly secret: string
}

/** A token of a session under a cookie's name, set without Secure, for no audience. */
export function sessionToken(key: SigningKey, cookie: string, id: Uint8Array, times: TokenTimes): string {
  const packed = Buffer.alloc(12)
  packed.writeUIntBE(times.birth, 1, 5)
  packed.writeUIntBE(times.issued, 6, 6)
  const tag = macOf(key, 'token', ['1', key.id, cookie, '', id, packed])
  return ['1', key.id, ...[id, packed, tag].map(base64url)].join('.')
}

/** The value of an application's cookie with its suffix (docs/application.md), for no audience. */
export function wrappedValue(key: SigningKey, cookie: string, value: string, k: Uint8Array): string {
  const tag = macOf(key, 'wrap', ['1', key.id, 'cookie', cookie, '', value, k])
  return `${value}~1.${key.id}.${base64url(k)}.${base64url(tag)}`
}

/** What stands behind a token for the pod (docs/strong.md), for no audience. `nonce` has 16 bytes. */
export function sealedPod(
  key: SigningKey,
  cookie: string,
  id: Uint8Array,
  pod: string,
  nonce: Uint8Array,
): string {
  const blocks = [0, 1].map((n) =>
    createHmac('sha256', derived(key, 'seal-enc')).update(nonce).update(Buffer.of(n)).digest(),
  )
  const stream = Buffer.concat(blocks)
  const text = Buffer.alloc(stream.length)
  text.write(pod)
  const sealed = Buffer.concat([nonce, text.map((byte, i) => byte ^ (stream[i] ?? 0))])
  const mac = macOf(key, 'seal-mac', ['1', key.id, cookie, '', id, sealed])
  return `~2.${key.id}.${base64url(Buffer.concat([sealed, mac]))}`
}

/** When a token says that it was made; NaN where it says nothing. */
export function issuedOf(token: string): number {
  const times = Buffer.from(token.split('.')[3] ?? '', 'base64url')
  return times.length === 12 ? times.readUIntBE(6, 6) : Number.NaN
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

function derived({ secret }: SigningKey, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', Buffer.from(secret, 'base64'), 'mooring/v1', purpose, 32))
}

/** 16 bytes of the HMAC of these parts, each with its length before it. */
function macOf(key: SigningKey, purpose: string, parts: readonly (string | Uint8Array)[]): Buffer {
  const message = Buffer.concat(parts.map((part) => prefixed(Buffer.from(part as Uint8Array))))
  return createHmac('sha256', derived(key, purpose)).update(message).digest().subarray(0, 16)
}

function prefixed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
