/** Secrets into the policy's block: only HMAC keys that were derived from them. */
import { ascii } from '../../bytes/literal'
import { hkdfSha256 } from '../../crypto/hkdf'
import { HMAC_STATE_BYTES, hmacPrepare } from '../../crypto/hmac'
import { Slice, isPresent, slice } from '../../bytes/slice'
import { Words, firstWord, listOf, nextWord, words } from '../../bytes/words'
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
 * As `prepareSecret`, for `count` purposes: the keys stand one behind the other. Rules that share `node` share them.
 */
export function prepareSecrets(node: JsonNode, purposes: Words, count: u32): usize {
  if (node.compiled != 0) return node.compiled
  const secret = readSecret(node, secretBytes)
  if (!isPresent(secret)) return 0
  const states = blockBytes(count * HMAC_STATE_BYTES)
  const list = listOf(purposes)
  let state = states
  for (let purpose = firstWord(list); isPresent(purpose); purpose = nextWord(list, purpose)) {
    prepare(secret, purpose, state)
    state += HMAC_STATE_BYTES
  }
  memory.fill(secretBytes, 0, SECRET_MOST)
  node.compiled = states
  return states
}

/** The keys of a hashSecret: that of keys, and HMAC_STATE_BYTES behind it that of adopted cookies. */
export function prepareHashSecret(node: JsonNode): usize {
  return prepareSecrets(node, words('key adopt'), 2)
}

function prepare(secret: Slice, purpose: Slice, state: usize): void {
  hkdfSha256(secret, SALT, purpose, derivedKey)
  hmacPrepare(state, slice(derivedKey, DERIVED_BYTES))
  memory.fill(derivedKey, 0, DERIVED_BYTES)
}
