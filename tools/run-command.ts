import { spawn } from 'node:child_process'

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What a finished command left behind. `status` is null when it could not be started or was killed. */
export interface CommandResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command to its end and collects its output; never throws. A command that cannot be started, or runs
 * longer than `timeoutMs`, has status null and says why in stderr.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env?: Environment; readonly cwd?: string },
): Promise<CommandResult> {
  return await new Promise((resolve) => {
    const env = { ...(options.env ?? process.env) }
    const { cwd } = options
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env, cwd })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const timer = setTimeout(() => {
      stderr += `\nstopped: it ran longer than ${options.timeoutMs / 1_000} s`
      child.kill('SIGKILL')
    }, options.timeoutMs)
    child.on('error', (error) => {
      clearTimeout(timer)
      resolve({ status: null, stdout, stderr: error.message })
    })
    child.on('close', (status) => {
      clearTimeout(timer)
      resolve({ status, stdout, stderr })
    })
  })
}

/** The last line of a command's complaint that says anything, for a one-line reason. */
export function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .at(-1) ?? 'no message'
  )
}
