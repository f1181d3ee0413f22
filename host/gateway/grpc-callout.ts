/**
 * gRPC calls and streams that filters make: AsyncStreamImpl and AsyncRequestImpl in
 * source/common/grpc/async_client_impl.cc, and the router behind them.
 */
import { PassThrough } from 'node:stream'

import { type HeaderEntry, xxHash64 } from '../envoy/index.ts'
import { GrpcCall, type GrpcStream, HeaderMap } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { framed, FrameReader } from './grpc-frames.ts'
import {
  finalStatus,
  grpcMessageIn,
  grpcStatusIn,
  grpcStatusOfHttp,
  INTERNAL,
  UNAVAILABLE,
} from './grpc-status.ts'
import { requestHeaderFault } from './header-check.ts'
import { badRequestHeaders, noHealthyUpstream, type Reply, upstreamFailed } from './reply.ts'
import { callUpstream } from './upstream.ts'
import { resetDetails, type UpstreamAnswer, UpstreamError } from './upstream-message.ts'

const OK = 0
const ENDED_WITHOUT_TRAILERS = 2

/** A callout and its HTTP request. */
export class GrpcConversation {
  readonly #callout: GrpcCall | GrpcStream
  readonly #cluster: Cluster
  readonly #settle: () => void
  readonly #started = performance.now()
  readonly #body = new PassThrough()
  readonly #over = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #sent = 0
  /** Of a call: the last message that has come. */
  #response: Uint8Array | undefined

  /** @param settle Called when the guest has run. */
  constructor(callout: GrpcCall | GrpcStream, cluster: Cluster, settle: () => void) {
    this.#callout = callout
    this.#cluster = cluster
    this.#settle = settle
    this.#body.on('error', () => undefined)
    this.sync()
    void this.#converse()
  }

  /** Whether nothing more will come of it. */
  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** To be called when the guest has run: sends what it has sent since, and ends what it has ended. */
  sync(): void {
    const callout = this.#callout
    if (!callout.isPending) {
      this.#end()
      return
    }
    if (callout instanceof GrpcCall) {
      if (!this.#body.writableEnded) this.#body.end(framed(callout.message))
      return
    }
    for (const { message, endOfStream } of callout.sent.slice(this.#sent)) {
      this.#sent++
      if (this.#body.writableEnded) continue
      this.#body.write(framed(message))
      if (endOfStream) this.#body.end()
    }
    if (callout.isHalfClosed && !this.#body.writableEnded) this.#body.end()
  }

  async #converse(): Promise<void> {
    const headers = this.#headers()
    const host = this.#cluster.chooseHost(xxHash64(this.#cluster.name))
    if (host === undefined) {
      // An Envoy refuses the callout, and yet calls the guest, even while it runs: here the guest hears of it later.
      await Promise.resolve()
      this.#replied(noHealthyUpstream())
      return
    }
    const fault = requestHeaderFault(headers)
    if (fault !== undefined) {
      await Promise.resolve()
      this.#replied(badRequestHeaders(fault))
      return
    }
    this.#startTimer()
    try {
      const { signal } = this.#over
      await this.#answered(
        await callUpstream(this.#cluster, host.address, { headers, body: this.#body, signal }),
      )
    } catch (error) {
      if (this.isOver) return
      this.#replied(upstreamFailed(error instanceof UpstreamError ? error.failure : 'terminated'))
    }
  }

  #headers(): HeaderMap {
    const { service, method, initialMetadata } = this.#callout
    const timeout =
      this.#callout instanceof GrpcCall ? [['grpc-timeout', `${this.#callout.timeout}m`] as const] : []
    return new HeaderMap('request', [
      [':method', 'POST'],
      [':path', `/${service}/${method}`],
      [':authority', this.#cluster.name],
      [':scheme', 'http'],
      ['te', 'trailers'],
      ...timeout,
      ['content-type', 'application/grpc'],
      ...initialMetadata,
    ])
  }

  #startTimer(): void {
    const callout = this.#callout
    if (!(callout instanceof GrpcCall) || callout.timeout === 0) return
    this.#timer = setTimeout(() => {
      if (callout.isPending) callout.timeOut()
      this.#end()
      this.#settle()
    }, callout.timeout)
  }

  async #answered(answer: UpstreamAnswer): Promise<void> {
    const headers = this.#withServiceTime(answer.headers)
    const isGood = answer.status === 200
    this.#tell((stream) => {
      stream.sendInitialMetadata(isGood && !answer.isBodiless ? headers : [])
    })
    if (answer.isBodiless && (isGood || grpcStatusIn(headers) !== undefined)) this.#closed(headers)
    else if (isGood) await this.#read(answer)
    else this.#broken(grpcStatusOfHttp(answer.status))
  }

  /** The router says how long the answer took, where the request had ended before it. */
  #withServiceTime(headers: readonly HeaderEntry[]): HeaderEntry[] {
    if (!this.#body.writableEnded) return [...headers]
    const milliseconds = String(Math.round(performance.now() - this.#started))
    return [...headers, ['x-envoy-upstream-service-time', milliseconds]]
  }

  async #read(answer: UpstreamAnswer): Promise<void> {
    const reader = new FrameReader()
    try {
      for await (const bytes of answer.body) {
        const messages = reader.read(bytes as Uint8Array)
        for (const message of messages ?? []) this.#message(message)
        if (messages === undefined) this.#broken(INTERNAL)
        if (this.isOver) return
      }
    } catch (error) {
      if (!this.isOver) this.#broken(INTERNAL, resetDetails(error))
      return
    }
    // Envoy reads no trailers of HTTP/1.1 unless it is told to.
    const last = this.#cluster.http2 === undefined ? [] : answer.trailers()
    if (last.length === 0) this.#broken(ENDED_WITHOUT_TRAILERS)
    else this.#closed(last)
  }

  #message(message: Uint8Array): void {
    if (this.#callout instanceof GrpcCall) this.#response = message
    this.#tell((stream) => {
      stream.send(message)
    })
  }

  /** The server has said how it ended. */
  #closed(trailers: readonly HeaderEntry[]): void {
    this.#finish(finalStatus(trailers), grpcMessageIn(trailers), 'via_upstream', trailers)
  }

  /** The server has not. */
  #broken(status: number, details = 'via_upstream'): void {
    this.#finish(status, '', details, [])
  }

  /** There is no answer: Envoy's router gives one, which ends with its headers. */
  #replied({ body, details }: Reply): void {
    const message = Buffer.from(body).toString('latin1')
    this.#tell((stream) => {
      stream.sendInitialMetadata([])
    })
    this.#finish(UNAVAILABLE, message, details, [
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-status', String(UNAVAILABLE)],
      ['grpc-message', message],
    ])
  }

  #finish(status: number, message: string, details: string, trailers: readonly HeaderEntry[]): void {
    this.#tell((stream) => {
      stream.sendTrailingMetadata(trailers)
    })
    const callout = this.#callout
    if (callout.isPending) {
      if (!(callout instanceof GrpcCall) || status !== OK) callout.close(status, message, details)
      else if (this.#response === undefined) callout.close(INTERNAL, '', '')
      else callout.respond(this.#response)
    }
    this.#end()
    this.#settle()
  }

  /** Runs a callback that only streams have. */
  #tell(what: (stream: GrpcStream) => void): void {
    const callout = this.#callout
    if (callout instanceof GrpcCall || !callout.isPending) return
    what(callout)
    this.#settle()
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#over.abort()
  }
}
