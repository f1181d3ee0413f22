/** Sealed pods computed from docs/strong.md alone, with node:crypto: the tests' second opinion. */
import { createHmac } from 'node:crypto'
import { type SigningKey, base64url, deriveKey } from './token.ts'

const TEXT_BYTES = 64

/** What a seal is bound to, beside its key and the session's id: the parts that a tag begins with behind the kid. */
export type Bound =
  readonly [name: string, audience: string] | readonly [kind: string, name: string, audience: string]

/** The seal of Envoy's token `pod` for the session `id`, with its tilde. `nonce` has 16 bytes. */
export function sealOf(
  key: SigningKey,
  bound: Bound,
  id: Uint8Array,
  pod: string,
  nonce: Uint8Array,
): string {
  const text = Buffer.alloc(TEXT_BYTES)
  text.write(pod, 'latin1')
  const closed = crypt(key, nonce, text)
  const mac = macOf(key, bound, id, nonce, closed)
  return `~2.${key.kid}.${base64url(Buffer.concat([nonce, closed, mac]))}`
}

export interface Opened {
  /** What stands before the seal. */
  readonly rest: string
  readonly pod: string
}

/** Undefined for what has no seal, or one that is not for the session `id`. */
export function openSeal(key: SigningKey, bound: Bound, id: Uint8Array, value: string): Opened | undefined {
  const [, rest, kid, seal] = /^([^]*)~2\.([a-z][a-z0-9-]{0,15})\.([\w-]{128})$/.exec(value) ?? []
  if (rest === undefined || seal === undefined || kid !== key.kid) return undefined
  const bytes = Buffer.from(seal, 'base64url')
  const [nonce, closed, mac] = [bytes.subarray(0, 16), bytes.subarray(16, 80), bytes.subarray(80)]
  if (!macOf(key, bound, id, nonce, closed).equals(mac)) return undefined
  return { rest, pod: crypt(key, nonce, closed).toString('latin1').replace(/\0+$/, '') }
}

function crypt(key: SigningKey, nonce: Uint8Array, text: Uint8Array): Buffer {
  const stream = Buffer.concat(
    [0, 1].map((n) =>
      createHmac('sha256', deriveKey(key.secret, 'seal-enc')).update(nonce).update(Buffer.of(n)).digest(),
    ),
  )
  return Buffer.from(text.map((byte, i) => byte ^ (stream[i] ?? 0)))
}

function macOf(key: SigningKey, bound: Bound, id: Uint8Array, nonce: Uint8Array, closed: Uint8Array): Buffer {
  const mac = createHmac('sha256', deriveKey(key.secret, 'seal-mac'))
  const parts = ['1', key.kid, ...bound].map((part) => Buffer.from(part, 'latin1'))
  for (const part of [...parts, id, Buffer.concat([nonce, closed])]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    mac.update(length).update(part)
  }
  return mac.digest().subarray(0, 16)
}
