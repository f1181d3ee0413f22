import { spawn } from 'node:child_process'

/**
 * Sees to it that `pid` does not outlive this process, however this process ends: a shell waits for the end of
 * its standard input, which the kernel closes for us even after SIGKILL, and then kills `pid`. Call the returned
 * function once `pid` is gone by itself.
 */
export function guardOrphan(pid: number): () => void {
  const guard = spawn('/bin/sh', ['-c', 'cat > /dev/null; kill -9 "$0" 2> /dev/null', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A Ctrl-C goes to the whole foreground group; the guard must live longer than that.
    detached: true,
  })
  // Killing the guard closes its end of the pipe, and a write error there is no news.
  guard.stdin.on('error', () => undefined)
  guard.on('error', () => undefined)
  guard.unref()
  return () => {
    guard.kill('SIGKILL')
  }
}
