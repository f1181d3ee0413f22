/** What is measured beside the jobs, all of it with job (a): under which conditions the cost stays what it is. */
import type { JobResult } from '../result.ts'
import type { Footprint } from './footprint.ts'
import type { LoadSummary } from './load-log.ts'
import type { Reloaded } from './reload.ts'
import type { OpenStreams } from './streams.ts'

/** How much is measured. */
export interface ConditionsSize {
  /** Times that everything is started, or rounds of load. */
  readonly starts: number
  /** Rounds of blocks that count after each start. */
  readonly blocks: number
  /** Requests in a block. */
  readonly requests: number
  /** The most streams that are held open. */
  readonly open: number
  /** Requests a second of the load at a fixed rate. */
  readonly rate: number
  /** How long each such load lasts, and each one as fast as it goes. */
  readonly seconds: number
}

/** What one contender did under load: each summary is of one round. */
export interface UnderLoad {
  readonly name: string
  readonly atRate: readonly LoadSummary[]
  readonly saturated: readonly LoadSummary[]
}

/** Everything that a run has found. */
export interface ConditionsResult extends ConditionsSize {
  /** When it began: ISO 8601. */
  readonly date: string
  readonly machine: string
  readonly envoy: string
  /** What could not be measured, and why. */
  readonly leftOut: readonly string[]
  readonly streams: readonly OpenStreams[]
  readonly instances: JobResult
  readonly footprints: readonly Footprint[]
  readonly reloads: readonly Reloaded[]
  /** What sent the load, with its version. Runs that do not say had h2load. */
  readonly loadTool?: string
  readonly underLoad: readonly UnderLoad[]
}
