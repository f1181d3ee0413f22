/** What a filter takes before the first request: start-up, and memory for each worker's VM. */
import { type Contender, startContender } from '../contender.ts'
import type { Job } from '../jobs.ts'
import { processorTime } from '../processor-time.ts'
import { residentBytes } from './resident.ts'

/** Of one contender, over no filter: medians of the starts. */
export interface Footprint {
  readonly name: string
  /** Milliseconds of processor time until an Envoy with one worker is live: compiling, and configuring twice. */
  readonly startUp: number
  /** Bytes for each worker beyond the first. */
  readonly worker: number
}

/** What was seen of one start. */
export interface Started {
  /** Milliseconds of processor time. */
  readonly ran: number
  /** Bytes. */
  readonly resident: number
}

const MANY_WORKERS = 5

/** Starts each contender with one worker and with several, in turn; the first contender is the baseline. */
export async function footprints(
  job: Job,
  contenders: readonly Contender[],
  binary: string,
  starts: number,
): Promise<readonly Footprint[]> {
  const seen = contenders.map(({ name }) => ({ name, one: [] as Started[], many: [] as Started[] }))
  for (let start = 0; start < starts; start++) {
    for (const [i, contender] of contenders.entries()) {
      seen[i]?.one.push(await startOnce(contender, job, binary, 1))
      seen[i]?.many.push(await startOnce(contender, job, binary, MANY_WORKERS))
    }
  }
  return footprintsOf(seen)
}

/** What such starts say, the first ones being the baseline's. */
export function footprintsOf(
  seen: readonly {
    readonly name: string
    readonly one: readonly Started[]
    readonly many: readonly Started[]
  }[],
): readonly Footprint[] {
  const [baseline, ...others] = seen.map(({ name, one, many }) => ({
    name,
    startUp: median(one.map(({ ran }) => ran)),
    worker:
      (median(many.map(({ resident }) => resident)) - median(one.map(({ resident }) => resident))) /
      (MANY_WORKERS - 1),
  }))
  return others.map(({ name, startUp, worker }) => ({
    name,
    startUp: startUp - (baseline?.startUp ?? 0),
    worker: worker - (baseline?.worker ?? 0),
  }))
}

async function startOnce(contender: Contender, job: Job, binary: string, workers: number): Promise<Started> {
  // Nothing is sent, so nobody has to answer.
  const { envoy } = await startContender({ ...contender, workers }, job, binary, 1)
  try {
    return { ran: processorTime(envoy.pid).ran / 1e6, resident: residentBytes(envoy.pid) }
  } finally {
    await envoy.stop()
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}
