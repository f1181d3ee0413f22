/**
 * Root contexts. One VM may hold several: two plugins of one image, and while a configuration is replaced the old
 * root beside the new one. So nothing that a request reads is global to the VM.
 */
import { Policy } from '../config/policy'
import { freePolicy } from '../config/compile'
import { dropPendingOf } from '../session/pending'

/** More roots at once than any proxy has; beyond them there is no place, and configuring is refused. */
// @ts-ignore: decorator
@inline
const MOST_ROOTS: u32 = 256

// @ts-ignore: decorator
@inline
const ROOT_BYTES: u32 = 20


@unmanaged
export class Root {
  /** The context id; 0 marks a free place. */
  id: u32
  policy: Policy | null
  /** Where its counters are (filter/metrics.ts). */
  ledger: usize
  /** A hash of its plugin's name, and whether there are other plugins (filter/neighbours.ts). */
  plugin: u32
  hasNeighbours: bool
}

const roots: usize = memory.data(256 * 20, 4)
let highest: u32 = 0

// A stream's context is created right before its first callback, so the last pair tells whose it is.
let lastStream: u32 = 0
let lastRoot: Root | null = null

export function createRoot(id: u32): void {
  if (id == 0 || findRoot(id) !== null) return
  for (let i: u32 = 0; i < MOST_ROOTS; i++) {
    const root = rootAt(i)
    if (root.id != 0) continue
    root.id = id
    root.policy = null
    root.ledger = 0
    root.hasNeighbours = false
    if (i >= highest) highest = i + 1
    return
  }
}

export function findRoot(id: u32): Root | null {
  if (id == 0) return null
  for (let i: u32 = 0; i < highest; i++) {
    const root = rootAt(i)
    if (root.id == id) return root
  }
  return null
}

/** Frees the root's policy and its place. Streams that still await a response get none from us. */
export function removeRoot(root: Root): void {
  replacePolicy(root, null)
  root.id = 0
  if (lastRoot === root) lastRoot = null
}

/** Puts `policy` in place and frees the one before, with all that pointed into it. */
export function replacePolicy(root: Root, policy: Policy | null): void {
  const old = root.policy
  root.policy = policy
  if (old === null) return
  dropPendingOf(root.id)
  freePolicy(old)
}

export function noteStream(stream: u32, root: u32): void {
  lastStream = stream
  const last = lastRoot
  if (last === null || last.id != root) lastRoot = findRoot(root)
}

/** The root of `stream`, whose context was created last; null if another was created since. */
export function rootOfNewest(stream: u32): Root | null {
  return stream == lastStream ? lastRoot : null
}

// @ts-ignore: decorator
@inline
function rootAt(index: u32): Root {
  return changetype<Root>(roots + index * ROOT_BYTES)
}
