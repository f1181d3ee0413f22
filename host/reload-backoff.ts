import type { RandomSource } from './random.ts'

const NANOSECONDS_PER_MILLISECOND = 1_000_000n

/** Milliseconds, Envoy's `reload_config.backoff.base_interval`. */
export const DEFAULT_RELOAD_INTERVAL = 1_000

/**
 * When a failed VM may be made anew under FAIL_RELOAD (wasm.cc maybeReloadHandleIfNeeded): a while after it was made,
 * not after it failed. The while is drawn at every look, from the base interval to one and a half of it
 * (JitteredLowerBoundBackOffStrategy).
 */
export class ReloadBackoff {
  private readonly interval: bigint
  private readonly random: RandomSource
  private lastLoad: bigint

  /**
   * @param interval in milliseconds, at least 1
   * @param now in nanoseconds, of a clock that never goes back; so are the others
   */
  constructor(interval: number, random: RandomSource, now: bigint) {
    this.interval = BigInt(interval)
    this.random = random
    this.lastLoad = now
  }

  /** Whether a new VM may be made now; if so, the next one may not be for a while. */
  take(now: bigint): boolean {
    const elapsed = (now - this.lastLoad) / NANOSECONDS_PER_MILLISECOND
    if (elapsed < this.interval + this.jitter()) return false
    this.lastLoad = now
    return true
  }

  private jitter(): bigint {
    const half = this.interval >> 1n
    if (half === 0n) return 0n
    const drawn = Buffer.alloc(8)
    this.random.fill(drawn)
    return drawn.readBigUInt64LE() % half
  }
}
