/** A plan's key, merged, into the policy's block. */
import { word } from '../../bytes/words'
import { DEFAULT_KEY_HEADER } from '../check/header'
import { BIND, FORMAT, ON_NONE } from '../check/key'
import { choiceOf } from '../fields'
import { JsonNode, itemCount, member } from '../../json/node'
import { pick } from '../plan/layers'
import { KeyPolicy } from '../policy'
import { blockBytes, lowerInPlace } from './block'
import { prepareHashSecret } from './secret'
import { textOrDefault, writeTexts } from './session'
import { writeSessionSource, writeSources } from './source'

// The list [session], which every plan with the default shares.
let defaultSources: usize = 0

/** To be called before the first key of a policy is written. */
export function startKeys(): void {
  defaultSources = 0
}

export function writeKey(over: JsonNode | null, base: JsonNode | null): KeyPolicy {
  const key = changetype<KeyPolicy>(blockBytes(offsetof<KeyPolicy>()))
  key.header = textOrDefault(pick(over, base, word('header')), DEFAULT_KEY_HEADER)
  lowerInPlace(key.header)
  key.format = choiceOf(pick(over, base, word('format')), FORMAT, 0)
  key.onNone = choiceOf(pick(over, base, word('onNone')), ON_NONE, 0)
  const hashSecret = pick(over, base, word('hashSecret'))
  if (hashSecret !== null) key.hmac = prepareHashSecret(hashSecret)
  key.bound = choiceOf(pick(over, base, word('bind')), BIND, 0) == 1
  const trust = word('trustInbound')
  const peers = pick(member(over, trust), member(base, trust), word('peers'))
  key.trustedPeers = writeTexts(peers)
  key.trustedPeerCount = itemCount(peers)
  const from = pick(over, base, word('from'))
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
