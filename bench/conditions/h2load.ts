import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastLine, runCommand } from '../../tools/run-command.ts'
import type { Visit } from '../jobs.ts'
import { type LoadSummary, summaryOf } from './load-log.ts'

const CONNECTIONS = 16

/** Why there is no h2load, undefined where there is one. */
export async function whyNoH2load(): Promise<string | undefined> {
  const { status, stderr } = await runCommand('h2load', ['--version'], { timeoutMs: 10_000 })
  return status === 0 ? undefined : `h2load, which Debian has in nghttp2-client: ${lastLine(stderr)}`
}

/**
 * Sends the visit over 16 connections of HTTP/1.1 that stay open.
 *
 * @param rate requests a second, all together; undefined: each connection sends again once it has its answer
 * @throws {Error} where h2load fails, or a request is not answered 200
 */
export async function h2load(
  port: number,
  visit: Visit,
  seconds: number,
  rate?: number,
): Promise<LoadSummary> {
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
