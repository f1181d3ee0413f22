/**
 * How the requests of a cluster are shared among its priorities: recalculatePerPriorityState and its neighbours in
 * load_balancer_base.cc. All numbers are whole percents, rounded down where Envoy rounds down.
 */
import type { Host } from './host-set.ts'

/** One priority's part of all requests. */
export interface PriorityLoad {
  /** Percent of requests that go to its healthy hosts, and to its degraded ones. */
  healthy: number
  degraded: number
  /** So few of its hosts are healthy that all are used. */
  panic: boolean
}

/** A host set by its numbers. */
interface Counts {
  readonly total: number
  readonly healthy: number
  readonly degraded: number
}

/** `overprovisioning_factor`: a priority counts as fully available down to 72 % of healthy hosts. */
const OVERPROVISIONING = 140

/**
 * The load of each priority, by its number; there is at least priority 0. The loads sum to 100.
 *
 * @param panicThreshold percent of healthy hosts below which a priority panics; 0 to 100
 */
export function priorityLoads(
  priorities: readonly (readonly Host[])[],
  panicThreshold: number,
): PriorityLoad[] {
  const counts = priorities.map(countsOf)
  const loads = counts.map((): PriorityLoad => ({ healthy: 0, degraded: 0, panic: false }))
  const [first] = loads
  if (first === undefined) return [{ healthy: 100, degraded: 0, panic: false }]

  const healthy = counts.map((set) => availability(set.healthy, set.total))
  const degraded = counts.map((set) => availability(set.degraded, set.total))
  const available = Math.min(100, sum(healthy) + sum(degraded))
  if (available > 0) distribute(loads, healthy, degraded, available)

  if (panicThreshold === 0 && available === 0) {
    first.healthy = 100
    return loads
  }
  for (const [i, load] of loads.entries())
    load.panic = available < 100 && isInPanic(counts[i], panicThreshold)
  if (loads.every(({ panic }) => panic)) distributeByHosts(loads, counts)
  return loads
}

/**
 * The priority of a request (choosePriority): the hash falls into the parts that the healthy hosts have, one priority
 * after another, and then into those of the degraded.
 */
export function choosePriority(hash: bigint, loads: readonly PriorityLoad[]): number {
  const percent = Number(hash % 100n) + 1
  let reached = 0
  for (const kind of ['healthy', 'degraded'] as const) {
    for (const [priority, load] of loads.entries()) {
      reached += load[kind]
      if (percent <= reached) return priority
    }
  }
  return 0
}

function countsOf(hosts: readonly Host[]): Counts {
  const degraded = hosts.filter((host) => host.degraded === true).length
  const healthy = hosts.filter((host) => host.healthy !== false && host.degraded !== true).length
  return { total: hosts.length, healthy, degraded }
}

function availability(count: number, total: number): number {
  return total === 0 ? 0 : Math.min(100, Math.floor((OVERPROVISIONING * count) / total))
}

/** As much as each can take, in order; what rounding leaves over goes to the first that is available at all. */
function distribute(
  loads: readonly PriorityLoad[],
  healthy: readonly number[],
  degraded: readonly number[],
  available: number,
): void {
  let left = 100
  for (const kind of ['healthy', 'degraded'] as const) {
    const shares = kind === 'healthy' ? healthy : degraded
    for (const [i, load] of loads.entries()) {
      load[kind] = Math.min(left, Math.floor(((shares[i] ?? 0) * 100) / available))
      left -= load[kind]
    }
  }
  const firstHealthy = loads[healthy.findIndex((share) => share > 0)]
  const firstDegraded = loads[degraded.findIndex((share) => share > 0)]
  if (firstHealthy !== undefined) firstHealthy.healthy += left
  else if (firstDegraded !== undefined) firstDegraded.degraded += left
}

/** Where every priority is in panic, each gets as much as it has hosts (recalculateLoadInTotalPanic). */
function distributeByHosts(loads: readonly PriorityLoad[], counts: readonly Counts[]): void {
  const total = sum(counts.map((set) => set.total))
  let left = 100
  for (const [i, load] of loads.entries()) {
    load.healthy = total === 0 ? 0 : Math.floor((100 * (counts[i]?.total ?? 0)) / total)
    load.degraded = 0
    left -= load.healthy
  }
  const first =
    loads[
      Math.max(
        0,
        counts.findIndex((set) => set.total > 0),
      )
    ]
  if (first !== undefined) first.healthy += left
}

function isInPanic(set: Counts | undefined, threshold: number): boolean {
  if (set === undefined || set.total === 0) return threshold > 0
  return (100 * set.healthy) / set.total + (100 * set.degraded) / set.total < threshold
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
