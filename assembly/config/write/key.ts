/** A plan's key, merged, into the policy's block. */
import { hkdfSha256 } from '../../crypto/hkdf'
import { HMAC_STATE_BYTES, hmacPrepare } from '../../crypto/hmac'
import { ascii } from '../../bytes/literal'
import { Slice, isPresent, slice } from '../../bytes/slice'
import { FORMAT, ON_NONE } from '../check/key'
import { SECRET_MOST, readSecret } from '../check/secret'
import { choiceOf } from '../fields'
import { JsonNode, itemCount, member } from '../../json/node'
import { pick } from '../plan/layers'
import { KeyPolicy } from '../policy'
import { blockBytes, lowerInPlace } from './block'
import { textOrDefault, writeTexts } from './session'
import { headerPath, writeSessionSource, writeSources } from './source'

/** The key header where none is named. */
export const DEFAULT_KEY_HEADER: Slice = ascii('x-mooring-key')

const SALT = ascii('mooring/v1')
const PURPOSE = ascii('key')

// @ts-ignore: decorator
@inline
const DERIVED_BYTES: u32 = 32

const secretBytes: usize = memory.data(64)
const derivedKey: usize = memory.data(32)

// The list [session], which every plan with the default shares.
let defaultSources: usize = 0

/** To be called before the first key of a policy is written. */
export function startKeys(): void {
  defaultSources = 0
}

export function writeKey(over: JsonNode | null, base: JsonNode | null): KeyPolicy {
  const key = changetype<KeyPolicy>(blockBytes(offsetof<KeyPolicy>()))
  key.header = textOrDefault(pick(over, base, ascii('header')), DEFAULT_KEY_HEADER)
  lowerInPlace(key.header)
  key.format = choiceOf(pick(over, base, ascii('format')), FORMAT, 0)
  key.onNone = choiceOf(pick(over, base, ascii('onNone')), ON_NONE, 0)
  const hashSecret = pick(over, base, ascii('hashSecret'))
  if (hashSecret !== null) key.hmac = preparedOf(hashSecret)
  const trust = ascii('trustInbound')
  const peers = pick(member(over, trust), member(base, trust), ascii('peers'))
  key.trustedPeers = writeTexts(peers)
  key.trustedPeerCount = itemCount(peers)
  if (peers !== null) key.headerPath = headerPath(key.header)
  const from = pick(over, base, ascii('from'))
  key.from = from === null ? sharedDefault() : sourcesOf(from)
  key.fromCount = from === null ? 1 : itemCount(from)
  return key
}

function sharedDefault(): usize {
  if (defaultSources == 0) defaultSources = writeSessionSource()
  return defaultSources
}

function sourcesOf(from: JsonNode): usize {
  if (from.compiled == 0) from.compiled = writeSources(from, 0)
  return from.compiled
}

/** The prepared HMAC key of a secret. Only this stays: the secret and what is derived from it are wiped. */
function preparedOf(hashSecret: JsonNode): usize {
  if (hashSecret.compiled != 0) return hashSecret.compiled
  const secret = readSecret(hashSecret, secretBytes)
  if (!isPresent(secret)) return 0
  const state = blockBytes(HMAC_STATE_BYTES)
  hkdfSha256(secret, SALT, PURPOSE, derivedKey)
  hmacPrepare(state, slice(derivedKey, DERIVED_BYTES))
  memory.fill(secretBytes, 0, SECRET_MOST)
  memory.fill(derivedKey, 0, DERIVED_BYTES)
  hashSecret.compiled = state
  return state
}
