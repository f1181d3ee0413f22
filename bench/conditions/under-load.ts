/** How long requests take at a fixed rate, and how many go through as fast as they can. */
import { type Contender, type RunningContender, startContender } from '../contender.ts'
import type { Job } from '../jobs.ts'
import { startAnsweringEnvoy } from './answering-envoy.ts'
import type { ConditionsSize, UnderLoad } from './conditions.ts'
import type { LoadTool } from './load-tool.ts'

/** Loads each contender in turn, as often as there are starts. */
export async function underLoad(
  job: Job,
  contenders: readonly Contender[],
  binary: string,
  { send }: LoadTool,
  { starts, rate, seconds }: Pick<ConditionsSize, 'starts' | 'rate' | 'seconds'>,
): Promise<readonly UnderLoad[]> {
  const upstream = await startAnsweringEnvoy(binary)
  const running: RunningContender[] = []
  try {
    for (const contender of contenders)
      running.push(await startContender(contender, job, binary, upstream.port))
    // The first load opens connections to the upstream, and V8 compiles what first runs.
    for (const { port, visit } of running) await send(port, visit, 1)
    const results = running.map(({ name }) => ({ name, atRate: [] as Round, saturated: [] as Round }))
    for (let round = 0; round < starts; round++) {
      for (const [i, { port, visit }] of running.entries()) {
        results[i]?.atRate.push(await send(port, visit, seconds, rate))
        results[i]?.saturated.push(await send(port, visit, seconds))
      }
    }
    return results
  } finally {
    await Promise.all([...running, upstream].map(({ envoy }) => envoy.stop()))
  }
}

type Round = UnderLoad['atRate'][number][]
