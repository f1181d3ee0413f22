/**
 * What a contender costs over a baseline, from blocks that were run in turn: block i of one stands beside block i of
 * the other, so that what slows the whole machine slows both.
 */
export interface PairedCost {
  /** The median of the differences, block by block. */
  readonly median: number
  /** The differences between which the middle half lies. */
  readonly quartiles: readonly [lower: number, upper: number]
}

/** @throws {RangeError} unless both have the same number of blocks, at least one */
export function pairedCost(contender: readonly number[], baseline: readonly number[]): PairedCost {
  if (contender.length === 0 || contender.length !== baseline.length) {
    throw new RangeError(
      `${contender.length} blocks beside ${baseline.length}: expected as many of each, and some`,
    )
  }
  const differences = contender.map((cost, i) => cost - (baseline[i] ?? 0)).sort((a, b) => a - b)
  return {
    median: quantile(differences, 0.5),
    quartiles: [quantile(differences, 0.25), quantile(differences, 0.75)],
  }
}

/** Linear between the two nearest ranks, of sorted values. */
function quantile(sorted: readonly number[], fraction: number): number {
  const rank = (sorted.length - 1) * fraction
  const below = sorted[Math.floor(rank)] ?? 0
  const above = sorted[Math.ceil(rank)] ?? below
  return below + (above - below) * (rank - Math.floor(rank))
}
