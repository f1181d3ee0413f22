/**
 * Callouts: what a guest asks of other servers, and how a test answers (context.cc httpCall, grpcCall, grpcStream).
 *
 *     guest ──proxy_http_call──> Callouts.pending ──respond()──> proxy_on_http_call_response, on the root context
 */
import { Status } from '../assembly/proxy/abi.ts'
import { utf8Bytes } from './byte-text.ts'
import type { RootContext } from './context.ts'
import type { HeaderEntry } from './envoy/header-list.ts'
import { HostUsageError } from './errors.ts'
import { HeaderMap } from './header-map.ts'
import type { HeaderViolations } from './header-violations.ts'
import { readFields } from './protobuf.ts'

/** The low two bits of a token say what it stands for (wasm.h CalloutType). */
const CALLOUT_TYPE = { httpCall: 0, grpcCall: 1, grpcStream: 2 } as const
const TYPE_MASK = 3
const TOKEN_STEP = 4
const GRPC_UNAVAILABLE = 14

const CONNECTION_REFUSED = 'remote connection failure'

/** What a server answers to an HTTP call. Headers and trailers are byte strings. */
export interface HttpCallResponse {
  /** `:status: 200` alone when absent. */
  readonly headers?: Iterable<HeaderEntry>
  /** Text as UTF-8, or bytes; none when absent. */
  readonly body?: string | Uint8Array
  readonly trailers?: Iterable<HeaderEntry>
}

/** What callouts need of their VM. */
export interface CalloutHost {
  /** Runs now, or when the guest has returned if it is running: Envoy never enters a VM twice. */
  whenIdle(action: () => void): void
  /** Asks for the call's `timeOut` after some milliseconds; 0 takes it back. */
  schedule(call: HttpCall | GrpcCall, milliseconds: number): void
  readonly violations: HeaderViolations
}

/** Anything that a guest has asked of another server and that is not over. */
abstract class Callout {
  /** By which the guest knows it. */
  readonly token: number
  readonly cluster: string
  /** @internal */
  readonly root: RootContext
  /** @internal */
  protected readonly callouts: Callouts

  /** @internal */
  constructor(token: number, cluster: string, root: RootContext, callouts: Callouts) {
    this.token = token
    this.cluster = cluster
    this.root = root
    this.callouts = callouts
  }

  /** Whether it can still be answered: false once it is over, cancelled, or its plugin is gone. */
  get isPending(): boolean {
    return this.callouts.has(this)
  }

  /** @internal How it reads in an error message. */
  abstract describe(): string
}

/** A call that a guest has begun by `proxy_http_call`. */
export class HttpCall extends Callout {
  readonly headers: HeaderMap
  readonly body: Uint8Array
  readonly trailers: HeaderMap
  /** Milliseconds; 0 for none. */
  readonly timeout: number

  /** @internal */
  constructor(
    token: number,
    cluster: string,
    root: RootContext,
    callouts: Callouts,
    request: { headers: HeaderMap; body: Uint8Array; trailers: HeaderMap; timeout: number },
  ) {
    super(token, cluster, root, callouts)
    this.headers = request.headers
    this.body = request.body
    this.trailers = request.trailers
    this.timeout = request.timeout
  }

  /**
   * The server answers: runs `proxy_on_http_call_response`.
   *
   * @throws {HostUsageError} `callout_over`
   */
  respond({ headers = [[':status', '200']], body = '', trailers }: HttpCallResponse = {}): void {
    const response = {
      headers: new HeaderMap('response', headers),
      body: utf8Bytes(body),
      trailers: trailers === undefined ? undefined : new HeaderMap('trailers', trailers),
    }
    this.callouts.finish(this, () => {
      const { calloutResponse } = this.root
      calloutResponse.http = response
      const { headers: map, body: bytes, trailers: last } = response
      this.root.calloutReturned('proxy_on_http_call_response', [
        this.token,
        map.size,
        bytes.length,
        last?.size ?? 0,
      ])
      calloutResponse.http = undefined
    })
  }

  /**
   * The answer breaks off: the guest gets zeros and can read nothing, but `proxy_get_status` says 11 and `reset`.
   *
   * @throws {HostUsageError} `callout_over`
   */
  fail(): void {
    this.callouts.finish(this, () => {
      const { calloutResponse } = this.root
      calloutResponse.statusCode = Status.BrokenConnection
      calloutResponse.statusMessage = 'reset'
      this.root.calloutReturned('proxy_on_http_call_response', [this.token, 0, 0, 0])
      calloutResponse.statusMessage = ''
    })
  }

  /**
   * No connection can be made, or it ends before an answer: Envoy's router answers 503 in the server's place.
   *
   * @param reason in Envoy's words, for example `connection termination`
   * @throws {HostUsageError} `callout_over`
   */
  refuse(reason: string = CONNECTION_REFUSED): void {
    this.replyLocally(
      503,
      `upstream connect error or disconnect/reset before headers. reset reason: ${reason}`,
    )
  }

  /**
   * The timeout has passed, as {@link Vm.advance} sees to: Envoy's router answers 504 in the server's place.
   *
   * @throws {HostUsageError} `callout_over`
   */
  timeOut(): void {
    this.replyLocally(504, 'upstream request timeout')
  }

  override describe(): string {
    return `HTTP call ${this.token} to ${this.cluster}: ${this.headers.get(':method') ?? ''} ${this.headers.get(':path') ?? ''}`
  }

  private replyLocally(status: number, body: string): void {
    this.respond({
      headers: [
        [':status', String(status)],
        ['content-length', String(body.length)],
        ['content-type', 'text/plain'],
      ],
      body,
    })
  }
}

/** What gRPC calls and streams have in common. */
abstract class GrpcCallout extends Callout {
  /** `package.Service` */
  readonly service: string
  readonly method: string
  readonly initialMetadata: HeaderMap

  /** @internal */
  constructor(token: number, cluster: string, root: RootContext, callouts: Callouts, opening: GrpcOpening) {
    super(token, cluster, root, callouts)
    this.service = opening.service
    this.method = opening.method
    this.initialMetadata = opening.initialMetadata
  }

  /**
   * Ends it with a status: runs `proxy_on_grpc_close`.
   *
   * @param status a code of gRPC, 0 for Ok
   * @param message a byte string
   * @param details how Envoy came by the status, which it appends to the message
   * @throws {HostUsageError} `callout_over`
   */
  close(status: number, message = '', details = 'via_upstream'): void {
    this.callouts.finish(this, () => {
      const { calloutResponse } = this.root
      calloutResponse.statusCode = status
      calloutResponse.statusMessage = message === '' ? details : `${message}{${details}}`
      this.root.calloutReturned('proxy_on_grpc_close', [this.token, status])
      calloutResponse.statusMessage = ''
    })
  }

  override describe(): string {
    return `gRPC ${this.token} to ${this.cluster}: ${this.service}/${this.method}`
  }
}

interface GrpcOpening {
  readonly service: string
  readonly method: string
  readonly initialMetadata: HeaderMap
}

/** A call that a guest has begun by `proxy_grpc_call`: one message there, and one back or a status. */
export class GrpcCall extends GrpcCallout {
  readonly message: Uint8Array
  /** Milliseconds; 0 for none. */
  readonly timeout: number

  /** @internal */
  constructor(
    token: number,
    cluster: string,
    root: RootContext,
    callouts: Callouts,
    opening: GrpcOpening & { readonly message: Uint8Array; readonly timeout: number },
  ) {
    super(token, cluster, root, callouts, opening)
    this.message = opening.message
    this.timeout = opening.timeout
  }

  /**
   * The server answers: runs `proxy_on_grpc_receive`, and nothing after it.
   *
   * @throws {HostUsageError} `callout_over`
   */
  respond(message: string | Uint8Array): void {
    this.callouts.finish(this, () => {
      receive(this.root, this.token, utf8Bytes(message))
    })
  }

  /**
   * The timeout has passed, as {@link Vm.advance} sees to: status 14, Unavailable.
   *
   * @throws {HostUsageError} `callout_over`
   */
  timeOut(): void {
    this.close(GRPC_UNAVAILABLE, 'upstream request timeout', 'response_timeout')
  }
}

/** A stream that a guest has opened by `proxy_grpc_stream`. */
export class GrpcStream extends GrpcCallout {
  /** What the guest has sent, oldest first. */
  readonly sent: { readonly message: Uint8Array; readonly endOfStream: boolean }[] = []
  /** Whether the guest has closed its side by `proxy_grpc_close`. */
  isHalfClosed = false

  /** Runs `proxy_on_grpc_receive_initial_metadata`. */
  sendInitialMetadata(metadata: Iterable<HeaderEntry>): void {
    const map = new HeaderMap('response', metadata)
    this.callouts.deliver(this, () => {
      const { calloutResponse } = this.root
      calloutResponse.initialMetadata = map
      this.root.calloutReturned('proxy_on_grpc_receive_initial_metadata', [this.token, map.size])
      calloutResponse.initialMetadata = undefined
    })
  }

  /** Runs `proxy_on_grpc_receive`. */
  send(message: string | Uint8Array): void {
    this.callouts.deliver(this, () => {
      receive(this.root, this.token, utf8Bytes(message))
    })
  }

  /** Runs `proxy_on_grpc_receive_trailing_metadata`. */
  sendTrailingMetadata(metadata: Iterable<HeaderEntry>): void {
    const map = new HeaderMap('trailers', metadata)
    this.callouts.deliver(this, () => {
      const { calloutResponse } = this.root
      calloutResponse.trailingMetadata = map
      this.root.calloutReturned('proxy_on_grpc_receive_trailing_metadata', [this.token, map.size])
      calloutResponse.trailingMetadata = undefined
    })
  }
}

function receive(root: RootContext, token: number, message: Uint8Array): void {
  root.calloutResponse.grpcMessage = message
  root.calloutReturned('proxy_on_grpc_receive', [token, message.length])
  root.calloutResponse.grpcMessage = undefined
}

/** A callout has begun, or why not. */
export type Begun = { readonly token: number } | { readonly refused: Status }

/** The callouts of one VM that are not over. */
export class Callouts {
  private readonly open = new Map<number, Callout>()
  private readonly clusters: ReadonlySet<string>
  private readonly host: CalloutHost
  private lastHttpCall = CALLOUT_TYPE.httpCall as number
  private lastGrpcCall = CALLOUT_TYPE.grpcCall as number
  private lastGrpcStream = CALLOUT_TYPE.grpcStream as number

  /** @internal */
  constructor(clusters: Iterable<string>, host: CalloutHost) {
    this.clusters = new Set(clusters)
    this.host = host
  }

  /** What waits for an answer, oldest first. */
  get pending(): readonly (HttpCall | GrpcCall | GrpcStream)[] {
    return [...this.open.values()] as (HttpCall | GrpcCall | GrpcStream)[]
  }

  /**
   * The oldest HTTP call that waits for an answer, of all or of one cluster.
   *
   * @throws {HostUsageError} `no_callout`
   */
  http(cluster?: string): HttpCall {
    return this.oldest(HttpCall, cluster)
  }

  /**
   * The oldest gRPC call that waits for an answer, of all or of one cluster.
   *
   * @throws {HostUsageError} `no_callout`
   */
  grpc(cluster?: string): GrpcCall {
    return this.oldest(GrpcCall, cluster)
  }

  /**
   * The oldest gRPC stream that is open, of all or of one cluster.
   *
   * @throws {HostUsageError} `no_callout`
   */
  grpcStream(cluster?: string): GrpcStream {
    return this.oldest(GrpcStream, cluster)
  }

  /** @internal Context::httpCall */
  beginHttp(
    root: RootContext,
    cluster: string,
    request: { headers: HeaderMap; body: Uint8Array; trailers: HeaderMap; timeout: number },
  ): Begun {
    const { headers, body, timeout } = request
    if (timeout < 0 || !this.clusters.has(cluster)) return { refused: Status.BadArgument }
    if (!headers.has(':path') || !headers.has(':method') || !headers.has(':authority')) {
      return { refused: Status.BadArgument }
    }
    if (body.length > 0) headers.replace('content-length', String(body.length))
    const token = (this.lastHttpCall += TOKEN_STEP)
    const call = new HttpCall(token, cluster, root, this, request)
    this.open.set(token, call)
    if (timeout > 0) this.host.schedule(call, timeout)
    return { token }
  }

  /** @internal Context::grpcCall */
  beginGrpc(
    root: RootContext,
    target: string,
    opening: GrpcOpening & { readonly message: Uint8Array; readonly timeout: number },
  ): Begun {
    const cluster = this.grpcCluster(target)
    if (typeof cluster === 'number') return { refused: cluster }
    const token = (this.lastGrpcCall += TOKEN_STEP)
    const call = new GrpcCall(token, cluster, root, this, opening)
    this.open.set(token, call)
    if (opening.timeout > 0) this.host.schedule(call, opening.timeout)
    return { token }
  }

  /** @internal Context::grpcStream */
  beginGrpcStream(root: RootContext, target: string, opening: GrpcOpening): Begun {
    const cluster = this.grpcCluster(target)
    if (typeof cluster === 'number') return { refused: cluster }
    const token = (this.lastGrpcStream += TOKEN_STEP)
    this.open.set(token, new GrpcStream(token, cluster, root, this, opening))
    return { token }
  }

  /** @internal Context::grpcSend */
  sendGrpc(token: number, message: Uint8Array, endOfStream: boolean): Status {
    if ((token & TYPE_MASK) !== CALLOUT_TYPE.grpcStream) return Status.BadArgument
    const stream = this.open.get(token)
    if (!(stream instanceof GrpcStream)) return Status.NotFound
    stream.sent.push({ message, endOfStream })
    return Status.Ok
  }

  /** @internal Context::grpcClose and grpcCancel; closing leaves a stream open for what the server still says. */
  endGrpc(token: number, how: 'close' | 'cancel'): Status {
    const type = token & TYPE_MASK
    if (type !== CALLOUT_TYPE.grpcCall && type !== CALLOUT_TYPE.grpcStream) return Status.BadArgument
    const callout = this.open.get(token)
    if (callout === undefined) return Status.NotFound
    if (how === 'close' && callout instanceof GrpcStream) callout.isHalfClosed = true
    else this.forget(callout)
    return Status.Ok
  }

  /** @internal Runs a callback of something that goes on. */
  deliver(callout: Callout, run: () => void): void {
    this.assertPending(callout)
    this.host.whenIdle(run)
    this.host.violations.report()
  }

  /** @internal Runs the last callback of something. */
  finish(callout: Callout, run: () => void): void {
    this.assertPending(callout)
    this.forget(callout)
    this.host.whenIdle(run)
    this.host.violations.report()
  }

  /** @internal The root is deleted, and with it what it waited for. */
  cancelOf(root: RootContext): void {
    for (const callout of this.open.values()) if (callout.root === root) this.forget(callout)
  }

  /** @internal */
  has(callout: Callout): boolean {
    return this.open.get(callout.token) === callout
  }

  private forget(callout: Callout): void {
    this.open.delete(callout.token)
    if (callout instanceof HttpCall || callout instanceof GrpcCall) this.host.schedule(callout, 0)
  }

  private assertPending(callout: Callout): void {
    if (this.has(callout)) return
    throw new HostUsageError('callout_over', `${callout.describe()} is over: it cannot be answered`)
  }

  private oldest<C extends Callout>(kind: new (...args: never[]) => C, cluster: string | undefined): C {
    for (const callout of this.open.values()) {
      if (callout instanceof kind && (cluster === undefined || callout.cluster === cluster)) return callout
    }
    const to = cluster === undefined ? '' : ` to ${JSON.stringify(cluster)}`
    const others = this.pending.map((callout) => callout.describe()).join('; ')
    throw new HostUsageError('no_callout', `no ${kind.name}${to} is pending, only: ${others || 'nothing'}`)
  }

  /**
   * `GrpcService { EnvoyGrpc envoy_grpc = 1 { string cluster_name = 1 } }` in protobuf, or else a cluster's name.
   * A name that happens to be a message, such as an empty one, is taken for a message.
   */
  private grpcCluster(target: string): string | Status {
    const service = readFields(Buffer.from(target, 'latin1'))
    if (service === undefined) return this.clusters.has(target) ? target : Status.ParseFailure
    const envoyGrpc = readFields(service.bytes.get(1) ?? new Uint8Array(0))
    const cluster = envoyGrpc?.bytes.get(1)?.toString('latin1') ?? ''
    return this.clusters.has(cluster) ? cluster : Status.InternalFailure
  }
}
