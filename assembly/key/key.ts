/** What is hashed: the key of one request. */
import { ABSENT, Slice, isPresent } from '../bytes/slice'
import { KeyFormat, KeyPolicy } from '../config/policy'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { evaluate, winner } from './evaluate'
import { hashNode } from './hash'

/** The value of the key header, counted by its source; ABSENT if nothing yields one. Reads only, writes nothing. */
export function deriveKey(policy: KeyPolicy): Slice {
  const result = evaluate(policy)
  const source = winner
  if (!isPresent(result) || source === null) {
    count(Counter.KeyNone)
    return ABSENT
  }
  count(<Counter>(Counter.KeySession + source.kind))
  return policy.format == KeyFormat.Raw ? result : hashNode(result, policy.hmac)
}
