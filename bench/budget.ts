/**
 * What each job costs, counted: no clock is asked, so that the numbers are the same on every machine and a change of
 * one is a change of the filter.
 */
import { readFileSync } from 'node:fs'
import { BUILT_FILTER } from '../demo/built-filter.ts'
import type { Plugin, Vm } from '../host/index.ts'
import { hostedJob, hostedVisit, NOW, type Phase } from './hosted-visit.ts'
import { countInstructions, countingModule } from './instructions/count.ts'
import { type Job, jobsAt } from './jobs.ts'

/** What one phase of a request costs. */
export interface PhaseBudget {
  /** Hostcalls by name. */
  readonly hostcalls: Readonly<Record<string, number>>
  /** Callbacks that Envoy enters, in order. */
  readonly callbacks: readonly string[]
  /** Instructions that the module executes in them. */
  readonly instructions: number
}

export interface JobBudget extends Readonly<Record<Phase, PhaseBudget>> {
  readonly name: string
}

export interface Budget {
  readonly moduleBytes: number
  /** By letter. */
  readonly jobs: Readonly<Record<string, JobBudget>>
}

/** Counts what the built filter costs. @throws {Error} where a job was not done */
export function countBudget(): Budget {
  return { moduleBytes: readFileSync(BUILT_FILTER).length, jobs: countJobs(jobsAt(NOW)) }
}

/** What these jobs cost, by letter; the filter is the built one. @throws {Error} where one was not done */
export function countJobs(
  jobs: readonly Job[],
  filter: Uint8Array = readFileSync(BUILT_FILTER),
): Budget['jobs'] {
  const module = countingModule(filter)
  const counted = jobs.map((job): [string, JobBudget] => {
    const { vm, plugin } = hostedJob(module, job)
    // The first fills pools that later ones draw from.
    countVisit(vm, plugin, job)
    return [job.letter, { name: job.name, ...countVisit(vm, plugin, job) }]
  })
  return Object.fromEntries(counted)
}

function countVisit(vm: Vm, plugin: Plugin, job: Job): Record<Phase, PhaseBudget> {
  const nothing: PhaseBudget = { hostcalls: {}, callbacks: [], instructions: 0 }
  const counted = { request: nothing, response: nothing }
  hostedVisit(plugin, job, (phase, work) => {
    counted[phase] = countPhase(vm, work)
  })
  return counted
}

function countPhase(vm: Vm, run: () => void): PhaseBudget {
  vm.hostcalls.reset()
  vm.journal?.clear()
  const instructions = countInstructions(vm, run)
  const callbacks = (vm.journal?.events ?? []).flatMap((event) =>
    event.kind === 'callback' ? [event.name] : [],
  )
  return {
    hostcalls: vm.hostcalls.all(),
    callbacks: callbacks.filter((name) => name.startsWith('proxy_on_')),
    instructions,
  }
}
