/**
 * What a contender costs over a baseline, from blocks that were run round by round: block i of one stands beside block i of
 * the other, so that what slows the whole machine slows both.
 */
export interface PairedCost {
  /** The median of the differences, block by block. */
  readonly median: number
  /** The differences between which the middle half lies. */
  readonly quartiles: readonly [lower: number, upper: number]
  /** The cheapest block of the one over the cheapest of the other: both at their least disturbed. */
  readonly minima: number
}

/** @throws {RangeError} unless both have the same number of blocks, at least one */
export function pairedCost(contender: readonly number[], baseline: readonly number[]): PairedCost {
  const differences = sorted(differencesOf(contender, baseline))
  return {
    median: quantile(differences, 0.5),
    quartiles: [quantile(differences, 0.25), quantile(differences, 0.75)],
    minima: Math.min(...contender) - Math.min(...baseline),
  }
}

/**
 * Where 95 % of the medians lie when starts, and blocks of each, are drawn anew, with repetition.
 *
 * @param starts as in {@link costRatio}
 * @throws {RangeError} unless both have the same number of blocks, at least one, and each start as many
 */
export function costInterval(
  contender: readonly number[],
  baseline: readonly number[],
  starts = 1,
): readonly [lower: number, upper: number] {
  const own = differencesOf(contender, baseline)
  return middle(drawnAnew(own.length, starts, (drawn) => median(pick(own, drawn))))
}

/** How many times the cost of a reference a contender costs, both over one baseline. */
export interface CostRatio {
  /** The median of the one's differences over the median of the other's. */
  readonly ratio: number
  /** Where 95 % of such ratios lie when starts, and blocks of each, are drawn anew, with repetition. */
  readonly interval: readonly [lower: number, upper: number]
}

const DRAWS = 2_000

/**
 * A percentile bootstrap in two steps: blocks of one start of the processes are more alike than those of another,
 * since where memory and code come to lie stays for a process's life. A draw takes block i of all three or of none,
 * so that they stay side by side; the same blocks give the same interval.
 *
 * @param starts how often the processes were started; the blocks of each stand together and are as many
 * @returns undefined where the reference costs nothing that could be seen
 * @throws {RangeError} unless all have the same number of blocks, at least one
 */
export function costRatio(
  contender: readonly number[],
  reference: readonly number[],
  baseline: readonly number[],
  starts = 1,
): CostRatio | undefined {
  const own = differencesOf(contender, baseline)
  const others = differencesOf(reference, baseline)
  if (median(others) <= 0) return undefined
  const ratios = drawnAnew(own.length, starts, (drawn) => {
    const reference = median(pick(others, drawn))
    // No bound can be told from a draw in which the reference costs nothing.
    return reference > 0 ? median(pick(own, drawn)) / reference : Infinity
  })
  return { ratio: median(own) / median(others), interval: middle(ratios) }
}

/** What `statistic` says of each draw. */
function drawnAnew(
  blocks: number,
  starts: number,
  statistic: (drawn: readonly number[]) => number,
): readonly number[] {
  if (blocks % starts !== 0) {
    throw new RangeError(`${blocks} blocks of ${starts} starts: expected as many of each`)
  }
  const random = randomBelow()
  return Array.from({ length: DRAWS }, () => statistic(draw(random, starts, blocks / starts)))
}

/** The bounds of the middle 95 %. */
function middle(values: readonly number[]): readonly [lower: number, upper: number] {
  const ranked = sorted(values)
  return [quantile(ranked, 0.025), quantile(ranked, 0.975)]
}

function differencesOf(contender: readonly number[], baseline: readonly number[]): readonly number[] {
  if (contender.length === 0 || contender.length !== baseline.length) {
    throw new RangeError(
      `${contender.length} blocks beside ${baseline.length}: expected as many of each, and some`,
    )
  }
  return contender.map((cost, i) => cost - (baseline[i] ?? 0))
}

/** A linear congruential generator: its high bits are even enough to draw blocks. */
function randomBelow(): (limit: number) => number {
  let state = 1
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function draw(random: (limit: number) => number, starts: number, blocks: number): readonly number[] {
  return Array.from({ length: starts }, () => random(starts) * blocks).flatMap((first) =>
    Array.from({ length: blocks }, () => first + random(blocks)),
  )
}

function pick(values: readonly number[], indices: readonly number[]): readonly number[] {
  return indices.map((index) => values[index] ?? 0)
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b)
}

function median(values: readonly number[]): number {
  return quantile(sorted(values), 0.5)
}

/** Linear between the two nearest ranks, of sorted values. */
function quantile(sorted: readonly number[], fraction: number): number {
  const rank = (sorted.length - 1) * fraction
  const below = sorted[Math.floor(rank)] ?? 0
  const above = sorted[Math.ceil(rank)] ?? below
  const weight = rank - Math.floor(rank)
  // Between equals and at a rank itself there is nothing to weigh, and an Infinity would become NaN.
  return weight === 0 || below === above ? below : below + (above - below) * weight
}
