/** One block of each contender, in turn. */
export interface Round {
  /** Microseconds on a processor for a request, contender by contender. */
  readonly costs: readonly number[]
  /** The longest that any of them waited for a processor, microseconds for a request. */
  readonly waited: number
}

/**
 * The `count` rounds in which the Envoys waited least. Where other programs want the processors too, caches grow cold
 * and an Envoy wakes more often, so that a request costs more for a while.
 */
export function calmest(rounds: readonly Round[], count: number): readonly Round[] {
  return [...rounds].sort((a, b) => a.waited - b.waited).slice(0, count)
}
