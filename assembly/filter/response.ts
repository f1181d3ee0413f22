/** The response's way: nothing at all, unless the request left something to be done. */
import { REQUEST_CAP, arenaReset } from '../bytes/arena'
import { Carrier } from '../config/policy'
import { useLedger } from '../proxy/metrics'
import { wrapAnswer } from '../session/application-answer'
import { Pending, findPending, dropPending } from '../session/pending'
import { setCookie } from '../session/set-cookie'
import { Explanation } from './explanation'
import { Root, findRoot } from './root'

export function onResponseHeaders(stream: u32): void {
  const pending = findPending(stream)
  if (pending === null) return
  const root = findRoot(pending.root)
  if (root !== null) {
    arenaReset(REQUEST_CAP)
    useLedger(root.ledger)
    const policy = pending.policy
    if (policy !== null && policy.carrier != Carrier.Own) wrapAnswer(policy, pending.value)
    else setCookie(pending)
    if (pending.note != 0) explain(pending, root)
  }
  dropPending(stream)
}

function explain(pending: Pending, root: Root): void {
  const policy = root.policy
  if (policy === null) return
  const debug = policy.debug
  if (debug !== null) changetype<Explanation>(pending.note).answer(debug)
}
