/** One of the things that `mooring` does. */
export interface Command {
  /** What `--help` prints: usage, options, exit codes and examples. */
  readonly help: string
  /**
   * Does it. Results go to standard output, all else to standard error.
   *
   * @param args what follows the command's name; `--help` is dealt with before
   * @returns the exit code
   * @throws {UsageError} where they cannot be followed
   */
  run(args: readonly string[]): number | Promise<number>
}
