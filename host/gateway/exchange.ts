/**
 * One request and its answer, in the order of Envoy's connection manager and router:
 *
 *     decode -> filters -> route -> hash policy -> host -> upstream
 *     encode <- filters in reverse <- router's own headers <- answer, or a local reply at any step
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, type Readable } from 'node:stream'
import { addressText, generateHash, type Random64 } from '../envoy/index.ts'
import { HeaderMap } from '../header-map.ts'
import { ReplyDuringBody } from './body-filter.ts'
import { resolveClientAddress } from './client-address.ts'
import { connectionOf } from './client-connection.ts'
import type { Cluster } from './cluster.ts'
import type { GatewayConfig } from './config.ts'
import type { FilterChain, Filtered, FilterStreams, ResponseFacts } from './filter-chain.ts'
import { headerFault } from './header-check.ts'
import { badResponseHeaders, type Reply, routeNotFound } from './reply.ts'
import { endsWithHeaders, plainHeaders, requestHeaders } from './request-headers.ts'
import { requestProperties } from './request-properties.ts'
import type { RouteTable, SelectedRoute } from './route-table.ts'
import { type Routed, routeRequest } from './router.ts'
import type { Stats } from './stats.ts'
import type { UpstreamAnswer } from './upstream-message.ts'

/** What all exchanges of a gateway share. */
export interface ExchangeServices {
  readonly config: GatewayConfig
  readonly routes: RouteTable
  readonly clusters: ReadonlyMap<string, Cluster>
  readonly filters: FilterChain
  readonly stats: Stats
  readonly random: Random64
  /** False while the gateway closes: connections end with their answer. */
  readonly isOpen: () => boolean
}

const ATTEMPT_COUNT = 'x-envoy-attempt-count'

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
    await this.#proxy(selected, endOfStream)
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

  /** Sends the request upstream, as often as its route says, and passes on what comes of it. */
  async #proxy(selected: SelectedRoute, endOfStream: boolean): Promise<void> {
    const cluster = this.#clusterOf(selected)
    try {
      const routed = await routeRequest({
        headers: this.#headers,
        body: endOfStream ? undefined : this.#requestBody(),
        selected,
        cluster,
        hash: () =>
          generateHash(selected.route.hashPolicy ?? [], {
            headers: this.#headers.toList(),
            remoteAddress: this.#remoteAddress,
            connection: this.#connection,
            filterState: this.#streams.hashableState,
          }),
        random: this.#services.random,
        clientLeft: this.#clientLeft.signal,
      })
      const count = selected.virtualHost.includeAttemptCountInResponse === true ? routed.attempts : undefined
      if ('answer' in routed.outcome) await this.#relay(routed.outcome.answer, cluster, routed, count)
      else if (!this.#clientLeft.signal.aborted) {
        const { reply } = routed.outcome
        if (count !== undefined) reply.headers.replace(ATTEMPT_COUNT, String(count))
        cluster.count('upstream_rq_5xx')
        await this.#replyLocally(reply, routed)
      }
    } catch (error) {
      if (!(error instanceof ReplyDuringBody)) throw error
      this.#finish(await this.#streams.encodeReply(error))
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
  async #relay(
    answer: UpstreamAnswer,
    cluster: Cluster,
    routed: Routed,
    attemptCount: number | undefined,
  ): Promise<void> {
    const { status, body } = answer
    const headers = new HeaderMap('response', answer.headers)
    headers.replace('x-envoy-upstream-service-time', String(Math.round(performance.now() - this.#started)))
    if (attemptCount !== undefined) headers.replace(ATTEMPT_COUNT, String(attemptCount))
    for (const setCookie of routed.setCookies) headers.add('set-cookie', setCookie)
    cluster.count(`upstream_rq_${classOf(status)}`)

    const isBodiless = this.#message.method === 'HEAD' || answer.isBodiless
    const facts = responseFacts('via_upstream', routed)
    const filtered = await this.#streams.encodeHeaders(headers, isBodiless, facts)
    const outcome = filtered.outcome === 'continue' ? sendable(filtered.headers) : filtered.outcome
    if (outcome === 'continue') {
      const filter = isBodiless ? undefined : this.#streams.bodyFilter('response')
      if (filter !== undefined) filtered.headers.remove('content-length')
      this.#writeHead(filtered.headers)
      // An answer that breaks off must not look complete: the pipeline then destroys the connection to the client.
      pipeline([body, ...(filter === undefined ? [] : [filter]), this.#response], () => undefined)
    } else {
      body.destroy()
      this.#finish(outcome)
    }
  }

  async #replyLocally(reply: Reply, routed?: Routed): Promise<void> {
    const facts = responseFacts(reply.details, routed)
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
function responseFacts(details: string, routed: Routed | undefined): ResponseFacts {
  if (routed === undefined) return { details, properties: {} }
  const { host, attempts } = routed
  const upstream = { request_attempt_count: BigInt(attempts) }
  return { details, properties: { upstream: host === undefined ? upstream : { ...upstream, address: host } } }
}

/** `2xx` */
function classOf(status: number): string {
  return `${Math.floor(status / 100)}xx`
}
