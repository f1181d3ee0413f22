import type { CheckResult } from './check.ts'
import type { Finding } from './finding.ts'

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'

/** The Static Analysis Results Interchange Format, 2.1.0 (OASIS), which code hosts show beside the code. */
export function asSarif({ findings }: CheckResult): string {
  const codes = [...new Set(findings.map(({ code }) => code))].toSorted()
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'mooring check', rules: codes.map((id) => ({ id })) } },
        // Columns count characters as JavaScript does.
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => resultOf(finding, codes.indexOf(finding.code))),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function resultOf({ severity, code, place, object, message, instead }: Finding, ruleIndex: number) {
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: `${object}: ${message}${instead === undefined ? '' : `\nInstead: ${instead}`}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: {
            uri: place.file === '-' ? 'stdin' : encodeURI(place.file.replaceAll('\\', '/')),
          },
          region: { startLine: place.line, startColumn: place.column },
        },
      },
    ],
  }
}
