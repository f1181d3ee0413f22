/** What is hashed: the key of one request. */
import { ABSENT, Slice, isPresent } from '../bytes/slice'
import { KeyFormat, KeyPolicy } from '../config/policy'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { evaluate, winner } from './evaluate'
import { hashNode } from './hash'
import { inboundKey } from './inbound'
import { startTrace } from './trace'

/** What the last key was counted as. */
export let keyOutcome: Counter = Counter.KeyNone

/**
 * The value of the key header, counted by its source; ABSENT if nothing yields one. Where the session could not be
 * read, no source may stand in for it: what cannot be read is never taken as absent. Reads only, writes nothing.
 */
export function deriveKey(policy: KeyPolicy, sessionReadable: bool): Slice {
  startTrace()
  const inbound = inboundKey(policy)
  if (isPresent(inbound)) {
    outcome(Counter.KeyInbound)
    return inbound
  }
  const result = sessionReadable ? evaluate(policy) : ABSENT
  const source = winner
  if (!isPresent(result) || source === null) {
    outcome(Counter.KeyNone)
    return ABSENT
  }
  outcome(<Counter>(Counter.KeySession + source.kind))
  return policy.format == KeyFormat.Raw ? result : hashNode(result, policy.hmac)
}

/** The value of the key header of a session that was bound to it: no source is asked. */
export function boundKey(key: Slice): Slice {
  startTrace()
  outcome(Counter.KeyBound)
  return key
}

// @ts-ignore: decorator
@inline
function outcome(counter: Counter): void {
  keyOutcome = counter
  count(counter)
}
