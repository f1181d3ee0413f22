import { rewriteModule } from '../instructions/rewrite.ts'
import { markFields, noted } from './marks.ts'
import { markedInJobs } from './visits.ts'

/**
 * For each function of the filter, imports left out, the letters of the jobs whose requests and answers enter it.
 *
 * @throws {Error} where a job was not done
 */
export function jobsOfFunctions(filter: Uint8Array): readonly string[] {
  let functions = 0
  const marked = rewriteModule(filter, (lines) => {
    const text: string[] = []
    let inHead = false
    for (const line of lines) {
      // A function's head are its first line and those of its locals.
      if (inHead && !line.startsWith('  (local ')) {
        text.push(noted(functions++, 'i32.const 1'))
        inHead = false
      }
      text.push(line)
      if (line.startsWith(' (func ')) inHead = true
    }
    return [...text, ...markFields(functions)]
  })
  const jobs = [...markedInJobs(marked, functions)]
  return Array.from({ length: functions }, (_, index) =>
    jobs.map(([letter, marks]) => (marks[index] === 0 ? '' : letter)).join(''),
  )
}
