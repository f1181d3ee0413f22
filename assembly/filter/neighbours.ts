/**
 * Whether other plugins run Mooring in this proxy. Only then is it worth to mark requests (marker.ts), which costs each of
 * them hostcalls: so it is found out beside the way of requests, from leases in one shared value.
 *
 *     plugin a   worker 1 --+                            +-- lease --+-- lease --+
 *                worker 2 --+-- one lease a second -->   |  a   :05  |  b   :04  |   shared by the whole process
 *     plugin b   worker 1 --+                            +-----------+-----------+
 *                worker 2 --+                                             |
 *                                                                         v
 *         a worker of a, within a second: there is another one, mark from now on
 *
 *     lease  | plugin u32 | seconds u32 |            at most 32
 *
 * A plugin is told by its name, `<namespace>.<name>` in Istio: all its workers, and the roots before and after an update,
 * are one. Whoever is removed stops renewing, and is forgotten 5 seconds later. A write that another one came before is
 * left to the next tick.
 */
import { hashOctets, hashStart } from '../bytes/hash'
import { ascii } from '../bytes/literal'
import { Slice, UNREADABLE, between, endOf, ptrOf } from '../bytes/slice'
import { now } from '../proxy/clock'
import { readProperty } from '../proxy/property'
import { readSharedData, replaceSharedData } from '../proxy/shared-data'
import { Root } from './root'

const KEY: Slice = ascii('mooring.leases')
const NAME: Slice = ascii('plugin_name')

// @ts-ignore: decorator
@inline
const LEASE_SECONDS: u32 = 5

// @ts-ignore: decorator
@inline
const LEASE_BYTES: u32 = 8

// @ts-ignore: decorator
@inline
const LEASES_BYTES: u32 = 32 * LEASE_BYTES

const leases: usize = memory.data(LEASES_BYTES, 8)

/** To be called when a root is configured: its name is one of its plugin's for good. */
export function nameLease(root: Root): void {
  const name = readProperty(NAME)
  root.plugin = hashOctets(hashStart(0), ptrOf(name), endOf(name))
  renewLease(root)
}

/** To be called with each tick of a root. What the host refuses to show leaves `root.hasNeighbours` as it is. */
export function renewLease(root: Root): void {
  const found = readSharedData(KEY)
  if (found == UNREADABLE || now == 0) return
  let end = leases
  let renewed = false
  for (let at = ptrOf(found), last = endOf(found); at + LEASE_BYTES <= last; at += LEASE_BYTES) {
    const age = <u32>now - load<u32>(at, 4)
    if (load<u32>(at) == root.plugin) {
      renewed = age == 0
    } else if (age + LEASE_SECONDS <= 2 * LEASE_SECONDS && end < leases + LEASES_BYTES - LEASE_BYTES) {
      // Another worker's clock may be ahead: it reads it at other moments.
      store<u64>(end, load<u64>(at))
      end += LEASE_BYTES
    }
  }
  root.hasNeighbours = end != leases
  if (renewed) return
  store<u32>(end, root.plugin)
  store<u32>(end, <u32>now, 4)
  replaceSharedData(KEY, between(leases, end + LEASE_BYTES))
}
