/**
 * The embedded HTTP gateway: HTTP/1.1 over sockets, Wasm filters in Envoy's order, Envoy's routes, hash policies
 * and balancers. It stands in where no Envoy can be had; it is no proxy to run in production.
 */
import { getRandomValues } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LogLevel } from '../../assembly/proxy/abi.ts'
import type { Random64 } from '../envoy/index.ts'
import { adminServer } from './admin-page.ts'
import { makeCall } from './callout.ts'
import { Cluster } from './cluster.ts'
import { checkConfig, type GatewayConfig, type ListenAddress } from './config.ts'
import { exchange } from './exchange.ts'
import { FilterChain } from './filter-chain.ts'
import { GrpcConversation } from './grpc-callout.ts'
import { RouteTable } from './route-table.ts'
import { Stats } from './stats.ts'
import { MAX_HEADER_BYTES } from './upstream-http1.ts'

/** How long an idle connection of a client stays open, in milliseconds: Envoy's one hour. */
const IDLE_TIMEOUT = 3_600_000

/**
 * A running gateway.
 *
 * @example
 * await using gateway = await Gateway.start({
 *   filters: [{ name: 'mooring', module: await readFile('build/mooring.wasm'), configuration }],
 *   virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app' }] }],
 *   clusters: [{ name: 'app', endpoints: [{ address: '127.0.0.1:8080' }], loadBalancer: { ringHash: {} } }],
 * })
 * await fetch(gateway.url)
 */
export class Gateway implements AsyncDisposable {
  /** `http://127.0.0.1:34567` */
  readonly url: string
  readonly port: number
  /** Where `/stats` is, if it was asked for. */
  readonly adminUrl: string | undefined
  readonly #listener: Server
  readonly #admin: Server | undefined
  readonly #running: Running

  private constructor(running: Running, listener: Server, admin: Server | undefined) {
    this.#running = running
    this.#listener = listener
    this.#admin = admin
    this.url = urlOf(listener)
    this.port = Number(new URL(this.url).port)
    this.adminUrl = admin === undefined ? undefined : urlOf(admin)
  }

  /**
   * Starts the filters, then listens.
   *
   * @throws {GatewayConfigError} the configuration contradicts itself
   * @throws {PluginRefusedError} a filter cannot be loaded or refuses its configuration, as Envoy would not start
   * @throws {Error} with node's `code`, when an address cannot be listened on
   */
  static async start(config: GatewayConfig): Promise<Gateway> {
    const running = new Running(config)
    const listener = running.server()
    const admin = config.admin === undefined ? undefined : adminServer(() => running.statLines())
    try {
      await running.checkHosts()
      await listen(listener, config.listener ?? {})
      if (admin !== undefined) await listen(admin, config.admin ?? {})
    } catch (error) {
      listener.close()
      running.stop()
      throw error
    }
    return new Gateway(running, listener, admin)
  }

  /** The lines of the admin page's `/stats`, sorted: `name: value`. */
  stats(): string[] {
    return this.#running.statLines().toSorted()
  }

  /**
   * Stops gracefully: no new connections, answers in flight are finished (for `drainTime` at most), then the
   * filters end. A second call waits for the first.
   */
  async close(): Promise<void> {
    await this.#running.drain(this.#listener)
    this.#admin?.close()
    this.#admin?.closeAllConnections()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** What runs behind the sockets. */
class Running {
  readonly #config: GatewayConfig
  readonly #stats = new Stats()
  readonly #random: Random64
  readonly #filters: FilterChain
  readonly #clusters: ReadonlyMap<string, Cluster>
  readonly #inFlight = new Set<Promise<void>>()
  #drained: Promise<void> | undefined

  constructor(config: GatewayConfig) {
    checkConfig(config)
    this.#config = config
    this.#random = config.random ?? (() => getRandomValues(new BigUint64Array(1))[0] ?? 0n)
    this.#clusters = new Map(
      config.clusters.map((cluster) => [cluster.name, new Cluster(cluster, this.#random, this.#stats)]),
    )
    this.#filters = new FilterChain(
      config.filters ?? [],
      (entry) => {
        config.log?.(entry)
      },
      {
        clusters: config.clusters.map(({ name }) => name),
        call: (call) => makeCall(call, this.#clusterOf(call)),
        converse: (callout, settle) => new GrpcConversation(callout, this.#clusterOf(callout), settle),
      },
    )
  }

  server(): Server {
    const { ignorePortInHostMatching = false, virtualHosts } = this.#config
    const services = {
      config: this.#config,
      routes: new RouteTable(virtualHosts, { ignorePortInHostMatching }),
      clusters: this.#clusters,
      filters: this.#filters,
      stats: this.#stats,
      random: this.#random,
      isOpen: () => this.#drained === undefined,
    }
    const options = { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: IDLE_TIMEOUT, requestTimeout: 0 }
    const server = createServer(options, (message, response) => {
      this.#count('downstream_rq_total')
      this.#count('downstream_rq_active')
      const done = exchange(services, message, response)
        .catch((error: unknown) => {
          this.#report(error)
        })
        .finally(() => {
          this.#count('downstream_rq_active', -1)
          this.#inFlight.delete(done)
        })
      this.#inFlight.add(done)
    })
    server.maxHeadersCount = 0
    server.on('connection', (socket) => {
      this.#count('downstream_cx_total')
      this.#count('downstream_cx_active')
      socket.once('close', () => {
        this.#count('downstream_cx_active', -1)
      })
    })
    return server
  }

  /** One round of health checks: an Envoy does not listen before it. */
  async checkHosts(): Promise<void> {
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.start()))
  }

  statLines(): string[] {
    return [...this.#stats.lines(), ...this.#filters.statLines()]
  }

  drain(listener: Server): Promise<void> {
    this.#drained ??= this.#drain(listener)
    return this.#drained
  }

  /** Ends filters and upstream connections at once. */
  stop(): void {
    this.#filters.close()
    for (const cluster of this.#clusters.values()) cluster.close()
  }

  async #drain(listener: Server): Promise<void> {
    listener.close()
    listener.closeIdleConnections()
    const timer = setTimeout(() => {
      listener.closeAllConnections()
    }, this.#config.drainTime ?? 5_000)
    await Promise.allSettled(this.#inFlight)
    clearTimeout(timer)
    listener.closeAllConnections()
    this.stop()
  }

  /** A defect of the gateway itself, or of a function in its configuration: loud, but not the end of the others. */
  #report(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (this.#config.log === undefined) process.emitWarning(message, 'GatewayWarning')
    else this.#config.log({ level: LogLevel.Critical, message, rootId: '', from: 'host' })
  }

  /** The host refuses callouts to clusters that are not there. */
  #clusterOf({ cluster }: { readonly cluster: string }): Cluster {
    const found = this.#clusters.get(cluster)
    if (found === undefined) throw new Error(`cluster ${cluster} was there when the gateway started`)
    return found
  }

  #count(stat: string, amount = 1): void {
    this.#stats.add(`http.ingress.${stat}`, amount)
  }
}

function listen(server: Server, { host = '127.0.0.1', port = 0 }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
