/** What a request costs, and what memory is taken, while other streams are open and await their answers. */
import { assertDoesItsJob, type Contender, type RunningContender, startContender } from '../contender.ts'
import type { Job } from '../jobs.ts'
import { Load } from '../load.ts'
import { roundsOf, type Size } from '../measure.ts'
import { jobResult, type JobResult } from '../result.ts'
import type { Round } from '../round.ts'
import { HeldStreams } from './held-streams.ts'
import { residentBytes } from './resident.ts'

/** What was found while so many streams were open. */
export interface OpenStreams {
  readonly open: number
  /** The job's cost, over an Envoy without a filter that has as many streams open. */
  readonly job: JobResult
  /** Of each contender, the baseline first: bytes for each open stream, over no open one; the median of the starts. */
  readonly streamBytes: readonly { readonly name: string; readonly bytes: number }[]
}

/**
 * Measures at each level of open streams; levels ascend from 0.
 *
 * @throws {Error} where a contender does not do its job, or does not hold all streams
 */
export async function openStreams(
  job: Job,
  contenders: readonly Contender[],
  binary: string,
  size: Size,
  levels: readonly number[],
): Promise<readonly OpenStreams[]> {
  const holding = contenders.map((contender) => ({ ...contender, holds: true }))
  const names = contenders.map(({ name }) => name)
  const seen = levels.map((open) => ({
    open,
    rounds: [] as Round[],
    resident: names.map((): number[] => []),
  }))
  for (let start = 0; start < size.starts; start++) {
    await using load = await Load.start()
    const running: RunningContender[] = []
    const held: HeldStreams[] = []
    try {
      for (const contender of holding)
        running.push(await startContender(contender, job, binary, load.upstream))
      for (const { port, envoy, visit } of running) held.push(new HeldStreams(port, envoy, visit))
      for (const { open, rounds, resident } of seen) {
        for (const each of held) await each.holdUpTo(open)
        for (const contender of running) await assertDoesItsJob(contender, job, load)
        rounds.push(...(await roundsOf(running, load, size)))
        running.forEach(({ envoy }, i) => resident[i]?.push(residentBytes(envoy.pid)))
      }
    } finally {
      for (const each of held) each.close()
      await Promise.all(running.map(({ envoy }) => envoy.stop()))
    }
  }
  return seen.map(({ open, rounds, resident }) => ({
    open,
    job: jobResult(job, names, rounds, size.starts),
    streamBytes: names.map((name, i) => ({
      name,
      bytes: bytesForEach(open, resident[i] ?? [], seen[0]?.resident[i] ?? []),
    })),
  }))
}

/** The median over the starts of what memory grew by, for each stream. */
export function bytesForEach(open: number, then: readonly number[], before: readonly number[]): number {
  if (open === 0) return 0
  const grown = then.map((bytes, start) => bytes - (before[start] ?? 0)).sort((a, b) => a - b)
  return (grown[grown.length >> 1] ?? 0) / open
}
