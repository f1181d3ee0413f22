import { HostUsageError } from './errors.ts'
import { HOSTCALLS, hostcallIndex } from './imports.ts'

/** What to answer instead of making a hostcall. */
export interface Fault {
  /** As the guest imports it, for example `proxy_get_property` or `random_get`; or `malloc`, the guest's own. */
  readonly hostcall: string
  /** Only the nth call counted from now, the first being 1; every call when absent. */
  readonly nth?: number
  /** What the guest gets: a status of `proxy_*`, an errno of WASI, an address of `malloc` (0: no memory). */
  readonly status: number
}

interface ArmedFault {
  readonly call: number
  readonly nth: number | undefined
  readonly status: number
  seen: number
}

/** The index under which faults of the guest's allocator are kept. */
export const MALLOC_FAULT = HOSTCALLS.length

/** No fault applies. */
export const NO_FAULT = -1

/** The failures that a test has asked for. */
export class Faults {
  private armed: ArmedFault[] = []

  get isEmpty(): boolean {
    return this.armed.length === 0
  }

  /** @throws {HostUsageError} `unknown_hostcall` */
  add({ hostcall, nth, status }: Fault): void {
    const call = hostcall === 'malloc' ? MALLOC_FAULT : hostcallIndex(hostcall)
    if (call === undefined) {
      throw new HostUsageError(
        'unknown_hostcall',
        `no guest can call ${JSON.stringify(hostcall)}: it is no hostcall`,
      )
    }
    this.armed.push({ call, nth, status, seen: 0 })
  }

  clear(): void {
    this.armed = []
  }

  /** The status to answer instead of call number `call`; {@link NO_FAULT} lets it be made. */
  next(call: number): number {
    let status = NO_FAULT
    for (const fault of this.armed) {
      if (fault.call !== call) continue
      fault.seen++
      if (fault.nth === undefined || fault.nth === fault.seen) status = fault.status
    }
    return status
  }
}
