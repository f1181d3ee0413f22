#!/usr/bin/env node
import { exitOnBrokenPipe } from '../tools/broken-pipe.ts'
import { UsageError } from '../tools/usage-error.ts'
import { check } from './check/command.ts'
import type { Command } from './command.ts'
import { explain } from './explain/command.ts'
import { probe } from './probe/command.ts'
import { UnreadableFileError } from './unreadable-file-error.ts'

const COMMANDS: readonly Command[] = [check, explain, probe]

const HELP = `Usage: mooring COMMAND

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

mooring COMMAND --help says more.
`

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(HELP)
    return 0
  }
  const command = COMMANDS.find((each) => each.name === name)
  if (command === undefined) {
    const names = COMMANDS.map((each) => each.name).join(', ')
    throw new UsageError(`${name === undefined ? 'no command' : `no command "${name}"`}; there is: ${names}`)
  }
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.help)
    return 0
  }
  return command.run(args)
}

exitOnBrokenPipe()
try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  const expected = error instanceof UsageError || error instanceof UnreadableFileError || isSystemError(error)
  if (!expected) throw error
  process.stderr.write(`mooring: ${error.message}\n`)
  if (error instanceof UsageError) process.stderr.write('mooring --help says more\n')
  process.exitCode = 2
}

/** A file that is not there or may not be read, a host that does not answer. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
