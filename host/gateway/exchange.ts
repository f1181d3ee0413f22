/**
 * One request and its answer, in the order of Envoy's connection manager and router:
 *
 *     decode -> filters -> route -> hash policy -> host -> upstream
 *     encode <- filters in reverse <- router's own headers <- answer, or a local reply at any step
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, type Readable } from 'node:stream'
import { addressText, generateHash } from '../envoy/index.ts'
import { HeaderMap } from '../header-map.ts'
import { ReplyDuringBody } from './body-filter.ts'
import { resolveClientAddress } from './client-address.ts'
import { connectionOf } from './client-connection.ts'
import type { Cluster } from './cluster.ts'
import type { GatewayConfig } from './config.ts'
import type { FilterChain, Filtered, FilterStreams, ResponseFacts } from './filter-chain.ts'
import { headerFault, requestHeaderFault } from './header-check.ts'
import {
  badRequestHeaders,
  badResponseHeaders,
  noHealthyUpstream,
  type Reply,
  routeNotFound,
  upstreamFailed,
} from './reply.ts'
import { endsWithHeaders, headerEntries, plainHeaders, requestHeaders } from './request-headers.ts'
import { requestProperties } from './request-properties.ts'
import type { RouteTable, SelectedRoute } from './route-table.ts'
import type { Stats } from './stats.ts'
import { callUpstream, UpstreamError } from './upstream.ts'

/** What all exchanges of a gateway share. */
export interface ExchangeServices {
  readonly config: GatewayConfig
  readonly routes: RouteTable
  readonly clusters: ReadonlyMap<string, Cluster>
  readonly filters: FilterChain
  readonly stats: Stats
  /** False while the gateway closes: connections end with their answer. */
  readonly isOpen: () => boolean
}

/** Where a request goes. */
interface Target {
  readonly cluster: Cluster
  /** `10.0.0.1:80` */
  readonly host: string
}

/** Answers a request; resolves when nothing of it is left. */
export async function exchange(
  services: ExchangeServices,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  const one = new Exchange(services, message, response)
  try {
    await one.run()
  } catch (error) {
    // A defect of the gateway must not pass as an answer.
    response.destroy()
    throw error
  } finally {
    await closed
    one.end()
  }
}

class Exchange {
  readonly #services: ExchangeServices
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #remoteAddress: string
  readonly #connection: { readonly remoteAddress: string; readonly localAddress: string }
  readonly #streams: FilterStreams
  readonly #started = performance.now()
  readonly #clientLeft = new AbortController()
  /** As they arrived, then as the filters left them. */
  #headers: HeaderMap

  constructor(services: ExchangeServices, message: IncomingMessage, response: ServerResponse) {
    const { socket } = message
    this.#services = services
    this.#message = message
    this.#response = response
    this.#connection = {
      remoteAddress: addressText(socket.remoteAddress ?? '', socket.remotePort ?? 0),
      localAddress: addressText(socket.localAddress ?? '', socket.localPort ?? 0),
    }
    response.once('close', () => {
      this.#clientLeft.abort()
    })
    this.#headers = requestHeaders(message)
    this.#remoteAddress = resolveClientAddress(this.#headers, this.#connection.remoteAddress, services.config)
    this.#streams = services.filters.open(
      requestProperties({
        remoteAddress: this.#remoteAddress,
        localAddress: this.#connection.localAddress,
        route: this.#route(),
        metadata: services.config.metadata?.(this.#headers),
      }),
      connectionOf(socket),
      this.#clientLeft.signal,
    )
  }

  async run(): Promise<void> {
    const endOfStream = endsWithHeaders(this.#message)
    const filtered = await this.#streams.decodeHeaders(this.#headers, endOfStream)
    this.#headers = filtered.headers
    if (filtered.outcome !== 'continue') {
      this.#finish(filtered.outcome)
      return
    }
    const selected = this.#route()
    if (selected === undefined) {
      this.#count('no_route')
      await this.#replyLocally(routeNotFound())
      return
    }
    const cluster = this.#clusterOf(selected)
    const { hash, setCookies } = generateHash(selected.route.hashPolicy ?? [], {
      headers: this.#headers.toList(),
      remoteAddress: this.#remoteAddress,
      connection: this.#connection,
      filterState: this.#streams.hashableState,
    })
    const host = cluster.chooseHost(hash)
    const fault = requestHeaderFault(this.#headers)
    if (host === undefined) await this.#replyLocally(noHealthyUpstream())
    else if (fault !== undefined)
      await this.#replyLocally(badRequestHeaders(fault), { cluster, host: host.address })
    else await this.#proxy({ cluster, host: host.address }, endOfStream, setCookies)
  }

  /** Ends the filters' streams: log, done, delete. */
  end(): void {
    this.#streams.end(this.#headers)
  }

  /** A route is selected anew whenever it is asked for: a filter may have changed what it depends on. */
  #route(): SelectedRoute | undefined {
    return this.#services.routes.select(this.#headers.get(':authority'), this.#headers.get(':path'))
  }

  #clusterOf({ route }: SelectedRoute): Cluster {
    const cluster = this.#services.clusters.get(route.cluster)
    if (cluster === undefined) throw new Error(`cluster ${route.cluster} was there when the gateway started`)
    return cluster
  }

  /** Sends the request upstream, once: there are no retries. */
  async #proxy(target: Target, endOfStream: boolean, setCookies: readonly string[]): Promise<void> {
    const { cluster, host } = target
    cluster.count('upstream_rq_total')
    cluster.count('upstream_rq_active')
    try {
      const answer = await callUpstream(cluster, host, {
        headers: this.#headers,
        body: endOfStream ? undefined : this.#requestBody(),
        signal: this.#clientLeft.signal,
      })
      await this.#relay(answer, target, setCookies)
    } catch (error) {
      if (error instanceof ReplyDuringBody) {
        this.#finish(await this.#streams.encodeReply(error))
        return
      }
      if (!(error instanceof UpstreamError)) throw error
      if (error.failure === 'refused') cluster.count('upstream_cx_connect_fail')
      if (!this.#clientLeft.signal.aborted) await this.#replyLocally(upstreamFailed(error.failure), target)
    } finally {
      cluster.count('upstream_rq_active', -1)
    }
  }

  #requestBody(): Readable {
    const filter = this.#streams.bodyFilter('request')
    if (filter === undefined) return this.#message
    this.#headers.remove('content-length')
    // A client that goes away ends the exchange by itself: only the filter's own errors matter here.
    return this.#message.pipe(filter)
  }

  /** The upstream's answer, with what the router adds, through the filters to the client. */
  async #relay(answer: IncomingMessage, target: Target, setCookies: readonly string[]): Promise<void> {
    // What breaks off while a filter thinks shows when it is piped.
    answer.once('error', () => undefined)
    const status = answer.statusCode ?? 0
    const headers = new HeaderMap('response', [
      [':status', String(status)],
      ...headerEntries(answer.rawHeaders),
    ])
    headers.replace('x-envoy-upstream-service-time', String(Math.round(performance.now() - this.#started)))
    for (const setCookie of setCookies) headers.add('set-cookie', setCookie)
    target.cluster.count(`upstream_rq_${classOf(status)}`)

    const isBodiless =
      this.#message.method === 'HEAD' || status === 204 || status === 304 || endsWithHeaders(answer)
    const facts = responseFacts('via_upstream', target)
    const filtered = await this.#streams.encodeHeaders(headers, isBodiless, facts)
    const outcome = filtered.outcome === 'continue' ? sendable(filtered.headers) : filtered.outcome
    if (outcome === 'continue') {
      const filter = isBodiless ? undefined : this.#streams.bodyFilter('response')
      if (filter !== undefined) filtered.headers.remove('content-length')
      this.#writeHead(filtered.headers)
      // An answer that breaks off must not look complete: the pipeline then destroys the connection to the client.
      pipeline([answer, ...(filter === undefined ? [] : [filter]), this.#response], () => undefined)
    } else {
      answer.destroy()
      this.#finish(outcome)
    }
  }

  async #replyLocally(reply: Reply, target?: Target): Promise<void> {
    if (target !== undefined) target.cluster.count('upstream_rq_5xx')
    const facts = responseFacts(reply.details, target)
    const { headers, outcome } = await this.#streams.encodeHeaders(
      reply.headers,
      reply.body.length === 0,
      facts,
    )
    this.#finish(outcome === 'continue' ? { headers, body: reply.body } : outcome)
  }

  /** Ends the exchange with a whole answer, or with none. */
  #finish(outcome: Exclude<Filtered['outcome'], 'continue'>): void {
    if (outcome === 'reset') {
      this.#response.destroy()
      return
    }
    const checked = sendable(outcome.headers)
    const { headers, body } = checked === 'continue' ? outcome : checked
    if (body.length === 0 && !headers.has('content-length')) headers.add('content-length', '0')
    this.#writeHead(headers)
    this.#response.end(body)
  }

  #writeHead(headers: HeaderMap): void {
    const status = Number(headers.get(':status'))
    this.#count(`downstream_rq_${classOf(status)}`)
    // Node would add `Connection` and `Keep-Alive`; Envoy says something only when it closes.
    this.#response.shouldKeepAlive &&= this.#services.isOpen()
    if (this.#response.shouldKeepAlive) this.#response.removeHeader('connection')
    headers.replace('server', 'envoy')
    this.#response.writeHead(status, plainHeaders(headers))
  }

  #count(stat: string): void {
    this.#services.stats.add(`http.ingress.${stat}`)
  }
}

/** What goes out instead of headers that no HTTP client may be sent. */
function sendable(headers: HeaderMap): 'continue' | Reply {
  const fault = headerFault(headers)
  return fault === undefined ? 'continue' : badResponseHeaders(fault)
}

/** What filters may read of an answer. */
function responseFacts(details: string, target: Target | undefined): ResponseFacts {
  return { details, properties: target === undefined ? {} : { upstream: { address: target.host } } }
}

/** `2xx` */
function classOf(status: number): string {
  return `${Math.floor(status / 100)}xx`
}
