/**
 * `session.persistence`: Envoy's filter stateful_session, behind this one, sends a request to the pod that a header names,
 * and names the pod in the answer where that was another one.
 *
 *     request   the session's cookie --> the header        a client's own is gone
 *     answer    the header           --> the cookie        no client ever sees an address
 *
 * It is Envoy's token for the pod, base64 of its address. Where the pod is gone Envoy goes by the hash.
 */
import { Slice, isPresent, lenOf } from '../bytes/slice'
import { Counter } from '../proxy/counter'
import { readResponseHeader, removeResponseHeader } from '../proxy/header'
import { count } from '../proxy/metrics'
import { Pending, reservePending } from './pending'
import { sessionPod } from './session'

/** Keeps what the answer needs. False if there is no room: then an address would reach the client. */
export function awaitPod(stream: u32, root: u32): bool {
  const pending = reservePending(stream)
  if (pending === null) return false
  pending.root = root
  pending.takesPod = true
  pending.pod = sessionPod
  return true
}

/** Takes Envoy's token off the answer, into `pending`. False if it is there and cannot be taken. */
export function takePod(pending: Pending, header: Slice): bool {
  const pod = readResponseHeader(header)
  if (isPresent(pod)) {
    if (lenOf(pending.pod) > 0) count(Counter.PodMoved)
    pending.pod = pod
    pending.moved = true
  }
  return removeResponseHeader(header)
}
