/** Secrets into the policy's block: only HMAC keys that were derived from them. */
import { hkdfSha256 } from '../../crypto/hkdf'
import { HMAC_STATE_BYTES, hmacPrepare } from '../../crypto/hmac'
import { ascii } from '../../bytes/literal'
import { Slice, isPresent, slice } from '../../bytes/slice'
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
  hkdfSha256(secret, SALT, purpose, derivedKey)
  hmacPrepare(state, slice(derivedKey, DERIVED_BYTES))
  memory.fill(secretBytes, 0, SECRET_MOST)
  memory.fill(derivedKey, 0, DERIVED_BYTES)
  return state
}
