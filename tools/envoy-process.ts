import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { guardOrphan } from './orphan-guard.ts'

/** An Envoy bootstrap, as JSON. Its admin address and its listeners should use port 0. */
export type Bootstrap = Readonly<Record<string, unknown>>

export interface EnvoyProcessOptions {
  /** The binary, as found by `findEnvoy`. */
  readonly binary: string
  readonly bootstrap: Bootstrap
  /** Worker threads. Default 1: every connection meets the same Wasm VM. */
  readonly concurrency?: number
  /** Envoy's log level, with components if wanted. Default `warning`. */
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'critical' | 'off'
  /** E.g. `wasm:debug,http:debug`. */
  readonly componentLogLevel?: string
  /** The whole environment of the process. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** How long it may take until it is live. Default 30,000 ms. */
  readonly readyTimeoutMs?: number
}

/** Envoy ended, or never became live. `log` is all it wrote. */
export class EnvoyStartError extends Error {
  override readonly name = 'EnvoyStartError'
  readonly code: 'envoy_exited' | 'envoy_not_ready'
  readonly log: string

  constructor(code: EnvoyStartError['code'], message: string, log: string) {
    super(`${message}\n${log.trim()}`)
    this.code = code
    this.log = log
  }
}

const LOG_LIMIT = 4 * 1024 * 1024
const STOP_WITHIN_MS = 3_000

/**
 * A running Envoy. Nothing of it outlives this process: `stop()` ends it in order, and whatever way this process
 * ends, a guard kills it.
 *
 * @example
 * await using envoy = await EnvoyProcess.start({ binary, bootstrap })
 * await fetch(`http://127.0.0.1:${await envoy.port('ingress')}/`)
 */
export class EnvoyProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #directory: string
  readonly #exited: Promise<void>
  #log = ''
  #admin = ''

  private constructor(options: EnvoyProcessOptions) {
    this.#directory = mkdtempSync(join(tmpdir(), 'mooring-envoy-'))
    const config = join(this.#directory, 'bootstrap.json')
    writeFileSync(config, JSON.stringify(options.bootstrap))
    this.#child = spawn(
      options.binary,
      [
        '--config-path',
        config,
        '--admin-address-path',
        join(this.#directory, 'admin'),
        '--concurrency',
        String(options.concurrency ?? 1),
        '--log-level',
        options.logLevel ?? 'warning',
        ...(options.componentLogLevel === undefined
          ? []
          : ['--component-log-level', options.componentLogLevel]),
        '--disable-hot-restart',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...(options.env ?? process.env) } },
    )
    const unguard = this.#child.pid === undefined ? () => undefined : guardOrphan(this.#child.pid)
    const keep = (text: string) => (this.#log = (this.#log + text).slice(-LOG_LIMIT))
    this.#child.stdout?.setEncoding('utf8').on('data', keep)
    this.#child.stderr?.setEncoding('utf8').on('data', keep)
    this.#exited = new Promise((resolve) => {
      const ended = () => {
        unguard()
        rmSync(this.#directory, { recursive: true, force: true })
        resolve()
      }
      this.#child.once('close', ended)
      this.#child.once('error', (error) => {
        keep(error.message)
        ended()
      })
    })
  }

  /** Starts Envoy and waits until its admin says it is live. Throws {@link EnvoyStartError}. */
  static async start(options: EnvoyProcessOptions): Promise<EnvoyProcess> {
    const envoy = new EnvoyProcess(options)
    try {
      await envoy.#untilReady(options.readyTimeoutMs ?? 30_000)
      return envoy
    } catch (error) {
      await envoy.stop()
      throw error
    }
  }

  /** The operating system's number of the process, for measuring it. */
  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What Envoy wrote so far, its last 4 MiB. */
  get log(): string {
    return this.#log
  }

  /** Resolves when the process has ended, by itself or by `stop()`. */
  get exited(): Promise<void> {
    return this.#exited
  }

  /** Asks the admin interface, e.g. `admin('/config_dump')`; `POST` for what changes something. */
  async admin(path: string, method: 'GET' | 'POST' = 'GET'): Promise<string> {
    const answer = await fetch(`http://${this.#admin}${path}`, { method })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} of Envoy's admin answered ${answer.status}: ${text}`)
    return text
  }

  /** The port a listener got. Throws when there is no listener of that name. */
  async port(listener: string): Promise<number> {
    const { listener_statuses = [] } = JSON.parse(await this.admin('/listeners?format=json')) as {
      listener_statuses?: { name: string; local_address: { socket_address: { port_value: number } } }[]
    }
    const found = listener_statuses.find(({ name }) => name === listener)
    if (found === undefined) {
      throw new Error(
        `no listener "${listener}"; there are: ${listener_statuses.map(({ name }) => name).join(', ')}`,
      )
    }
    return found.local_address.socket_address.port_value
  }

  /** Counters and gauges by name; with `filter`, those whose name matches it (RE2, as Envoy reads it). */
  async stats(filter = ''): Promise<Map<string, number>> {
    const { stats } = JSON.parse(
      await this.admin(`/stats?format=json&filter=${encodeURIComponent(filter)}`),
    ) as {
      stats: { name?: string; value?: number }[]
    }
    return new Map(
      stats.flatMap(({ name, value }) => (name === undefined || value === undefined ? [] : [[name, value]])),
    )
  }

  /** Ends the process: asks first, and kills after three seconds. Safe to call twice. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM')
      const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS)
      await this.#exited
      clearTimeout(killer)
    }
    await this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #untilReady(timeoutMs: number): Promise<void> {
    let ended = false
    void this.#exited.then(() => (ended = true))
    const hasEnded = () => ended
    const deadline = Date.now() + timeoutMs
    while (Date.now() < deadline) {
      if (hasEnded()) {
        throw new EnvoyStartError('envoy_exited', 'Envoy ended before it was live', this.#log)
      }
      if (await this.#isLive()) return
      await sleep(20)
    }
    throw new EnvoyStartError('envoy_not_ready', `Envoy was not live after ${timeoutMs} ms`, this.#log)
  }

  async #isLive(): Promise<boolean> {
    try {
      this.#admin ||= readFileSync(join(this.#directory, 'admin'), 'utf8').trim()
      return this.#admin !== '' && (await fetch(`http://${this.#admin}/ready`)).ok
    } catch {
      return false
    }
  }
}
