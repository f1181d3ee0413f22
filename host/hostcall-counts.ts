import { HostUsageError } from './errors.ts'
import { HOSTCALLS, hostcallIndex } from './imports.ts'

/** How many hostcalls a VM has made: what a request costs, apart from the guest's own work. */
export class HostcallCounts {
  private readonly counts = new Float64Array(HOSTCALLS.length)
  private sum = 0

  /** All hostcalls since the VM was made or {@link reset}; WASI's count, the guest's `malloc` does not. */
  get total(): number {
    return this.sum
  }

  /**
   * The calls of one function.
   *
   * @throws {HostUsageError} `unknown_hostcall`
   */
  of(hostcall: string): number {
    const index = hostcallIndex(hostcall)
    if (index === undefined) {
      throw new HostUsageError(
        'unknown_hostcall',
        `no guest can call ${JSON.stringify(hostcall)}: it is no hostcall`,
      )
    }
    return this.counts[index] ?? 0
  }

  /** The functions that were called, with their counts. */
  all(): Record<string, number> {
    const called = HOSTCALLS.map(({ name }, index): [string, number] => [name, this.counts[index] ?? 0])
    return Object.fromEntries(called.filter(([, count]) => count > 0))
  }

  reset(): void {
    this.counts.fill(0)
    this.sum = 0
  }

  /** @internal */
  add(index: number): void {
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sum++
  }
}
