import { converse, Client, oneConnection, type Exchange } from './client.ts'
import type { IngressKind } from './ingress.ts'
import { loopbackAddresses } from './loopback.ts'
import { readMesh, type Mesh } from './mesh.ts'
import { Replicas } from './replica.ts'

/** One option of the seed, and what should come of it. */
export interface Scenario {
  readonly id: string
  readonly title: string
  /** Relative to `manifests/`. */
  readonly destinationRule: string
  /** Whether the WasmPlugin is there. */
  readonly filter: boolean
  /** What tells one client from another: a cookie jar, `?user=`, or an address. */
  readonly identity: 'cookie' | 'query' | 'address'
  /**
   * - `moored`: each client stays on one pod, from its first request on
   * - `shared`: all clients are handed one cookie and crowd one pod
   * - `scattered`: requests of one client go to several pods
   */
  readonly expected: 'moored' | 'shared' | 'scattered'
}

const withFilter = { filter: true, identity: 'cookie', expected: 'moored' } as const

/** The seed, each of its other options, and what happens without the filter. */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'httpCookie',
    title: 'httpCookie ISTIOID, ttl 60s: the seed, unchanged',
    destinationRule: 'seed/destination-rule.yaml',
    ...withFilter,
  },
  {
    id: 'httpHeaderName',
    title: 'httpHeaderName x-mooring-key: recommended',
    destinationRule: 'destination-rules/http-header-name.yaml',
    ...withFilter,
  },
  {
    id: 'httpCookieWithoutTtl',
    title: 'httpCookie ISTIOID without ttl',
    destinationRule: 'destination-rules/http-cookie-without-ttl.yaml',
    ...withFilter,
  },
  {
    id: 'httpQueryParameterName',
    title: 'httpQueryParameterName user: Envoy hashes the URL, the filter only mints',
    destinationRule: 'destination-rules/http-query-parameter-name.yaml',
    ...withFilter,
    identity: 'query',
  },
  {
    id: 'useSourceIp',
    title: 'useSourceIp: Envoy hashes the address, the filter only mints',
    destinationRule: 'destination-rules/use-source-ip.yaml',
    ...withFilter,
    identity: 'address',
  },
  {
    id: 'ringHash',
    title: 'ringHash, 4096 entries',
    destinationRule: 'destination-rules/ring-hash.yaml',
    ...withFilter,
  },
  {
    id: 'maglev',
    title: 'maglev, 65537 entries',
    destinationRule: 'destination-rules/maglev.yaml',
    ...withFilter,
  },
  {
    id: 'httpCookie-without-filter',
    title: 'httpCookie with ttl, no filter: Envoy mints from the addresses of the connection',
    destinationRule: 'seed/destination-rule.yaml',
    filter: false,
    identity: 'cookie',
    expected: 'shared',
  },
  {
    id: 'httpCookieWithoutTtl-without-filter',
    title: 'httpCookie without ttl, no filter: nobody mints',
    destinationRule: 'destination-rules/http-cookie-without-ttl.yaml',
    filter: false,
    identity: 'cookie',
    expected: 'scattered',
  },
  {
    id: 'httpHeaderName-without-filter',
    title: 'httpHeaderName, no filter: nobody writes the header',
    destinationRule: 'destination-rules/http-header-name.yaml',
    filter: false,
    identity: 'cookie',
    expected: 'scattered',
  },
]

/** What happened in a scenario. */
export interface Run {
  readonly scenario: Scenario
  readonly mesh: Mesh
  /** By client, in the order of their requests. */
  readonly clients: readonly (readonly Exchange[])[]
  /** Each replica's own log, one line a request. */
  readonly logs: ReadonlyMap<string, readonly string[]>
}

export interface RunOptions {
  /** The filter, a file. */
  readonly wasm: string
  readonly clients: number
  /** Of each client. */
  readonly requests: number
}

/** Starts replicas and a gateway, lets the clients talk to them over one connection, and stops everything. */
export async function runScenario(kind: IngressKind, scenario: Scenario, options: RunOptions): Promise<Run> {
  const mesh = readMesh({ destinationRule: scenario.destinationRule, filter: scenario.filter })
  await using replicas = await Replicas.start()
  await using ingress = await kind.start(mesh, { wasm: options.wasm, replicas: replicas.ports })
  const clients = await populate(scenario, ingress.port, options.clients)
  const exchanges = await converse(clients.all, options.requests)
  clients.close()
  return { scenario, mesh, clients: exchanges, logs: replicas.logs() }
}

const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi']

/** Clients behind one connection; or, where addresses tell them apart, with an address and a connection each. */
async function populate(
  scenario: Scenario,
  port: number,
  count: number,
): Promise<{ all: readonly Client[]; close: () => void }> {
  const names = Array.from({ length: count }, (_, index) => PEOPLE[index] ?? `client-${index + 1}`)
  const addresses = scenario.identity === 'address' ? await loopbackAddresses(count) : []
  const agents = addresses.length === 0 ? [oneConnection()] : addresses.map(oneConnection)
  const all = names.map((name, index) => {
    const agent = agents[index % agents.length] ?? oneConnection()
    const path = scenario.identity === 'query' ? `/?user=${name}` : '/'
    return new Client({ name, port, agent, path })
  })
  return {
    all,
    close: () => {
      for (const agent of agents) agent.destroy()
    },
  }
}
