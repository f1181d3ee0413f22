/**
 * Prints how many tests passed, failed and were skipped, as one line, from a vitest JSON report.
 *
 *     node build/js/tools/test-summary.js build/test-report.json
 *
 * Exits with 1 if any failed or was skipped, or none ran: where this is called a skipped test is a missing proof.
 */
import { readFileSync } from 'node:fs'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly success: boolean
}

const path = process.argv[2]
if (path === undefined) {
  console.error('test-summary: name the JSON report, as in: test-summary.js build/test-report.json')
  process.exit(2)
}
const report = JSON.parse(readFileSync(path, 'utf8')) as Report
const skipped = report.numPendingTests + report.numTodoTests
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed, ${skipped} skipped`)
process.exit(report.success && report.numPassedTests > 0 && skipped === 0 ? 0 : 1)
