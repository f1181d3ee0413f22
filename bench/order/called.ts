import { ProxyWasmModule } from '../../host/index.ts'
import { hostedJob, hostedVisit, NOW } from '../hosted-visit.ts'
import { rewriteModule } from '../instructions/rewrite.ts'
import { jobsAt } from '../jobs.ts'

/** Exports, one for each function: 1 if it was entered since this was asked last. */
const TAKE = 'entered_'

/**
 * For each function of the filter, imports left out, the letters of the jobs whose requests and answers enter it. A job
 * is done twice, and the second time counts: the first fills pools.
 *
 * @throws {Error} where a job was not done
 */
export function jobsOfFunctions(filter: Uint8Array): readonly string[] {
  const { bytes, count } = withMarks(filter)
  const module = ProxyWasmModule.load(bytes)
  const letters = Array<string>(count).fill('')
  for (const job of jobsAt(NOW)) {
    const { vm, plugin } = hostedJob(module, job)
    const entered = () => letters.map((_, index) => vm.callExport(`${TAKE}${index}`) === 1)
    const visit = () => {
      hostedVisit(plugin, job, (_, work) => {
        work()
      })
      return entered()
    }
    visit()
    visit().forEach((was, index) => {
      if (was) letters[index] = `${letters[index] ?? ''}${job.letter}`
    })
  }
  return letters
}

/** The module, in which each function notes that it was entered. */
function withMarks(filter: Uint8Array): { readonly bytes: Uint8Array; readonly count: number } {
  let count = 0
  const bytes = rewriteModule(filter, (lines) => {
    const marked: string[] = []
    let inHead = false
    for (const line of lines) {
      // A function's head are its first line and those of its locals.
      if (inHead && !line.startsWith('  (local ')) {
        marked.push(`i32.const 1 global.set $${TAKE}${count++}`)
        inHead = false
      }
      marked.push(line)
      if (line.startsWith(' (func ')) inHead = true
    }
    for (let i = 0; i < count; i++) marked.push(...takes(`${TAKE}${i}`))
    return marked
  })
  return { bytes, count }
}

function takes(mark: string): readonly string[] {
  return [
    `(global $${mark} (mut i32) (i32.const 0))`,
    `(func (export "${mark}") (result i32) global.get $${mark} i32.const 0 global.set $${mark})`,
  ]
}
