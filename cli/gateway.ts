#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Gateway, GatewayConfigError, readGatewayConfig } from '../host/gateway/index.ts'
import { LogLevel, PluginRefusedError } from '../host/index.ts'
import { exitOnBrokenPipe } from '../tools/broken-pipe.ts'
import { parseCommandLine } from '../tools/command-line.ts'
import { UsageError } from '../tools/usage-error.ts'

const HELP = `Usage: mooring-gateway FILE

Runs any Proxy-Wasm filter behind an HTTP port, without an Envoy: FILE says which filters, routes and clusters there
are, in YAML or JSON. docs/host.md shows one. Lines that filters log go to standard error. Ctrl-C lets answers in
flight finish, and ends it.

Options:
  --help               this text

Exit codes:
  0   it was ended
  2   the command line, the file or a filter cannot be used

Examples:
  mooring-gateway gateway.yaml
`

async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseCommandLine(args, {
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false } },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new UsageError('name one file')
  await using gateway = await Gateway.start({
    ...readGatewayConfig(readFileSync(file, 'utf8'), dirname(file)),
    log: ({ level, message, rootId }) => {
      process.stderr.write(
        `[${LogLevel[level].toLowerCase()}] ${rootId === '' ? '' : `${rootId}: `}${message}\n`,
      )
    },
  })
  process.stdout.write(`listening on ${gateway.url}\n`)
  if (gateway.adminUrl !== undefined) process.stdout.write(`admin page on ${gateway.adminUrl}/stats\n`)
  await new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}

exitOnBrokenPipe()
try {
  await run(process.argv.slice(2))
} catch (error) {
  if (!isExpected(error)) throw error
  process.stderr.write(`mooring-gateway: ${error.message}\n`)
  if (error instanceof UsageError) process.stderr.write('mooring-gateway --help says more\n')
  process.exitCode = 2
}

function isExpected(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof GatewayConfigError) return true
  return error instanceof PluginRefusedError || (error instanceof Error && 'syscall' in error)
}
