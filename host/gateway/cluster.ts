/**
 * A cluster at run time: its hosts in rotation, its balancer and its connections.
 */
import { Agent } from 'node:http'
import {
  createLoadBalancer,
  type Host,
  hostsInRotation,
  type LoadBalancer,
  type Random64,
} from '../envoy/index.ts'
import type { ClusterConfig } from './config.ts'
import type { Stats } from './stats.ts'

/** The upstream hosts of one name. */
export class Cluster {
  readonly name: string
  /** Keeps connections to the hosts open between requests. */
  readonly agent = new Agent({ keepAlive: true })
  readonly #balancer: LoadBalancer<Host>
  readonly #stats: Stats

  constructor(config: ClusterConfig, random: Random64, stats: Stats) {
    const { name, endpoints, loadBalancer = 'roundRobin', healthyPanicThreshold = 50 } = config
    const rotation = hostsInRotation(endpoints, healthyPanicThreshold)
    this.name = name
    this.#balancer = createLoadBalancer(rotation, loadBalancer, random)
    this.#stats = stats
    this.setGauge('membership_total', endpoints.length)
    this.setGauge('membership_healthy', endpoints.filter(({ healthy }) => healthy !== false).length)
  }

  /** The host of a request, undefined when there is none. */
  chooseHost(hash: bigint | undefined): Host | undefined {
    const host = this.#balancer.chooseHost(hash)
    if (host === undefined) this.count('upstream_cx_none_healthy')
    return host
  }

  /** Adds to `cluster.<name>.<stat>`. */
  count(stat: string, amount = 1): void {
    this.#stats.add(`cluster.${this.name}.${stat}`, amount)
  }

  /** Closes every connection. */
  close(): void {
    this.agent.destroy()
  }

  private setGauge(stat: string, value: number): void {
    this.#stats.set(`cluster.${this.name}.${stat}`, value)
  }
}
