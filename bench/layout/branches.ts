/** The branches of a module: its `if` and `br_if`, numbered in the order of its text. */
import { rewriteModule } from '../instructions/rewrite.ts'
import { markFields, noted } from './marks.ts'
import { markedInJobs } from './visits.ts'

/** What the condition of a branch was: bits, since a visit may come by more than once. */
const FALSE = 1
const TRUE = 2

/** In how many jobs a branch's condition is found true, and in how many false; a job may find both. */
export interface Branch {
  readonly yes: number
  readonly no: number
}

const CONDITION = '$condition'

/** True for a line of a module's text that is a branch. */
export function isBranch(line: string): boolean {
  return /^ {2,}(?:if|br_if)\b/.test(line)
}

/**
 * The branches of the filter as the bench's jobs find them.
 *
 * @throws {Error} where a job was not done
 */
export function branchesInJobs(filter: Uint8Array): readonly Branch[] {
  let count = 0
  const marked = rewriteModule(filter, (lines) => {
    const text: string[] = []
    for (const line of lines) {
      if (isBranch(line)) {
        const found = `i32.const ${TRUE} i32.const ${FALSE} global.get ${CONDITION} select`
        text.push(`global.set ${CONDITION} ${noted(count++, found)} global.get ${CONDITION}`)
      }
      text.push(line)
    }
    return [...text, `(global ${CONDITION} (mut i32) (i32.const 0))`, ...markFields(count)]
  })
  const jobs = [...markedInJobs(marked, count).values()]
  const inJobs = (branch: number, condition: number) =>
    jobs.filter((marks) => ((marks[branch] ?? 0) & condition) !== 0).length
  return Array.from({ length: count }, (_, branch) => ({
    yes: inJobs(branch, TRUE),
    no: inJobs(branch, FALSE),
  }))
}
