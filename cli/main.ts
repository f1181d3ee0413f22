#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ProxyWasmModule } from '../host/index.ts'
import { exitOnBrokenPipe } from '../tools/broken-pipe.ts'
import { packageRoot } from '../tools/package-root.ts'
import { styleFor } from '../tools/style.ts'
import { UsageError } from '../tools/usage-error.ts'
import { HELP, readArguments } from './arguments.ts'
import { check } from './check.ts'
import { configurationsIn, UnreadableFileError } from './configuration-source.ts'
import { asJson, asText } from './report.ts'

const STANDARD_INPUT = 0

/** @returns the exit code */
function run(args: readonly string[]): number {
  const { help, format, files } = readArguments(args)
  if (help) {
    process.stdout.write(HELP)
    return 0
  }
  const sources = files.flatMap((file) =>
    configurationsIn(file, readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8')),
  )
  if (sources.length === 0) {
    throw new UnreadableFileError(
      'nothing_to_check',
      files.join(', '),
      'no WasmPlugin and no pluginConfig in there',
    )
  }
  const module = ProxyWasmModule.load(readFileSync(join(packageRoot, 'build', 'mooring.wasm')))
  const results = sources.map((source) => check(module, source))
  process.stdout.write(
    format === 'json' ? asJson(results) : asText(results, styleFor(process.stdout, process.env)),
  )
  return results.every(({ accepted }) => accepted) ? 0 : 1
}

exitOnBrokenPipe()
try {
  process.exitCode = run(process.argv.slice(2))
} catch (error) {
  const expected = error instanceof UsageError || error instanceof UnreadableFileError || isSystemError(error)
  if (!expected) throw error
  process.stderr.write(`mooring: ${error.message}\n`)
  if (error instanceof UsageError) process.stderr.write('mooring --help says more\n')
  process.exitCode = 2
}

/** A file that is not there or may not be read. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
