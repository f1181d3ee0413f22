/** Signing keys of the tests, and the environment that holds them. */
import { variable, type SigningKey } from './token.ts'

const bytes = (first: number): Buffer => Buffer.from(Array.from({ length: 32 }, (_, i) => first + i))

/** `k2` is the one of the vectors in docs/token.md. */
export const K1: SigningKey = { kid: 'k1', secret: bytes(0x80) }
export const K2: SigningKey = { kid: 'k2', secret: bytes(0x00) }
export const K3: SigningKey = { kid: 'k3', secret: bytes(0x90) }
/** In no configuration. */
export const STRANGER: SigningKey = { kid: 'k9', secret: bytes(0xa0) }

export const HASH_SECRET = bytes(0x20)

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  MOORING_SIGNING_1: variable(K1),
  MOORING_SIGNING_2: variable(K2),
  MOORING_SIGNING_3: variable(K3),
  MOORING_HASH_SECRET: HASH_SECRET.toString('base64'),
}

/** `signing.keys` of a configuration. */
export function ring(...keys: readonly SigningKey[]): object[] {
  return keys.map(({ kid }) => ({ id: kid, env: `MOORING_SIGNING_${kid.slice(1)}` }))
}
