import type { Style } from '../../tools/style.ts'
import type { CheckResult } from './check.ts'
import type { Finding } from './finding.ts'
import { asSarif } from './sarif.ts'

export const FORMATS = ['text', 'json', 'sarif', 'github'] as const

export type Format = (typeof FORMATS)[number]

/** What was found, in one of the formats. */
export function report(result: CheckResult, format: Format, style: Style): string {
  switch (format) {
    case 'text':
      return asText(result, style)
    case 'json':
      return asJson(result)
    case 'sarif':
      return asSarif(result)
    case 'github':
      return asGithub(result)
  }
}

/** For people: what was found, each at its place, and a line that counts. */
function asText({ findings, objects, configurations }: CheckResult, style: Style): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const found =
    findings.length === 0
      ? style.good('nothing found')
      : `${style.bad(count(errors, 'error'))}, ${count(findings.length - errors, 'warning')}`
  const fixes = findings.filter(({ fix }) => fix !== undefined).length
  return [
    ...findings.map((finding) => findingText(finding, style)),
    `${count(objects, 'object')}, ${count(configurations, 'configuration')} of Mooring: ${found}`,
    ...(fixes > 0 ? [`${count(fixes, 'finding')} can be put right by --fix`] : []),
    '',
  ].join('\n')
}

function findingText(
  { severity, code, place, object, pointer, message, instead }: Finding,
  style: Style,
): string {
  const mark = severity === 'error' ? style.bad('error') : style.bold('warning')
  const where = `${place.file}:${String(place.line)}:${String(place.column)}`
  const lines = [
    `${where}: ${mark} ${code}: ${object}${pointer === undefined ? '' : ` ${pointer === '' ? '(root)' : pointer}`}`,
    `    ${message}`,
  ]
  return instead === undefined
    ? lines.join('\n')
    : [...lines, style.dim(`    instead: ${instead}`)].join('\n')
}

/** For programs. */
function asJson({ findings, objects, configurations }: CheckResult): string {
  const plain = findings.map(({ place, fix, ...finding }) => ({
    ...finding,
    ...place,
    fixable: fix !== undefined,
  }))
  return `${JSON.stringify({ objects, configurations, findings: plain }, null, 2)}\n`
}

/** Lines that GitHub's runners show beside the code (workflow commands). */
function asGithub({ findings }: CheckResult): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  return findings
    .map(({ severity, code, place: { file, line, column }, object, message, instead }) => {
      const place = `file=${property(file)},line=${String(line)},col=${String(column)},title=${property(code)}`
      const text = `${object}: ${message}${instead === undefined ? '' : `\ninstead: ${instead}`}`
      return `::${severity} ${place}::${data(text)}\n`
    })
    .join('')
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`
}
