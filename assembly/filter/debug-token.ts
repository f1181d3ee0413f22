/**
 * Who may ask how a request was decided: who presents the token of `observe.debugHeader`, in base64 as it stands in
 * the environment. Its header never reaches a pod.
 */
import { decodeSecret } from '../bytes/base64url'
import { ABSENT, Slice, isPresent, slice } from '../bytes/slice'
import { SECRET_MOST } from '../config/check/secret'
import { DebugPolicy } from '../config/policy'
import { equalsInConstantTime } from '../crypto/constant-time'
import { HMAC_BYTES, hmacSha256 } from '../crypto/hmac'
import { Counter } from '../proxy/counter'
import { readRequestHeader, removeRequestHeader } from '../proxy/header'
import { count } from '../proxy/metrics'

const bytes: usize = memory.data(SECRET_MOST)
const tag: usize = memory.data(HMAC_BYTES, 8)

let header: Slice = ABSENT

/** True if the request presents the token. A wrong one is counted. */
export function presentsDebugToken(debug: DebugPolicy): bool {
  header = readRequestHeader(debug.whenHeader)
  if (!isPresent(header)) return false
  const length = decodeSecret(header, bytes, SECRET_MOST)
  if (length > 0) hmacSha256(debug.hmac, slice(bytes, <u32>length), tag)
  memory.fill(bytes, 0, SECRET_MOST)
  // Both are HMACs under a key that no client knows: what differs tells nothing of the token.
  if (length > 0 && equalsInConstantTime(slice(tag, HMAC_BYTES), slice(debug.tag, HMAC_BYTES))) return true
  count(Counter.DebugRefused)
  return false
}

/** Removes what `presentsDebugToken` saw of the current request, be it valid or not. False if the host refuses. */
export function removeDebugToken(debug: DebugPolicy): bool {
  return header == ABSENT || removeRequestHeader(debug.whenHeader)
}
