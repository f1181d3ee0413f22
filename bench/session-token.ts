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
  const signed = [...['1', key.id, cookie, ''].map((text) => Buffer.from(text)), id, packed]
  const secret = Buffer.from(key.secret, 'base64')
  const tag = createHmac('sha256', new Uint8Array(hkdfSync('sha256', secret, 'mooring/v1', 'token', 32)))
    .update(Buffer.concat(signed.map(prefixed)))
    .digest()
    .subarray(0, 16)
  const texts = [id, packed, tag].map((bytes) => Buffer.from(bytes).toString('base64url'))
  return ['1', key.id, ...texts].join('.')
}

/** When a token says that it was made; NaN where it says nothing. */
export function issuedOf(token: string): number {
  const times = Buffer.from(token.split('.')[3] ?? '', 'base64url')
  return times.length === 12 ? times.readUIntBE(6, 6) : Number.NaN
}

function prefixed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
