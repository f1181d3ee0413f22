import { spawn } from 'node:child_process'

/** What a run of the command left behind. */
export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `mooring` while this process goes on, so that it can ask servers of this process. */
export async function mooring(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['build/js/cli/main.js', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, stdout, stderr }
}
