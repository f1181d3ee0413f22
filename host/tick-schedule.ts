import type { Clock, ManualClock } from './clock.ts'

const NANOSECONDS_PER_MILLISECOND = 1_000_000n

interface Timer {
  readonly period: bigint
  due: bigint
}

/**
 * Timers: one per root for its ticks, armed anew after each (wasm.cc setTimerPeriod, tickHandler), and one per callout
 * for its timeout.
 */
export class TickSchedule<Root extends object> {
  private readonly timers = new Map<Root, Timer>()
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Arms the timer of a root from this moment on; a period of 0 disarms it. */
  set(root: Root, milliseconds: number): void {
    this.timers.delete(root)
    if (milliseconds === 0) return
    const period = BigInt(milliseconds) * NANOSECONDS_PER_MILLISECOND
    this.timers.set(root, { period, due: this.clock.monotonic() + period })
  }

  /** Milliseconds until the next timer is due, 0 when it is overdue; undefined when none is armed. */
  nextIn(): number | undefined {
    const next = this.earliest()
    if (next === undefined) return undefined
    return Math.max(0, Number(next[1].due - this.clock.monotonic()) / 1e6)
  }

  /** Moves a clock that stands still, stopping at every timer on the way. */
  advance(clock: ManualClock, milliseconds: number, tick: (root: Root) => void): void {
    const target = clock.monotonic() + BigInt(Math.round(milliseconds * 1e6))
    for (let next = this.earliest(); next !== undefined && next[1].due <= target; next = this.earliest()) {
      clock.advance(Math.max(0, Number(next[1].due - clock.monotonic()) / 1e6))
      this.fire(next, tick)
    }
    clock.advance(Number(target - clock.monotonic()) / 1e6)
  }

  /** Fires every timer that is due now, each once. */
  runDue(tick: (root: Root) => void): void {
    const now = this.clock.monotonic()
    for (const timer of [...this.timers]) {
      if (timer[1].due <= now && this.timers.get(timer[0]) === timer[1]) this.fire(timer, tick)
    }
  }

  private fire([root, timer]: [Root, Timer], tick: (root: Root) => void): void {
    timer.due = this.clock.monotonic() + timer.period
    tick(root)
  }

  private earliest(): [Root, Timer] | undefined {
    let earliest: [Root, Timer] | undefined
    for (const entry of this.timers) {
      if (earliest === undefined || entry[1].due < earliest[1].due) earliest = entry
    }
    return earliest
  }
}
