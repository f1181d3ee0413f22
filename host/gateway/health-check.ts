/**
 * Active health checks by connection: Envoy's `tcp_health_check` without bytes to send (health_checker_impl.cc). A host is
 * healthy while it accepts connections; one answer, or one failure, is enough to change its state.
 */
import { connect } from 'node:net'

/** How a cluster looks after its hosts. */
export interface HealthCheckConfig {
  /** Milliseconds between two checks of a host; 5,000 by default. */
  readonly interval?: number
  /** Milliseconds that a host has to accept a connection; 1,000 by default. */
  readonly timeout?: number
}

const DEFAULT_INTERVAL = 5_000
const DEFAULT_TIMEOUT = 1_000

/** Checks some hosts over and over. */
export class HealthCheck {
  readonly #config: HealthCheckConfig
  readonly #addresses: readonly string[]
  readonly #report: (address: string, healthy: boolean) => void
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  /** @param report called after every check of a host */
  constructor(
    config: HealthCheckConfig,
    addresses: readonly string[],
    report: (address: string, healthy: boolean) => void,
  ) {
    this.#config = config
    this.#addresses = addresses
    this.#report = report
  }

  /** Checks all hosts, and goes on by itself; resolves when the first round is over. */
  async start(): Promise<void> {
    await Promise.all(
      this.#addresses.map(async (address) => {
        const healthy = await accepts(address, this.#config.timeout ?? DEFAULT_TIMEOUT)
        if (!this.#stopped) this.#report(address, healthy)
      }),
    )
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.start(), this.#config.interval ?? DEFAULT_INTERVAL).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }
}

function accepts(address: string, timeout: number): Promise<boolean> {
  const [, ip = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port: Number(port), timeout })
    const settle = (healthy: boolean) => () => {
      socket.destroy()
      resolve(healthy)
    }
    socket.once('connect', settle(true)).once('error', settle(false)).once('timeout', settle(false))
  })
}
