/** HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/): what a browser's developer tools save. */
import { readFileSync } from 'node:fs'
import { UsageError } from '../../tools/usage-error.ts'
import { listAt, textAt } from '../manifests/value.ts'
import { type Request, requestOf } from './request.ts'

const SHOWN = 20

/**
 * One request of a HAR file.
 *
 * @param entry from 1; needed where the file has several
 * @throws {UsageError} that lists the entries, where none was chosen
 */
export function requestInHar(file: string, entry: number | undefined): Request {
  const where = `--har ${file}`
  const entries = listAt(parse(file, where), 'log', 'entries')
  if (entries.length === 0) throw new UsageError(`${where}: has no entries`)
  if (entry === undefined && entries.length > 1) {
    const lines = entries.slice(0, SHOWN).map((each, i) => `  ${i + 1}  ${titleOf(each)}`)
    const more = entries.length > SHOWN ? [`  and ${entries.length - SHOWN} more`] : []
    throw new UsageError(
      [`${where}: has ${entries.length} entries, choose with --entry N:`, ...lines, ...more].join('\n'),
    )
  }
  const chosen = entries[(entry ?? 1) - 1]
  if (chosen === undefined)
    throw new UsageError(`--entry ${entry ?? 1}: ${file} has ${entries.length} entries`)
  const headers = listAt(chosen, 'request', 'headers')
    .map((header) => [textAt(header, 'name'), textAt(header, 'value')] as const)
    // HTTP/2 as browsers save it: the URL and the method say the same.
    .filter(([name]) => !name.startsWith(':'))
  return requestOf(textAt(chosen, 'request', 'method'), textAt(chosen, 'request', 'url'), headers, where)
}

function parse(file: string, where: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${where}: not JSON, as a HAR file is`)
    throw error
  }
}

function titleOf(entry: unknown): string {
  const url = textAt(entry, 'request', 'url').replace(/[?#].*$/s, '')
  return `${textAt(entry, 'request', 'method')} ${url}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 120)
}
