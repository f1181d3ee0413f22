/** `observe.debugHeader` into the policy's block. */
import { HMAC_BYTES, hmacSha256 } from '../../crypto/hmac'
import { ascii } from '../../bytes/literal'
import { Slice, isPresent } from '../../bytes/slice'
import { word } from '../../bytes/words'
import { SECRET_MOST, readSecret } from '../check/secret'
import { JsonNode, member } from '../../json/node'
import { DEFAULT_TOKEN_HEADER } from '../plan/observe'
import { DebugPolicy } from '../policy'
import { blockBytes, lowerInPlace } from './block'
import { prepareSecret } from './secret'
import { textOrDefault } from './session'

const DEFAULT_NAME: Slice = ascii('x-mooring-debug')

const tokenBytes: usize = memory.data(64)

/** Null if `node` is. */
export function writeDebug(node: JsonNode | null): DebugPolicy | null {
  if (node === null) return null
  const debug = changetype<DebugPolicy>(blockBytes(offsetof<DebugPolicy>()))
  debug.name = textOrDefault(member(node, word('name')), DEFAULT_NAME)
  lowerInPlace(debug.name)
  debug.whenHeader = textOrDefault(member(node, word('whenHeader')), DEFAULT_TOKEN_HEADER)
  lowerInPlace(debug.whenHeader)
  debug.hmac = prepareSecret(node, ascii('debug'))
  debug.fingerprint = prepareSecret(node, ascii('fingerprint'))
  debug.tag = blockBytes(HMAC_BYTES)
  const token = readSecret(node, tokenBytes)
  if (isPresent(token) && debug.hmac != 0) hmacSha256(debug.hmac, token, debug.tag)
  memory.fill(tokenBytes, 0, SECRET_MOST)
  return debug
}
