/** The application's wrapped values computed from docs/application.md alone, with node:crypto: the tests' second opinion. */
import { createHmac } from 'node:crypto'
import { type SigningKey, base64url, deriveKey } from './token.ts'

/** What a suffix is bound to, beside its key. */
export interface Carrier {
  readonly kind: 'cookie' | 'header'
  readonly name: string
  /** Default: empty. */
  readonly audience?: string
}

/** `value` as the client gets it: text of one byte a character, and the 16 bytes of K. */
export function wrap(key: SigningKey, carrier: Carrier, value: string, k: Uint8Array): string {
  const parts = ['1', key.kid, carrier.kind, carrier.name, carrier.audience ?? '', value, k]
  const mac = createHmac('sha256', deriveKey(key.secret, 'wrap'))
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    mac.update(length).update(bytes)
  }
  return `${value}~1.${key.kid}.${base64url(k)}.${base64url(mac.digest().subarray(0, 16))}`
}

export interface Unwrapped {
  readonly value: string
  readonly kid: string
  readonly k: Uint8Array
}

/** Undefined for a text without a suffix of this form; nothing is verified. */
export function unwrap(text: string): Unwrapped | undefined {
  const [, value, kid, k, tag] =
    /^([^]*)~1\.([a-z][a-z0-9-]{0,15})\.([\w-]{22})\.([\w-]{22})$/.exec(text) ?? []
  if (value === undefined || kid === undefined || k === undefined || tag === undefined) return undefined
  const bytes = Buffer.from(k, 'base64url')
  const canonical = base64url(bytes) === k && base64url(Buffer.from(tag, 'base64url')) === tag
  return canonical ? { value, kid, k: bytes } : undefined
}
