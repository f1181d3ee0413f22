/** One block of each contender. */
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

/**
 * The numbers below `count` in an order that is drawn, each as likely as any other: who always comes behind the same one would
 * always find in the processor's caches what that one left there.
 *
 * @param random draws from 0 up to 1
 */
export function drawnOrder(count: number, random: () => number = Math.random): readonly number[] {
  const order = [...Array(count).keys()]
  for (let last = count - 1; last > 0; last--) {
    const [drawn] = order.splice(Math.floor(random() * (last + 1)), 1)
    if (drawn !== undefined) order.splice(last, 0, drawn)
  }
  return order
}
