/** The response's way: nothing at all, unless the request left something to be done. */
import { REQUEST_CAP, arenaReset } from '../bytes/arena'
import { isPresent } from '../bytes/slice'
import { Carrier } from '../config/policy'
import { Counter } from '../proxy/counter'
import { count, useLedger } from '../proxy/metrics'
import { answerApplication, refuseAnswer } from '../session/application-answer'
import { Pending, findPending, dropPending } from '../session/pending'
import { takePod } from '../session/pod'
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
    answer(pending, root)
    if (pending.note != 0) explain(pending, root)
  }
  dropPending(stream)
}

function answer(pending: Pending, root: Root): void {
  const ofRoot = root.policy
  if (ofRoot !== null && pending.takesPod && !takePod(pending, ofRoot.podHeader)) {
    count(Counter.WriteRefused)
    refuseAnswer()
    return
  }
  const policy = pending.policy
  if (policy === null) return
  if (policy.carrier != Carrier.Own || isPresent(policy.follows)) answerApplication(policy, pending)
  else if (!pending.onMove || pending.moved) setCookie(pending)
}

function explain(pending: Pending, root: Root): void {
  const policy = root.policy
  if (policy === null) return
  const debug = policy.debug
  if (debug !== null) changetype<Explanation>(pending.note).answer(debug)
}
