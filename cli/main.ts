#!/usr/bin/env node
import { exitOnBrokenPipe } from '../tools/broken-pipe.ts'
import { UsageError } from '../tools/usage-error.ts'
import type { Command } from './command.ts'
import { UnreadableFileError } from './unreadable-file-error.ts'

interface Listed {
  readonly name: string
  /** A line for the list of commands. */
  readonly summary: string
  /** Only the one that is asked for: each has libraries that the others do without, and reading them takes most of a short run. */
  readonly load: () => Promise<Command>
}

const COMMANDS: readonly Listed[] = [
  {
    name: 'check',
    summary: 'say what breaks sessions, before it is applied',
    load: async () => (await import('./check/command.ts')).check,
  },
  {
    name: 'explain',
    summary: 'say which pod a request reaches, and why',
    load: async () => (await import('./explain/command.ts')).explain,
  },
  {
    name: 'probe',
    summary: 'ask a running gateway as many clients, and say which share stays on its pod',
    load: async () => (await import('./probe/command.ts')).probe,
  },
]

const HELP = `Usage: mooring COMMAND

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

mooring COMMAND --help says more.
`

const [name, ...args] = process.argv.slice(2)
const listed = COMMANDS.find((each) => each.name === name)

async function run(): Promise<number> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(HELP)
    return 0
  }
  if (listed === undefined) {
    const names = COMMANDS.map((each) => each.name).join(', ')
    throw new UsageError(`${name === undefined ? 'no command' : `no command "${name}"`}; there is: ${names}`)
  }
  const command = await listed.load()
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.help)
    return 0
  }
  return command.run(args)
}

exitOnBrokenPipe()
try {
  process.exitCode = await run()
} catch (error) {
  const expected = error instanceof UsageError || error instanceof UnreadableFileError || isSystemError(error)
  if (!expected) throw error
  process.stderr.write(`mooring: ${error.message}\n`)
  if (error instanceof UsageError) {
    process.stderr.write(
      `${['mooring', ...(listed === undefined ? [] : [listed.name])].join(' ')} --help says more\n`,
    )
  }
  process.exitCode = 2
}

/** A file that is not there or may not be read, a host that does not answer. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
