import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from './usage-error.ts'

/**
 * The options and positionals of a command line, as `parseArgs` of node:util tells them apart. Throws
 * {@link UsageError} on an option that `config` does not name, or that lacks its value.
 *
 *     const { values } = parseCommandLine(['--port', '80'], { options: { port: { type: 'string' } } })
 */
export function parseCommandLine<const T extends Omit<ParseArgsConfig, 'args'>>(
  args: readonly string[],
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs<T>({ ...config, args: [...args] })
  } catch (error) {
    // What Node goes on to say of positionals that begin with "-" is of no use to whoever mistypes an option.
    throw new UsageError(
      error instanceof Error ? error.message.replace(/\. To specify .*$/s, '') : String(error),
    )
  }
}
