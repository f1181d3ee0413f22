/**
 * One request to the hosts of its cluster, as often as its retry policy says (source/common/router/router.cc):
 *
 *     hash policy -> host -> attempt -> answer, or again
 */
import type { Readable } from 'node:stream'
import type { GeneratedHash, Random64 } from '../envoy/index.ts'
import { HeaderMap } from '../header-map.ts'
import type { Cluster } from './cluster.ts'
import { requestHeaderFault } from './header-check.ts'
import { ReplayableBody } from './replayable-body.ts'
import {
  badRequestHeaders,
  bodyTooLargeToRetry,
  noHealthyUpstream,
  type Reply,
  upstreamFailed,
  type UpstreamFailure,
} from './reply.ts'
import { Retries } from './retries.ts'
import type { SelectedRoute } from './route-table.ts'
import { callUpstream } from './upstream.ts'
import { type UpstreamAnswer, UpstreamError } from './upstream-message.ts'

/** Envoy's default limit of a connection's buffers. */
const DEFAULT_BUFFER_LIMIT = 1024 * 1024

/** A request that has passed the filters. */
export interface RoutedRequest {
  /** Get the number of the attempt, where that is asked for. */
  readonly headers: HeaderMap
  /** Absent when the request ends with its headers. */
  readonly body: Readable | undefined
  readonly selected: SelectedRoute
  readonly cluster: Cluster
  /** Asked for each attempt, as Envoy does: a policy that mints a cookie mints one each time. */
  readonly hash: () => GeneratedHash
  readonly random: Random64
  readonly clientLeft: AbortSignal
}

/** What came of a request. */
export interface Routed {
  /** Of the upstream, or of the gateway in its place. */
  readonly outcome: { readonly answer: UpstreamAnswer } | { readonly reply: Reply }
  /** The host that was tried last, `10.0.0.1:80`. */
  readonly host?: string
  readonly attempts: number
  readonly setCookies: readonly string[]
}

/**
 * Sends a request to its cluster. Nothing is sent when the client has left.
 *
 * @throws the error with which the body failed
 */
export async function routeRequest(request: RoutedRequest): Promise<Routed> {
  const { headers, selected, cluster, clientLeft } = request
  const { route, virtualHost } = selected
  const retries = new Retries(route.retryPolicy, cluster, request.random)
  const body = new RequestBody(request, retries)
  const setCookies: string[] = []
  try {
    for (let attempts = 1; ; attempts++) {
      if (virtualHost.includeRequestAttemptCount === true) {
        headers.replace('x-envoy-attempt-count', String(attempts))
      }
      const hashed = request.hash()
      setCookies.push(...hashed.setCookies)
      const host = cluster.chooseHost(hashed.hash, retries.selection)
      if (host === undefined) return { outcome: { reply: noHealthyUpstream() }, attempts, setCookies }
      const tried = { host: host.address, attempts, setCookies }
      const fault = requestHeaderFault(headers)
      if (fault !== undefined) return { outcome: { reply: badRequestHeaders(fault) }, ...tried }

      retries.tried(host)
      const result = await attempt(request, host.address, body)
      if (typeof result === 'string') {
        if (clientLeft.aborted || !retries.afterFailure(result)) {
          return { outcome: { reply: upstreamFailed(result, attempts > 1) }, ...tried }
        }
      } else {
        if (!retries.afterAnswer(result.status, new HeaderMap('response', result.headers))) {
          return { outcome: { answer: result }, ...tried }
        }
        cluster.count(`retry.upstream_rq_${Math.floor(result.status / 100)}xx`)
        result.body.destroy()
      }
      body.leave()
      await retries.backOff(clientLeft)
      if (clientLeft.aborted) return { outcome: { reply: upstreamFailed('terminated') }, ...tried }
      if (body.isTooLarge) return { outcome: { reply: bodyTooLargeToRetry() }, ...tried }
    }
  } finally {
    retries.end()
  }
}

/** The answer, or why there is none. */
async function attempt(
  { headers, selected, cluster, clientLeft }: RoutedRequest,
  host: string,
  body: RequestBody,
): Promise<UpstreamAnswer | UpstreamFailure> {
  const timeout = new TryTimeout(selected.route.retryPolicy?.perTryTimeout)
  const sent = body.open()
  void body.whole.then(() => {
    timeout.start()
  })
  cluster.count('upstream_rq_active')
  try {
    const signal = AbortSignal.any([clientLeft, timeout.signal])
    return await callUpstream(cluster, host, { headers, body: sent, signal })
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    if (timeout.signal.aborted) {
      cluster.count('upstream_rq_per_try_timeout')
      return 'timedOut'
    }
    if (error.failure === 'refused') cluster.count('upstream_cx_connect_fail')
    return error.failure
  } finally {
    timeout.stop()
    cluster.count('upstream_rq_active', -1)
  }
}

/** A request's body, kept only where it may be needed again. */
class RequestBody {
  /** Resolves when all of it has come. */
  readonly whole: Promise<void>
  isTooLarge = false
  readonly #once: Readable | undefined
  readonly #kept: ReplayableBody | undefined

  constructor({ body, selected, cluster }: RoutedRequest, retries: Retries) {
    const limit = selected.route.perRequestBufferLimitBytes ?? DEFAULT_BUFFER_LIMIT
    if (body === undefined) this.whole = Promise.resolve()
    else if (retries.arePossible) {
      this.#kept = new ReplayableBody(body, limit, () => {
        this.isTooLarge = true
        cluster.count('retry_or_shadow_abandoned')
        retries.end()
      })
      this.whole = this.#kept.whole
    } else {
      this.#once = body
      this.whole = new Promise((resolve) => body.once('end', resolve))
    }
  }

  open(): Readable | undefined {
    return this.#kept?.open() ?? this.#once
  }

  leave(): void {
    this.#kept?.leave()
  }
}

/** The time that one attempt has. */
class TryTimeout {
  readonly #milliseconds: number | undefined
  readonly #over = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(milliseconds: number | undefined) {
    this.#milliseconds = milliseconds
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  start(): void {
    if (this.#milliseconds === undefined || this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#over.abort()
    }, this.#milliseconds)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }
}
