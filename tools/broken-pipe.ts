/**
 * Ends the process quietly when whoever reads its output has stopped reading, as `head` does: that is no failure of
 * ours, and there is nobody left to tell. 141 is what a shell shows for a process that SIGPIPE ended.
 */
export function exitOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(141)
    throw error
  })
}
