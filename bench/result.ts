import { BASELINE, FLOOR, RUST, RUST_COOKIE } from './contender.ts'
import { costInterval, costRatio, pairedCost } from './paired.ts'
import type { Round } from './round.ts'

/** A number that was measured, and where 95 % of draws have it; an upper bound of null is none. */
export interface Estimate {
  readonly value: number
  readonly interval: readonly [lower: number, upper: number | null]
}

/** What one contender costs in a job. */
export interface ContenderResult {
  readonly name: string
  /** Microseconds of processor time for a request, over no filter: the median of the differences. */
  readonly cost: Estimate
  /** The differences between which the middle half lies. */
  readonly quartiles: readonly [lower: number, upper: number]
  /** The cheapest block over the cheapest one of no filter. */
  readonly minima: number
  /** How many times as much as the floor; undefined where that cannot be told. */
  readonly overFloor?: Estimate | undefined
  /** How many times as much as Rust beside it: the same work, or a copy of the cookie ({@link rustOf}). */
  readonly overRust?: Estimate | undefined
}

export interface JobResult {
  readonly letter: string
  readonly name: string
  /** What a request costs an Envoy without a filter, the median block. */
  readonly baseline: number
  readonly contenders: readonly ContenderResult[]
}

/** Which of Rust's filters a job's others are compared with; undefined where there is none. */
export function rustOf(names: readonly string[]): typeof RUST | typeof RUST_COOKIE | undefined {
  return ([RUST, RUST_COOKIE] as const).find((each) => names.includes(each))
}

/** Everything that a run has found. */
export interface RunResult {
  /** When it began: ISO 8601. */
  readonly date: string
  readonly machine: string
  readonly envoy: string
  readonly node: string
  readonly starts: number
  readonly blocks: number
  readonly requests: number
  /** Contenders that could not be built, and why. */
  readonly leftOut: readonly string[]
  readonly jobs: readonly JobResult[]
}

/**
 * What the rounds of a job say.
 *
 * @param names of the contenders, as the rounds have them; one of them is the baseline
 * @param starts how often the contenders were started; the rounds of each stand together and are as many
 */
export function jobResult(
  { letter, name }: Pick<JobResult, 'letter' | 'name'>,
  names: readonly string[],
  rounds: readonly Round[],
  starts: number,
): JobResult {
  const blocksOf = (wanted: string): readonly number[] | undefined => {
    const index = names.indexOf(wanted)
    return index < 0 ? undefined : rounds.map(({ costs }) => costs[index] ?? 0)
  }
  const baseline = blocksOf(BASELINE) ?? []
  const rust = rustOf(names)
  const times = (blocks: readonly number[], reference: string | undefined): Estimate | undefined => {
    const others = reference === undefined ? undefined : blocksOf(reference)
    const found = others === undefined ? undefined : costRatio(blocks, others, baseline, starts)
    if (found === undefined) return undefined
    const [lower, upper] = found.interval
    return { value: found.ratio, interval: [lower, Number.isFinite(upper) ? upper : null] }
  }
  const contenders = names
    .filter((each) => each !== BASELINE)
    .map((each): ContenderResult => {
      const blocks = blocksOf(each) ?? []
      const { median, quartiles, minima } = pairedCost(blocks, baseline)
      const cost = { value: median, interval: costInterval(blocks, baseline, starts) }
      return {
        name: each,
        cost,
        quartiles,
        minima,
        overFloor: times(blocks, FLOOR),
        overRust: times(blocks, rust),
      }
    })
  const without = pairedCost(
    baseline,
    baseline.map(() => 0),
  ).median
  return { letter, name, baseline: without, contenders }
}
