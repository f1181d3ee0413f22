import { hrtime } from 'node:process'

/** The two clocks that a guest can read. */
export interface Clock {
  /** Nanoseconds since 1970. */
  realtime(): bigint
  /** Nanoseconds since some fixed moment; never goes back. */
  monotonic(): bigint
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000n

/**
 * A clock that stands still until it is told to move. Both clocks start far apart, so that a test sees which one
 * a guest reads: 2026-01-01T00:00:00Z and 1,000 seconds.
 */
export class ManualClock implements Clock {
  private realtimeNow: bigint
  private monotonicNow = 1_000_000_000_000n

  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.realtimeNow = BigInt(start.getTime()) * NANOSECONDS_PER_MILLISECOND
  }

  realtime(): bigint {
    return this.realtimeNow
  }

  monotonic(): bigint {
    return this.monotonicNow
  }

  /** Moves both clocks forward. */
  advance(milliseconds: number): void {
    const step = BigInt(Math.round(milliseconds * 1e6))
    this.realtimeNow += step
    this.monotonicNow += step
  }

  /** Sets the wall clock alone, backwards too, as an operator or NTP does. */
  setRealtime(time: Date): void {
    this.realtimeNow = BigInt(time.getTime()) * NANOSECONDS_PER_MILLISECOND
  }
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  realtime: () => BigInt(Date.now()) * NANOSECONDS_PER_MILLISECOND,
  monotonic: () => hrtime.bigint(),
}
