/** Secrets into the policy's block: only HMAC keys that were derived from them. */
import { ascii } from '../../bytes/literal'
import { hkdfSha256 } from '../../crypto/hkdf'
import { HMAC_STATE_BYTES, hmacPrepare } from '../../crypto/hmac'
import { ABSENT, Slice, isPresent, slice } from '../../bytes/slice'
import { SECRET_MOST, readSecret } from '../check/secret'
import { JsonNode } from '../../json/node'
import { blockBytes } from './block'

const SALT = ascii('mooring/v1')

// @ts-ignore: decorator
@inline
const DERIVED_BYTES: u32 = 32

const secretBytes: usize = memory.data(64)
const derivedKey: usize = memory.data(32)

/**
 * The prepared HMAC key that `purpose` names, of the secret whose variable is `node`'s member `env`; 0 if there is
 * none. The secret and what is derived from it are wiped.
 */
export function prepareSecret(node: JsonNode, purpose: Slice): usize {
  const secret = readSecret(node, secretBytes)
  if (!isPresent(secret)) return 0
  const state = blockBytes(HMAC_STATE_BYTES)
  prepare(secret, purpose, state)
  memory.fill(secretBytes, 0, SECRET_MOST)
  return state
}

/**
 * As `prepareSecret`, for two purposes or three: the keys stand one behind the other. Rules that share `node` share them.
 */
export function prepareSecrets(node: JsonNode, first: Slice, second: Slice, third: Slice = ABSENT): usize {
  if (node.compiled != 0) return node.compiled
  const secret = readSecret(node, secretBytes)
  if (!isPresent(secret)) return 0
  const states = blockBytes(3 * HMAC_STATE_BYTES)
  prepare(secret, first, states)
  prepare(secret, second, states + HMAC_STATE_BYTES)
  if (isPresent(third)) prepare(secret, third, states + 2 * HMAC_STATE_BYTES)
  memory.fill(secretBytes, 0, SECRET_MOST)
  node.compiled = states
  return states
}

/** The keys of a hashSecret: that of keys, and HMAC_STATE_BYTES behind it that of adopted cookies. */
export function prepareHashSecret(node: JsonNode): usize {
  return prepareSecrets(node, ascii('key'), ascii('adopt'))
}

function prepare(secret: Slice, purpose: Slice, state: usize): void {
  hkdfSha256(secret, SALT, purpose, derivedKey)
  hmacPrepare(state, slice(derivedKey, DERIVED_BYTES))
  memory.fill(derivedKey, 0, DERIVED_BYTES)
}
