import type { Style } from '../../tools/style.ts'
import type { CheckResult, Finding } from './plugin-config.ts'

/** What was found, for people: a line for each configuration, and one for each finding under it. */
export function asText(results: readonly CheckResult[], style: Style): string {
  return results.map((result) => resultText(result, style)).join('')
}

/** The same for programs: a list in the order of the files. */
export function asJson(results: readonly CheckResult[]): string {
  return `${JSON.stringify(results, null, 2)}\n`
}

function resultText({ file, object, accepted, findings }: CheckResult, style: Style): string {
  const verdict = accepted ? style.good('accepted') : style.bad('refused')
  return [
    `${file}: ${object}: ${verdict}`,
    ...findings.map((finding) => findingText(finding, style)),
    '',
  ].join('\n')
}

function findingText({ severity, code, pointer, message }: Finding, style: Style): string {
  const mark = severity === 'error' ? style.bad('error  ') : style.dim('warning')
  return `  ${mark}  ${code}  ${pointer === '' ? '(root)' : pointer}\n           ${message}`
}
