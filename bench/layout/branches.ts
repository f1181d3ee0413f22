/** The branches of a module: its `if` and `br_if`, numbered in the order of its text. */
import { rewriteModule } from '../instructions/rewrite.ts'
import { markFields, noted } from './marks.ts'
import { markedInJobs } from './visits.ts'

/** What the condition of a branch was: bits, since different requests find it different. */
export const FALSE = 1
export const TRUE = 2

const CONDITION = '$condition'

/** True for a line of a module's text that is a branch. */
export function isBranch(line: string): boolean {
  return /^ {2,}(?:if|br_if)\b/.test(line)
}

/**
 * For each branch of the filter what the bench's jobs find its condition to be: 0 where none of them reaches it.
 *
 * @throws {Error} where a job was not done
 */
export function conditionsInJobs(filter: Uint8Array): readonly number[] {
  let branches = 0
  const marked = rewriteModule(filter, (lines) => {
    const text: string[] = []
    for (const line of lines) {
      if (isBranch(line)) {
        const found = `i32.const ${TRUE} i32.const ${FALSE} global.get ${CONDITION} select`
        text.push(`global.set ${CONDITION} ${noted(branches++, found)} global.get ${CONDITION}`)
      }
      text.push(line)
    }
    return [...text, `(global ${CONDITION} (mut i32) (i32.const 0))`, ...markFields(branches)]
  })
  const conditions = Array<number>(branches).fill(0)
  for (const marks of markedInJobs(marked, branches).values())
    marks.forEach((mark, branch) => (conditions[branch] = (conditions[branch] ?? 0) | mark))
  return conditions
}
