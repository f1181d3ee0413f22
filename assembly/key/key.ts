/** What is hashed: the key of one request. */
import { ABSENT, Slice, isPresent } from '../bytes/slice'
import { KeyFormat, KeyPolicy } from '../config/policy'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { evaluate, winner } from './evaluate'
import { hashNode } from './hash'
import { inboundKey } from './inbound'

/**
 * The value of the key header, counted by its source; ABSENT if nothing yields one. Where the session could not be
 * read, no source may stand in for it: what cannot be read is never taken as absent. Reads only, writes nothing.
 */
export function deriveKey(policy: KeyPolicy, sessionReadable: bool): Slice {
  const inbound = inboundKey(policy)
  if (isPresent(inbound)) {
    count(Counter.KeyInbound)
    return inbound
  }
  const result = sessionReadable ? evaluate(policy) : ABSENT
  const source = winner
  if (!isPresent(result) || source === null) {
    count(Counter.KeyNone)
    return ABSENT
  }
  count(<Counter>(Counter.KeySession + source.kind))
  return policy.format == KeyFormat.Raw ? result : hashNode(result, policy.hmac)
}
