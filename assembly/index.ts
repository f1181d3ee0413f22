/** The exports that Envoy calls; nothing else. What is not exported costs a request nothing. */
import './proxy/abort'
import { REQUEST_CAP, arenaAlloc, arenaReset } from './bytes/arena'
import { configure } from './filter/configure'
import { renewLease } from './filter/neighbours'
import { onRequestHeaders } from './filter/request'
import { onResponseHeaders } from './filter/response'
import { createRoot, findRoot, noteStream, removeRoot, rootOfNewest } from './filter/root'
import { FilterHeadersStatus } from './proxy/abi'
import { readClock } from './proxy/clock'
import { flush } from './proxy/metrics'
import { dropPending } from './session/pending'

export function proxy_abi_version_0_2_1(): void {}

/** Where the host puts what it hands over. Makes no hostcall: the host would refuse it here. */
export function malloc(size: u32): usize {
  return arenaAlloc(size)
}

export function proxy_on_context_create(context: u32, parent: u32): void {
  if (parent == 0) createRoot(context)
  else noteStream(context, parent)
}

/** Runs again for each root of a shared VM; nothing belongs to the VM, so nothing is to be done. */
export function proxy_on_vm_start(root: u32, size: u32): u32 {
  return 1
}

/** A root that is refused is given up at once: hosts do not delete what never ran, and would fill the table. */
export function proxy_on_configure(context: u32, size: u32): u32 {
  const root = findRoot(context)
  if (root === null) return 0
  if (configure(root, size)) return 1
  if (root.policy === null) removeRoot(root)
  return 0
}

export function proxy_on_tick(context: u32): void {
  readClock()
  const root = findRoot(context)
  if (root === null) return
  arenaReset(REQUEST_CAP)
  renewLease(root)
  flush(root.ledger)
}

export function proxy_on_request_headers(stream: u32, headers: u32, endOfStream: u32): u32 {
  const root = rootOfNewest(stream)
  return root === null ? FilterHeadersStatus.Continue : onRequestHeaders(root, stream)
}

export function proxy_on_response_headers(stream: u32, headers: u32, endOfStream: u32): u32 {
  onResponseHeaders(stream)
  return FilterHeadersStatus.Continue
}

/** Of a stream or a root: the last that is heard of either, in every order of ending. */
export function proxy_on_delete(context: u32): void {
  const root = findRoot(context)
  if (root === null) {
    dropPending(context)
    return
  }
  flush(root.ledger)
  removeRoot(root)
}
