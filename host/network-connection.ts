import { BufferType, FilterDataStatus, type HeaderMapType, StreamType } from '../assembly/proxy/abi.ts'
import { BodyBuffer } from './body.ts'
import { utf8Bytes } from './byte-text.ts'
import { Context, type RootContext } from './context.ts'
import { HostUsageError } from './errors.ts'
import type { Connection } from './filter-state.ts'
import type { Callback, Guest } from './guest.ts'
import type { HeaderMap } from './header-map.ts'
import type { PropertyTree } from './property.ts'
import type { ContextHost } from './stream.ts'
import { StreamInfo } from './stream-info.ts'

/** What Envoy does after a callback of a network filter (envoy/network/filter.h FilterStatus). */
export const NetworkStatus = { Continue: 0, StopIteration: 1 } as const
export type NetworkStatus = (typeof NetworkStatus)[keyof typeof NetworkStatus]

/** Who closed the connection to the client (cpp-host CloseType). */
const CLOSE_TYPE = { unknown: 0, local: 1, remote: 2 } as const

/** What a connection begins with. */
export interface NetworkConnectionOptions {
  /** What `proxy_get_property` finds, from the beginning on: nothing is hidden until a host is reached. */
  readonly properties?: PropertyTree
  /** Where several filters, or later streams, share what lives as long as the connection; one of its own by default. */
  readonly connection?: Connection
}

/** What came out of a callback of a network filter. */
export interface NetworkResult {
  readonly status: NetworkStatus
  /** What the guest returned; undefined when it was not asked or trapped. */
  readonly rawStatus: number | undefined
  /** How many hostcalls it cost. */
  readonly hostcalls: number
}

/** What came out of a callback that was given bytes. */
export interface NetworkDataResult extends NetworkResult {
  /** The bytes that go on now, those that were held before among them. */
  readonly data: Uint8Array
}

type Direction = 'downstream' | 'upstream'

/** @internal The exports that a connection's events call, looked up once for all connections of a plugin. */
export type NetworkCallbacks = ReturnType<typeof networkCallbacks>

/** @internal */
export function networkCallbacks(guest: Guest) {
  return {
    newConnection: guest.callback('proxy_on_new_connection'),
    data: {
      downstream: guest.callback('proxy_on_downstream_data'),
      upstream: guest.callback('proxy_on_upstream_data'),
    },
    close: {
      downstream: guest.callback('proxy_on_downstream_connection_close'),
      upstream: guest.callback('proxy_on_upstream_connection_close'),
    },
  }
}

/**
 * A client's connection on its way through a network filter, `envoy.filters.network.wasm` (context.cc onNewConnection,
 * onData, onWrite, onEvent). Downstream data comes from the client, upstream data from the server.
 *
 * @example
 *     const connection = plugin.openConnection()
 *     connection.newConnection()
 *     connection.downstreamData('PING').data      // what the server gets
 *     connection.upstreamData('PONG').data        // what the client gets
 *     connection.close()
 */
export class NetworkConnection extends Context implements Disposable {
  /** @internal */
  readonly root: RootContext
  /** What the guest has let go on by `proxy_continue_stream`, in order; the result of no callback has it. */
  readonly continued: Uint8Array[] = []
  private readonly host: ContextHost
  private readonly callbacks: NetworkCallbacks
  private readonly bypassed: boolean
  private readonly buffers = { downstream: new BodyBuffer(), upstream: new BodyBuffer() }
  private created = false
  private closer: 'guest' | 'failure' | 'local' | 'remote' | undefined
  private ended = false

  /** @internal Made by {@link Plugin.openConnection}. */
  constructor(
    id: number,
    root: RootContext,
    options: NetworkConnectionOptions,
    host: ContextHost,
    callbacks: NetworkCallbacks,
    bypassed: boolean,
  ) {
    const info = new StreamInfo(options.properties, options.connection)
    info.phase = 'response'
    super(id, info)
    this.root = root
    this.host = host
    this.callbacks = callbacks
    this.bypassed = bypassed
  }

  /** Who has closed it: `failure` is Envoy, because the VM has failed. Undefined while it is open. */
  get closedBy(): 'guest' | 'failure' | 'local' | 'remote' | undefined {
    return this.closer
  }

  /** Runs `proxy_on_context_create` and `proxy_on_new_connection`: once, before anything else. */
  newConnection(): NetworkResult {
    this.assertOpen('newConnection')
    if (this.created) {
      throw new HostUsageError('callback_repeated', 'newConnection has run already: a connection is new once')
    }
    const before = this.host.guest.counts.total
    this.created = true
    if (this.bypassed) return { status: NetworkStatus.Continue, rawStatus: undefined, hostcalls: 0 }
    this.call(this.host.callbacks.contextCreate, this.root.id)
    const rawStatus = this.call(this.callbacks.newConnection)
    return this.result(rawStatus, before)
  }

  /** Runs `proxy_on_downstream_data` over bytes of the client, or over text as UTF-8; `end`: it sends no more. */
  downstreamData(data: string | Uint8Array, options: { readonly end?: boolean } = {}): NetworkDataResult {
    return this.dataPassed('downstream', data, options.end ?? false)
  }

  /**
   * Runs `proxy_on_upstream_data` over bytes of the server, or over text as UTF-8. At their `end` it runs
   * `proxy_on_upstream_connection_close` too, which Envoy knows of in no other way.
   */
  upstreamData(data: string | Uint8Array, options: { readonly end?: boolean } = {}): NetworkDataResult {
    return this.dataPassed('upstream', data, options.end ?? false)
  }

  /**
   * The connection to the client is closed: `proxy_on_downstream_connection_close`, then done, log and delete. Nothing
   * runs where it has never been a new connection, or is closed already.
   *
   * @param by the client, or Envoy, as a TCP proxy does when the server is gone
   */
  close(by: 'local' | 'remote' = 'remote'): void {
    if (this.closer !== undefined) return
    this.closeAs(by, CLOSE_TYPE[by])
    this.host.violations.report()
  }

  /** Closes it unless it is closed. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  override readableMap(type: HeaderMapType): HeaderMap | undefined {
    return this.root.calloutResponse.readableMap(type)
  }

  /** @internal */
  override writableMap(): undefined {
    return undefined
  }

  /** @internal */
  override sendLocalReply(): void {
    // There is nobody to reply to.
  }

  /** @internal */
  override buffer(type: BufferType, vmConfiguration: Uint8Array): Uint8Array | undefined {
    return this.bufferOf(type)?.visible ?? super.buffer(type, vmConfiguration)
  }

  /** @internal */
  override writeBuffer(type: BufferType, start: number, length: number, data: Uint8Array): boolean {
    return this.bufferOf(type)?.write(start, length, data) ?? false
  }

  /** @internal */
  override continueStream(type: StreamType): void {
    if (type !== StreamType.Downstream) return
    this.host.deferred.add(() => {
      this.continued.push(this.buffers.downstream.release())
    })
  }

  /** @internal Both of its ends are the connection to the client: the filter has no other. */
  override closeStream(type: StreamType): void {
    if (type !== StreamType.Downstream && type !== StreamType.Upstream) return
    this.host.deferred.add(() => {
      if (this.closer === undefined) this.closeAs('guest', CLOSE_TYPE.local)
    })
  }

  private dataPassed(direction: Direction, data: string | Uint8Array, end: boolean): NetworkDataResult {
    this.assertOpen(`${direction}Data`)
    const before = this.host.guest.counts.total
    const bytes = utf8Bytes(data)
    if (!this.created || this.bypassed) {
      return { status: NetworkStatus.Continue, rawStatus: undefined, hostcalls: 0, data: bytes }
    }
    const buffer = this.buffers[direction]
    const raw = this.call(this.callbacks.data[direction], buffer.arrive(bytes), end ? 1 : 0)
    const result = this.result(raw, before)
    const stops = result.status === NetworkStatus.StopIteration
    const leaving = buffer.settle(stops ? FilterDataStatus.StopIterationAndBuffer : FilterDataStatus.Continue)
    if (end && direction === 'upstream' && this.closer === undefined) {
      this.call(this.callbacks.close.upstream, CLOSE_TYPE.unknown)
    }
    return {
      ...result,
      hostcalls: this.host.guest.counts.total - before,
      data: this.closer === undefined ? leaving : new Uint8Array(0),
    }
  }

  private result(rawStatus: number | undefined, before: number): NetworkResult {
    const { guest, violations } = this.host
    const failed = guest.failure !== undefined
    if (failed && this.closer === undefined) this.closeAs('failure', CLOSE_TYPE.local)
    violations.report()
    const stops = failed || (rawStatus !== undefined && rawStatus !== 0)
    return {
      status: stops ? NetworkStatus.StopIteration : NetworkStatus.Continue,
      rawStatus,
      hostcalls: guest.counts.total - before,
    }
  }

  private closeAs(closer: 'guest' | 'failure' | 'local' | 'remote', type: number): void {
    this.closer = closer
    if (this.created && !this.bypassed) this.call(this.callbacks.close.downstream, type)
    // Envoy destroys a connection once nothing that it has called is running any more.
    this.host.deferred.add(() => {
      this.destroy()
    })
    if (!this.host.guest.isRunning) this.host.deferred.run()
  }

  private destroy(): void {
    if (this.ended) return
    this.ended = true
    if (this.created && !this.bypassed) {
      const { callbacks } = this.host
      this.call(callbacks.done)
      this.call(callbacks.log)
      this.call(callbacks.delete)
    }
    this.host.contextEnded(this)
  }

  /** A dead VM is not entered. */
  private call(callback: Callback, first = 0, second = 0): number | undefined {
    const { guest, deferred } = this.host
    if (guest.failure !== undefined) return undefined
    const returned = guest.call(this, callback, this.id, first, second)
    guest.stopIteration = false
    deferred.run()
    return returned
  }

  private bufferOf(type: BufferType): BodyBuffer | undefined {
    if (type === BufferType.NetworkDownstreamData) return this.buffers.downstream
    return type === BufferType.NetworkUpstreamData ? this.buffers.upstream : undefined
  }

  private assertOpen(event: string): void {
    if (this.closer === undefined) return
    throw new HostUsageError(
      'stream_ended',
      `${event} was called on connection ${this.id}, which was closed (${this.closer})`,
    )
  }
}
