/**
 * From a request's authority and path to its route: RouteMatcher::findVirtualHost and getRouteFromRoutes in
 * source/common/router/config_impl.cc.
 */
import type { RouteConfig, RouteMatch, VirtualHostConfig } from './config.ts'

/** A route and the virtual host it belongs to. */
export interface SelectedRoute {
  readonly virtualHost: VirtualHostConfig
  readonly route: RouteConfig
}

/** Options of a {@link RouteTable}. */
export interface RouteTableOptions {
  readonly ignorePortInHostMatching?: boolean
}

interface Wildcard {
  /** What is left of the domain without its star. */
  readonly text: string
  readonly virtualHost: VirtualHostConfig
}

/** The routes of all virtual hosts, ready to be searched. */
export class RouteTable {
  readonly #exact = new Map<string, VirtualHostConfig>()
  readonly #suffixes: Wildcard[] = []
  readonly #prefixes: Wildcard[] = []
  readonly #ignorePort: boolean
  #all: VirtualHostConfig | undefined

  constructor(virtualHosts: readonly VirtualHostConfig[], options: RouteTableOptions = {}) {
    this.#ignorePort = options.ignorePortInHostMatching ?? false
    for (const virtualHost of virtualHosts) {
      for (const domain of virtualHost.domains.map((name) => name.toLowerCase())) {
        if (domain === '*') this.#all = virtualHost
        else if (domain.startsWith('*')) this.#suffixes.push({ text: domain.slice(1), virtualHost })
        else if (domain.endsWith('*')) this.#prefixes.push({ text: domain.slice(0, -1), virtualHost })
        else this.#exact.set(domain, virtualHost)
      }
    }
    const longestFirst = (a: Wildcard, b: Wildcard): number => b.text.length - a.text.length
    this.#suffixes.sort(longestFirst)
    this.#prefixes.sort(longestFirst)
  }

  /** The route of a request; undefined for what Envoy answers 404 `route_not_found`. */
  select(authority: string | undefined, path: string | undefined): SelectedRoute | undefined {
    if (authority === undefined || path === undefined) return undefined
    const virtualHost = this.#virtualHost(authority.toLowerCase())
    const route = virtualHost?.routes.find(({ match }) => matches(match, path))
    return virtualHost === undefined || route === undefined ? undefined : { virtualHost, route }
  }

  /** Exact names first, then the longest `*.suffix`, then the longest `prefix.*`, then `*`. */
  #virtualHost(authority: string): VirtualHostConfig | undefined {
    const host = this.#ignorePort ? authority.replace(/:\d+$/, '') : authority
    // A star stands for at least one character.
    const fits = ({ text }: Wildcard): boolean => host.length > text.length
    return (
      this.#exact.get(host) ??
      this.#suffixes.find((suffix) => fits(suffix) && host.endsWith(suffix.text))?.virtualHost ??
      this.#prefixes.find((prefix) => fits(prefix) && host.startsWith(prefix.text))?.virtualHost ??
      this.#all
    )
  }
}

function matches(match: RouteMatch, path: string): boolean {
  if ('prefix' in match) return path.startsWith(match.prefix)
  return path.replace(/[?#].*$/s, '') === match.path
}
