/**
 * Requests that are tried several times, for the gateway and for a real Envoy that is told the same.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { AddressInfo } from 'node:net'

import { RingHash, xxHash64 } from '../../host/envoy/index.ts'
import type {
  ClusterConfig,
  Gateway,
  GatewayConfig,
  RetryPolicy,
  RouteConfig,
  VirtualHostConfig,
} from '../../host/gateway/index.ts'
import { ask, type Seen, valuesOf } from './app.ts'

/**
 * What the hosts do, one word for each attempt, whichever host it reaches; the last one goes on for ever. A number is a
 * status. `early` answers 503 before the body has arrived, `half` breaks off within the answer's body, `limited` says 503
 * and x-envoy-ratelimited; `refuseStream` and `resetStream` are what HTTP/2 has.
 */
type Deed =
  number | 'reset' | 'garbage' | 'hang' | 'early' | 'half' | 'limited' | 'refuseStream' | 'resetStream'

export interface RetryScenario {
  /** Also its path and its cluster. */
  readonly name: string
  readonly deeds: readonly Deed[]
  readonly policy?: RetryPolicy
  readonly route?: Pick<RouteConfig, 'perRequestBufferLimitBytes' | 'hashPolicy'>
  readonly cluster?: Pick<ClusterConfig, 'circuitBreakers' | 'http2ProtocolOptions'>
  /** What the hosts speak where it is not what the cluster says. */
  readonly speaks?: 'http1'
  readonly body?: string
  /** A host that accepts no connections is the first that the hash finds. */
  readonly closedFirst?: true
  /** No host accepts connections, or there is none. */
  readonly hosts?: 'closed' | 'none'
}

const FAST = { baseInterval: 1 }
const policy = (retryOn: string, more: Partial<RetryPolicy> = {}): RetryPolicy => ({
  retryOn,
  retryBackOff: FAST,
  ...more,
})

const HTTP2 = { http2ProtocolOptions: {} }

export const RETRY_SCENARIOS: readonly RetryScenario[] = [
  { name: 'no-policy', deeds: [503, 200] },
  { name: 'once-by-default', deeds: [503, 503, 200], policy: policy('5xx') },
  { name: 'twice', deeds: [500, 503, 200], policy: policy('5xx', { numRetries: 2 }) },
  { name: 'no-retries', deeds: [503, 200], policy: policy('5xx', { numRetries: 0 }) },
  { name: 'not-asked-for', deeds: [500, 200], policy: policy('gateway-error') },
  { name: 'gateway-error', deeds: [502, 504, 200], policy: policy('gateway-error', { numRetries: 3 }) },
  { name: 'other-error-then', deeds: [503, 404, 200], policy: policy('5xx', { numRetries: 3 }) },
  { name: 'conflict', deeds: [409, 200], policy: policy('retriable-4xx') },
  { name: 'no-conflict', deeds: [404, 200], policy: policy('retriable-4xx') },
  {
    name: 'status-codes',
    deeds: [418, 404, 200],
    policy: policy('retriable-status-codes', { numRetries: 5, retriableStatusCodes: [404, 418] }),
  },
  { name: 'limited', deeds: ['limited', 200], policy: policy('5xx') },
  { name: 'limited-asked-for', deeds: ['limited', 200], policy: policy('envoy-ratelimited') },
  { name: 'reset', deeds: ['reset', 200], policy: policy('reset') },
  { name: 'reset-is-5xx', deeds: ['reset', 200], policy: policy('5xx') },
  { name: 'reset-is-gateway-error', deeds: ['reset', 200], policy: policy('gateway-error') },
  { name: 'reset-twice', deeds: ['reset'], policy: policy('reset') },
  { name: 'reset-not-asked-for', deeds: ['reset', 200], policy: policy('connect-failure,refused-stream') },
  { name: 'garbage', deeds: ['garbage', 200], policy: policy('reset') },
  { name: 'garbage-twice', deeds: ['garbage'], policy: policy('5xx') },
  { name: 'half', deeds: ['half', 200], policy: policy('5xx,reset') },
  { name: 'connect-failure', deeds: [200], policy: policy('connect-failure'), hosts: 'closed' },
  {
    name: 'connect-failure-elsewhere',
    deeds: [200],
    policy: policy('connect-failure', {
      retryHostPredicate: ['previousHosts'],
      hostSelectionRetryMaxAttempts: 9,
    }),
    closedFirst: true,
  },
  { name: 'connect-failure-is-reset', deeds: [200], policy: policy('reset'), hosts: 'closed' },
  {
    name: 'connect-failure-same-host',
    deeds: [200],
    policy: policy('5xx', { numRetries: 2 }),
    closedFirst: true,
  },
  {
    name: 'other-hosts',
    deeds: [503, 503, 503, 200],
    policy: policy('5xx', {
      numRetries: 5,
      retryHostPredicate: ['previousHosts'],
      hostSelectionRetryMaxAttempts: 50,
    }),
  },
  {
    name: 'other-host-once',
    deeds: [503, 503, 503, 503, 200],
    policy: policy('5xx', { numRetries: 5, retryHostPredicate: ['previousHosts'] }),
  },
  { name: 'same-host', deeds: [503, 503, 200], policy: policy('5xx', { numRetries: 5 }) },
  { name: 'per-try-timeout', deeds: ['hang', 200], policy: policy('5xx', { perTryTimeout: 150 }) },
  { name: 'per-try-timeout-reset', deeds: ['hang', 200], policy: policy('reset', { perTryTimeout: 150 }) },
  { name: 'per-try-timeout-twice', deeds: ['hang'], policy: policy('5xx', { perTryTimeout: 150 }) },
  {
    name: 'per-try-timeout-not-asked-for',
    deeds: ['hang', 200],
    policy: policy('connect-failure', { perTryTimeout: 150 }),
  },
  { name: 'body', deeds: [503, 'reset', 200], policy: policy('5xx', { numRetries: 2 }), body: 'hello' },
  { name: 'early', deeds: ['early', 200], policy: policy('5xx'), body: 'x'.repeat(300_000) },
  {
    name: 'body-too-large',
    deeds: [503, 200],
    policy: policy('5xx'),
    route: { perRequestBufferLimitBytes: 1_000 },
    body: 'x'.repeat(200_000),
  },
  {
    name: 'body-just-fits',
    deeds: [503, 200],
    policy: policy('5xx'),
    route: { perRequestBufferLimitBytes: 1_000 },
    body: 'x'.repeat(1_000),
  },
  {
    name: 'no-more-at-once',
    deeds: [503, 200],
    policy: policy('5xx'),
    cluster: { circuitBreakers: { maxRetries: 0 } },
  },
  {
    name: 'cookie',
    deeds: [503, 503, 200],
    policy: policy('5xx', { numRetries: 2 }),
    route: { hashPolicy: [{ cookie: { name: 'sid', ttl: 60 } }] },
  },
  { name: 'no-hosts', deeds: [200], policy: policy('5xx,connect-failure'), hosts: 'none' },
  { name: 'http2', deeds: [503, 200], policy: policy('5xx'), cluster: HTTP2, body: 'hello' },
  {
    name: 'http2-refused-stream',
    deeds: ['refuseStream', 200],
    policy: policy('refused-stream'),
    cluster: HTTP2,
  },
  { name: 'http2-refused-twice', deeds: ['refuseStream'], policy: policy('refused-stream'), cluster: HTTP2 },
  { name: 'http2-refused-is-reset', deeds: ['refuseStream', 200], policy: policy('reset'), cluster: HTTP2 },
  { name: 'http2-reset', deeds: ['resetStream', 200], policy: policy('reset'), cluster: HTTP2 },
  { name: 'http2-reset-twice', deeds: ['resetStream'], policy: policy('5xx'), cluster: HTTP2, body: 'hello' },
  {
    name: 'http2-reset-is-no-refusal',
    deeds: ['resetStream'],
    policy: policy('refused-stream'),
    cluster: HTTP2,
  },
  { name: 'http2-disconnect', deeds: ['reset', 200], policy: policy('reset'), cluster: HTTP2 },
  { name: 'http2-disconnect-twice', deeds: ['reset'], policy: policy('reset'), cluster: HTTP2 },
  { name: 'http2-closed', deeds: [200], policy: policy('connect-failure'), cluster: HTTP2, hosts: 'closed' },
  { name: 'http2-meets-http1', deeds: [200], policy: policy('5xx'), cluster: HTTP2, speaks: 'http1' },
  {
    name: 'http2-timeout',
    deeds: ['hang', 200],
    policy: policy('5xx', { perTryTimeout: 150 }),
    cluster: HTTP2,
  },
]

/** The header by whose value requests are hashed. */
const KEY = 'x-user'

/** What happened to one request. */
export interface RetryOutcome {
  /** Each attempt that has reached a host: which one, what it is told of its number, and the length of its body. */
  readonly attempts: readonly string[]
  readonly status: number
  readonly body: string
  /** Of the answer: the number of attempts, what Envoy says of why, and how many cookies there are. */
  readonly said: readonly string[]
  readonly stats: Readonly<Record<string, number>>
}

/** Hosts for every scenario, and a configuration of a gateway in front of them. */
export interface RetryBench extends AsyncDisposable {
  readonly config: GatewayConfig
  run(
    url: string,
    scenario: RetryScenario,
    stats: () => Promise<ReadonlyMap<string, number>>,
  ): Promise<RetryOutcome>
}

const STATS = [
  'upstream_rq_total',
  'upstream_rq_2xx',
  'upstream_rq_4xx',
  'upstream_rq_5xx',
  'upstream_rq_retry',
  'upstream_rq_retry_success',
  'upstream_rq_retry_limit_exceeded',
  'upstream_rq_retry_overflow',
  'upstream_rq_retry_backoff_exponential',
  'upstream_rq_per_try_timeout',
  'upstream_cx_connect_fail',
  'retry_or_shadow_abandoned',
  'retry.upstream_rq_4xx',
  'retry.upstream_rq_5xx',
]

/** Nothing listens there: it is for privileged processes, and long forgotten. */
const CLOSED = '127.0.0.1:1'

export async function startRetryBench(): Promise<RetryBench> {
  const hosts = await Promise.all(RETRY_SCENARIOS.map((scenario) => Scripted.start(scenario)))
  const routes = hosts.map(({ scenario, addresses }): { route: RouteConfig; cluster: ClusterConfig } => ({
    route: {
      match: { path: `/${scenario.name}` },
      cluster: scenario.name,
      hashPolicy: [{ header: { headerName: KEY } }],
      ...scenario.route,
      ...(scenario.policy === undefined ? {} : { retryPolicy: scenario.policy }),
    },
    cluster: {
      name: scenario.name,
      endpoints: addresses.map((address) => ({ address })),
      loadBalancer: { ringHash: {} },
      ...scenario.cluster,
    },
  }))
  const virtualHost: VirtualHostConfig = {
    name: 'all',
    domains: ['*'],
    routes: routes.map(({ route }) => route),
    includeRequestAttemptCount: true,
    includeAttemptCountInResponse: true,
  }
  return {
    config: { virtualHosts: [virtualHost], clusters: routes.map(({ cluster }) => cluster) },
    async run(url, scenario, stats) {
      const scripted = hosts.find((each) => each.scenario === scenario)
      if (scripted === undefined) throw new Error(`no hosts for ${scenario.name}`)
      return scripted.run(url, stats)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(hosts.map((each) => each.stop()))
    },
  }
}

type Request = IncomingMessage | Http2ServerRequest
type Response = ServerResponse | Http2ServerResponse

function disconnect(request: Request): void {
  if (request instanceof Http2ServerRequest) request.stream.session?.destroy()
  else request.socket.destroy()
}

/** The hosts of one scenario. */
class Scripted {
  readonly scenario: RetryScenario
  readonly #servers: (Server | Http2Server)[]
  #attempts: string[] = []
  #count = 0
  addresses: string[] = []

  private constructor(scenario: RetryScenario) {
    this.scenario = scenario
    this.#servers = [0, 1, 2].map((index) => {
      const answer = (request: Request, response: Response): void => {
        this.#answer(index, request, response)
      }
      return scenario.cluster === HTTP2 && scenario.speaks === undefined
        ? createHttp2Server(answer)
        : createServer(answer)
    })
  }

  static async start(scenario: RetryScenario): Promise<Scripted> {
    const scripted = new Scripted(scenario)
    await scripted.#listen()
    return scripted
  }

  async #listen(): Promise<void> {
    const live = await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<string>((resolve) => {
            server.listen(0, '127.0.0.1', () => {
              resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`)
            })
          }),
      ),
    )
    const { hosts, closedFirst } = this.scenario
    if (hosts === undefined) this.addresses = closedFirst === true ? [CLOSED, ...live] : live
    else if (hosts === 'closed') this.addresses = [CLOSED]
  }

  async run(url: string, stats: () => Promise<ReadonlyMap<string, number>>): Promise<RetryOutcome> {
    const { name, body } = this.scenario
    this.#attempts = []
    this.#count = 0
    const method = body === undefined ? 'GET' : 'POST'
    const before = await stats()
    const seen = await ask(`${url}/${name}`, {
      method,
      headers: [[KEY, this.#key()]],
      ...(body === undefined ? {} : { body }),
    }).catch((): Seen => ({ status: 0, headers: [], body: 'broken off' }))
    const after = await stats()
    const grown = STATS.map((stat): [string, number] => {
      const key = `cluster.${name}.${stat}`
      return [stat, (after.get(key) ?? 0) - (before.get(key) ?? 0)]
    })
    return {
      attempts: this.#attempts,
      status: seen.status,
      body: seen.body,
      said: [
        ...valuesOf(seen, 'x-envoy-attempt-count').map((count) => `attempts ${count}`),
        ...valuesOf(seen, 'x-attempt').map((attempt) => `answer of ${attempt}`),
        ...valuesOf(seen, 'set-cookie').map((cookie) => `cookie ${cookie.replace(/=.*/s, '')}`),
      ],
      stats: Object.fromEntries(grown.filter(([, value]) => value !== 0)),
    }
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        if ('closeAllConnections' in server) server.closeAllConnections()
        return new Promise((resolve) => server.close(resolve))
      }),
    )
  }

  /** A cookie that is minted is a hash of the client's address, which is another one each time. */
  get #isHashedByAddress(): boolean {
    return this.scenario.route?.hashPolicy !== undefined
  }

  /** A key that the ring gives to the closed host where that has to be the first, or just any. */
  #key(): string {
    if (this.scenario.closedFirst !== true) return 'alice'
    const ring = new RingHash(this.addresses.map((address) => ({ address })))
    for (let i = 0; ; i++) if (ring.chooseHost(xxHash64(`user-${i}`))?.address === CLOSED) return `user-${i}`
  }

  #answer(index: number, request: Request, response: Response): void {
    const { deeds } = this.scenario
    const number = ++this.#count
    const deed = deeds[Math.min(number, deeds.length) - 1] ?? 200
    const told = String(request.headers['x-envoy-attempt-count'] ?? '-')
    const host = this.#isHashedByAddress ? 'a host' : `host ${index}`
    request.on('error', () => undefined)
    if (deed === 'early') {
      this.#attempts.push(`${host} told ${told} unread`)
      response.writeHead(503, { 'x-attempt': number }).end('early')
      return
    }
    let size = 0
    request.on('data', (chunk: Buffer) => (size += chunk.length))
    request.once('end', () => {
      this.#attempts.push(`${host} told ${told} with ${size} bytes`)
      switch (deed) {
        case 'reset':
          disconnect(request)
          return
        case 'refuseStream':
          if (request instanceof Http2ServerRequest) request.stream.close(constants.NGHTTP2_REFUSED_STREAM)
          return
        case 'resetStream':
          if (request instanceof Http2ServerRequest) request.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
          return
        case 'garbage':
          request.socket.end('nonsense\r\n\r\n')
          return
        case 'hang':
          return
        case 'half':
          response.writeHead(200, { 'x-attempt': number, 'content-length': 10 })
          ;(response as ServerResponse).write('half')
          setTimeout(() => {
            disconnect(request)
          }, 20)
          return
        case 'limited':
          response.writeHead(503, { 'x-attempt': number, 'x-envoy-ratelimited': 'true' }).end('limited')
          return
        default:
          response.writeHead(deed, { 'x-attempt': number }).end(`answer ${number}`)
      }
    })
  }
}

/** Counters and gauges by name. */
export function statsOf(gateway: Gateway): ReadonlyMap<string, number> {
  return new Map(
    gateway.stats().map((line) => {
      const at = line.indexOf(': ')
      return [line.slice(0, at), Number(line.slice(at + 2))]
    }),
  )
}
