import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastLine, runCommand } from '../../tools/run-command.ts'
import { summaryOf } from './load-log.ts'
import { CONNECTIONS, type LoadTool } from './load-tool.ts'

/** What `h2load --version` says, or why there is none. */
export async function h2loadVersion(): Promise<
  { readonly found: true; readonly version: string } | { readonly found: false; readonly reason: string }
> {
  const { status, stdout, stderr } = await runCommand('h2load', ['--version'], { timeoutMs: 10_000 })
  return status === 0
    ? { found: true, version: lastLine(stdout) }
    : { found: false, reason: lastLine(stderr) }
}

/** A {@link LoadTool} that is a program of its own. */
export const h2load: LoadTool['send'] = async (port, visit, seconds, rate) => {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-h2load-'))
  const log = join(directory, 'log')
  const { host = '', ...others } = visit.headers
  try {
    const { status, stdout, stderr } = await runCommand(
      'h2load',
      [
        '--h1',
        ...['--clients', String(CONNECTIONS), '--duration', String(seconds), '--log-file', log],
        ...(rate === undefined ? [] : ['--rps', String(rate / CONNECTIONS)]),
        ...Object.entries(others).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
        `--connect-to=127.0.0.1:${port}`,
        `http://${host}${visit.path}`,
      ],
      { timeoutMs: (seconds + 30) * 1000 },
    )
    if (status !== 0) throw new Error(`h2load failed: ${lastLine(stderr) || lastLine(stdout)}`)
    return summaryOf(readFileSync(log, 'utf8'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
