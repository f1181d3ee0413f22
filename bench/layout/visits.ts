import { ProxyWasmModule } from '../../host/index.ts'
import { hostedJob, hostedVisit, NOW } from '../hosted-visit.ts'
import { jobsAt } from '../jobs.ts'
import { readMarks } from './marks.ts'

/**
 * What a filter with marks notes while it does the jobs of the bench in the host, by their letters. A job is done twice,
 * and the second time counts: the first fills pools.
 *
 * @throws {Error} where a job was not done
 */
export function markedInJobs(filter: Uint8Array, marks: number): ReadonlyMap<string, readonly number[]> {
  const module = ProxyWasmModule.load(filter)
  return new Map(
    jobsAt(NOW).map((job) => {
      const { vm, plugin } = hostedJob(module, job)
      const visit = () => {
        hostedVisit(plugin, job, (_, work) => {
          work()
        })
        return readMarks(vm, marks)
      }
      visit()
      return [job.letter, visit()]
    }),
  )
}
