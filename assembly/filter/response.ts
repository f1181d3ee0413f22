/** The response's way: nothing at all, unless the request left something to be done. */
import { REQUEST_CAP, arenaReset } from '../bytes/arena'
import { useLedger } from '../proxy/metrics'
import { findPending, dropPending } from '../session/pending'
import { setCookie } from '../session/set-cookie'
import { findRoot } from './root'

export function onResponseHeaders(stream: u32): void {
  const pending = findPending(stream)
  if (pending === null) return
  const root = findRoot(pending.root)
  if (root !== null) {
    arenaReset(REQUEST_CAP)
    useLedger(root.ledger)
    setCookie(pending)
  }
  dropPending(stream)
}
