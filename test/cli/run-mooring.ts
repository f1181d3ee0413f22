import { spawnSync } from 'node:child_process'

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command as users do. `env` is its whole environment beside PATH. */
export function runMooring(
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/js/cli/main.js', ...args], {
    input,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  return { status, stdout, stderr }
}
