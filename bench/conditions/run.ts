import { withProgress } from '../../tools/progress.ts'
import {
  BASELINE,
  type Contender,
  contendersFor,
  FLOOR,
  MOORING,
  type PeerModules,
  RUST,
} from '../contender.ts'
import type { Job } from '../jobs.ts'
import { measure } from '../measure.ts'
import { jobResult, type JobResult } from '../result.ts'
import type { Round } from '../round.ts'
import type { ConditionsResult, ConditionsSize } from './conditions.ts'
import { footprints } from './footprint.ts'
import type { LoadTool } from './load-tool.ts'
import { reloads } from './reload.ts'
import { openStreams } from './streams.ts'
import { underLoad } from './under-load.ts'

const INSTANCES = [1, 2, 4]
const RELOADS_FOR_START = 4

/** Measures all conditions, with the job (a) and the contenders that it is to be compared with. */
export async function runConditions(
  job: Job,
  modules: PeerModules,
  binary: string,
  size: ConditionsSize,
  loadTool: LoadTool,
): Promise<
  Pick<ConditionsResult, 'streams' | 'instances' | 'footprints' | 'reloads' | 'loadTool' | 'underLoad'>
> {
  const all = contendersFor(job, modules)
  const named = (...names: readonly string[]) => all.filter(({ name }) => names.includes(name))
  const contenders = named(BASELINE, FLOOR, RUST, MOORING)
  const levels = [...new Set([0, Math.ceil(size.open / 10), size.open])]
  return {
    streams: await withProgress('open streams', () =>
      openStreams(job, named(BASELINE, FLOOR, MOORING), binary, size, levels),
    ),
    instances: await withProgress('plugin instances', () => instances(job, all, binary, size)),
    footprints: await withProgress('start-up and memory', () =>
      footprints(job, contenders, binary, size.starts),
    ),
    reloads: await withProgress('configurations under load', () =>
      reloads(job, named(BASELINE, MOORING), binary, RELOADS_FOR_START * size.starts),
    ),
    loadTool: loadTool.name,
    underLoad: await withProgress('latency and throughput', () =>
      underLoad(job, contenders, binary, loadTool, size),
    ),
  }
}

/** What several plugins cost that run Mooring one behind the other, with one configuration. */
async function instances(
  job: Job,
  all: readonly Contender[],
  binary: string,
  size: ConditionsSize,
): Promise<JobResult> {
  const [baseline, own] = [BASELINE, MOORING].map((wanted) => all.find(({ name }) => name === wanted))
  if (baseline === undefined || own === undefined) throw new Error('the job has no baseline, or no Mooring')
  const contenders = [
    baseline,
    ...INSTANCES.map((plugins) => ({ ...own, plugins, name: `Mooring, ${plugins} of them` })),
  ]
  const rounds: Round[] = []
  for (let start = 0; start < size.starts; start++)
    rounds.push(...(await measure(job, contenders, binary, size, 'apart')))
  return jobResult(
    job,
    contenders.map(({ name }) => name),
    rounds,
    size.starts,
  )
}
