/**
 * A cluster at run time: its hosts in rotation, its balancer and its connections.
 */
import { Agent } from 'node:http'
import {
  createLoadBalancer,
  type Host,
  type HostSelection,
  hostsInRotation,
  type LoadBalancer,
  type Random64,
} from '../envoy/index.ts'
import type { ClusterConfig } from './config.ts'
import { HealthCheck } from './health-check.ts'
import { Http2Connections } from './http2-connections.ts'
import type { Stats } from './stats.ts'

const DEFAULT_PANIC_THRESHOLD = 50
const DEFAULT_MAX_RETRIES = 3

/** The upstream hosts of one name. */
export class Cluster {
  readonly name: string
  /** Keeps connections to the hosts open between requests. */
  readonly agent = new Agent({ keepAlive: true })
  /** Absent: hosts speak HTTP/1.1. */
  readonly http2: Http2Connections | undefined
  /** How many requests are being tried again. */
  activeRetries = 0
  readonly #config: ClusterConfig
  readonly #random: Random64
  readonly #stats: Stats
  readonly #healthCheck: HealthCheck | undefined
  /** Hosts that are out because they failed their last check. */
  readonly #failed = new Set<string>()
  #balancer: LoadBalancer<Host>

  constructor(config: ClusterConfig, random: Random64, stats: Stats) {
    this.name = config.name
    this.http2 = config.http2ProtocolOptions === undefined ? undefined : new Http2Connections()
    this.#config = config
    this.#random = random
    this.#stats = stats
    this.#balancer = this.#balance()
    if (config.healthCheck !== undefined) {
      const addresses = config.endpoints.map(({ address }) => address)
      this.#healthCheck = new HealthCheck(config.healthCheck, addresses, (address, healthy) => {
        this.#checked(address, healthy)
      })
    }
  }

  /** Resolves when every host has been checked once, where hosts are checked at all. */
  async start(): Promise<void> {
    await this.#healthCheck?.start()
  }

  /** How many requests may be tried again at once. */
  get maxRetries(): number {
    return this.#config.circuitBreakers?.maxRetries ?? DEFAULT_MAX_RETRIES
  }

  /** The host of a request, undefined when there is none. A host that is rejected is taken where no other is found. */
  chooseHost(hash: bigint | undefined, selection: HostSelection<Host> = {}): Host | undefined {
    const { rejects, maxAttempts = 1 } = selection
    if (rejects === undefined) return this.#chosen(this.#balancer.chooseHost(hash))
    // All attempts share one number, drawn where there is no hash.
    const shared = hash ?? this.#random()
    for (let attempt = 0; ; attempt++) {
      const host = this.#balancer.chooseHost(shared, attempt)
      if (host === undefined || attempt === maxAttempts || !rejects(host)) return this.#chosen(host)
    }
  }

  /** Adds to `cluster.<name>.<stat>`. */
  count(stat: string, amount = 1): void {
    this.#stats.add(`cluster.${this.name}.${stat}`, amount)
  }

  /** Closes every connection. */
  close(): void {
    this.#healthCheck?.stop()
    this.agent.destroy()
    this.http2?.close()
  }

  #chosen(host: Host | undefined): Host | undefined {
    if (host === undefined) this.count('upstream_cx_none_healthy')
    return host
  }

  #checked(address: string, healthy: boolean): void {
    this.count('health_check.attempt')
    this.count(healthy ? 'health_check.success' : 'health_check.failure')
    if (healthy !== this.#failed.has(address)) return
    if (healthy) this.#failed.delete(address)
    else this.#failed.add(address)
    this.#balancer = this.#balance()
  }

  /** A balancer over the hosts as they are now. */
  #balance(): LoadBalancer<Host> {
    const { endpoints, loadBalancer = 'roundRobin', healthyPanicThreshold } = this.#config
    const hosts = endpoints.map((host) =>
      this.#failed.has(host.address) ? { ...host, healthy: false } : host,
    )
    this.#setGauge('membership_total', hosts.length)
    this.#setGauge('membership_healthy', hosts.filter(({ healthy }) => healthy !== false).length)
    const rotation = hostsInRotation(hosts, healthyPanicThreshold ?? DEFAULT_PANIC_THRESHOLD)
    return createLoadBalancer(rotation, loadBalancer, this.#random)
  }

  #setGauge(stat: string, value: number): void {
    this.#stats.set(`cluster.${this.name}.${stat}`, value)
  }
}
