import {
  assertDoesItsJob,
  type Contender,
  type RunningContender,
  startContender,
  startTogether,
} from './contender.ts'
import type { Job } from './jobs.ts'
import { Load } from './load.ts'
import { processorTime } from './processor-time.ts'
import { calmest, drawnOrder, type Round } from './round.ts'

/** How much is measured. */
export interface Size {
  /** Times that all Envoys are started. */
  readonly starts: number
  /** Rounds that count after each start. */
  readonly blocks: number
  /** Requests in a block. */
  readonly requests: number
}

const WARM_UP_BLOCKS = 10

/** Rounds that are run for each one that counts. */
const ROUNDS_FOR_ONE = 2

/** Whether all contenders stand in one Envoy, or each in its own: as those with several plugins have to. */
export type Housing = 'together' | 'apart'

/**
 * The rounds that count after one start of a job's contenders.
 *
 * @throws {Error} where a contender does not do the job
 */
export async function measure(
  job: Job,
  contenders: readonly Contender[],
  binary: string,
  size: Size,
  housing: Housing,
): Promise<readonly Round[]> {
  await using load = await Load.start()
  const running: RunningContender[] = []
  try {
    if (housing === 'together') running.push(...(await startTogether(contenders, job, binary, load.upstream)))
    else for (const each of contenders) running.push(await startContender(each, job, binary, load.upstream))
    for (const contender of running) await assertDoesItsJob(contender, job, load)
    const rounds = await roundsOf(running, load, size)
    // A filter that failed under way would have let requests pass for less.
    for (const contender of running) await assertDoesItsJob(contender, job, load)
    return rounds
  } finally {
    await Promise.all([...new Set(running.map(({ envoy }) => envoy))].map((envoy) => envoy.stop()))
  }
}

/** The rounds that count of contenders that run. */
export async function roundsOf(
  running: readonly RunningContender[],
  load: Load,
  { blocks, requests }: Pick<Size, 'blocks' | 'requests'>,
): Promise<readonly Round[]> {
  // Connections, and code that V8 compiles when it first runs.
  for (const { port, visit } of running) await load.send(port, visit, requests * WARM_UP_BLOCKS)
  const rounds = []
  for (let i = 0; i < blocks * ROUNDS_FOR_ONE; i++) rounds.push(await round(running, load, requests))
  return calmest(rounds, blocks)
}

async function round(running: readonly RunningContender[], load: Load, requests: number): Promise<Round> {
  const blocks: Block[] = []
  for (const index of drawnOrder(running.length)) {
    const contender = running[index]
    if (contender !== undefined) blocks[index] = await block(contender, load, requests)
  }
  return {
    costs: blocks.map(({ cost }) => cost),
    waited: Math.max(...blocks.map(({ waited }) => waited)),
  }
}

/** Microseconds for a request. */
interface Block {
  readonly cost: number
  readonly waited: number
}

async function block({ envoy, port, visit }: RunningContender, load: Load, requests: number): Promise<Block> {
  const before = processorTime(envoy.pid)
  await load.send(port, visit, requests)
  const after = processorTime(envoy.pid)
  const microseconds = (nanoseconds: number) => nanoseconds / requests / 1_000
  return {
    cost: microseconds(after.ran - before.ran),
    waited: microseconds(after.waited - before.waited),
  }
}
