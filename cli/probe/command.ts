import { readFileSync } from 'node:fs'
import { withProgress } from '../../tools/progress.ts'
import { styleFor } from '../../tools/style.ts'
import { UsageError } from '../../tools/usage-error.ts'
import type { Command } from '../command.ts'
import { NO_POD_HEADER } from './advice.ts'
import { HELP, type ProbeArguments, readArguments } from './arguments.ts'
import { liveSession, oneConnection } from './client.ts'
import { judge } from './judge.ts'
import { asJson, asText } from './report.ts'
import type { SessionRecord } from './visit.ts'

export const probe: Command = {
  help: HELP,
  async run(args) {
    const options = readArguments(args)
    const tokens = options.tokenFile === undefined ? [] : readTokens(options.tokenFile)
    const [first] = options.urls
    if (first === undefined) return 2
    const records = await withProgress(`asking ${first.origin}, ${options.sessions} sessions`, () =>
      liveAll(options, tokens),
    )
    const verdict = judge(records, first.protocol === 'https:')
    if (verdict.pods.length === 0) {
      const [failure] = Object.keys(verdict.failures)
      const answered = Object.keys(verdict.statuses).length > 0
      process.stderr.write(
        `mooring: ${first.origin}: ${answered ? NO_POD_HEADER(options.podHeader) : `no answer: ${failure ?? ''}`}\n`,
      )
      return 2
    }
    const asked = {
      origin: first.origin,
      paths: options.urls.map(({ pathname, search }) => pathname + search),
      requests: options.requests,
      minShare: options.minShare,
    }
    process.stdout.write(
      options.format === 'json'
        ? asJson(verdict, asked)
        : asText(verdict, asked, styleFor(process.stdout, process.env)),
    )
    return verdict.share >= options.minShare ? 0 : 1
  },
}

function readTokens(file: string): readonly string[] {
  const tokens = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '')
  // RFC 6750, 2.1.
  if (tokens.length === 0 || tokens.some((token) => !/^[A-Za-z0-9._~+/-]+=*$/.test(token))) {
    throw new UsageError(`--token-file ${file}: expected a bearer token on each line`)
  }
  return tokens
}

/** All sessions, `concurrency` at a time, in the order in which they began. */
async function liveAll(
  options: ProbeArguments,
  tokens: readonly string[],
): Promise<readonly SessionRecord[]> {
  const [first] = options.urls
  const shared = options.oneConnection && first !== undefined ? oneConnection(first) : undefined
  const records: SessionRecord[] = []
  let begun = 0
  const lane = async () => {
    while (begun < options.sessions) {
      const number = begun
      begun += 1
      const token = tokens[number % Math.max(tokens.length, 1)]
      records[number] = await liveSession({ ...options, token, ...(shared === undefined ? {} : { shared }) })
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.concurrency, options.sessions) }, lane))
  shared?.destroy()
  return records
}
