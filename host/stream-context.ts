import { BufferType, HeaderMapType, StreamType } from '../assembly/proxy/abi.ts'
import { BodyBuffer } from './body.ts'
import { Context, type RootContext } from './context.ts'
import { HeaderMap } from './header-map.ts'
import { failureReply, type GuestLocalReply, guestReply, type LocalReply } from './local-reply.ts'
import type { StreamInfo } from './stream-info.ts'

/** What the stream's side of a hostcall needs of its VM. */
export interface DeferredActions {
  /** Runs after the outermost callback has returned. */
  defer(action: () => void): void
}

/**
 * The state of one stream that hostcalls read and write: which maps and bodies exist at the moment, and what the
 * guest has asked for. {@link Stream} moves it from phase to phase.
 */
export abstract class StreamContext extends Context {
  readonly root: RootContext
  override readonly info: StreamInfo
  /** Envoy's answer instead of the upstream's, once there is one. */
  localReply: LocalReply | undefined
  /** What the guest has resumed by `proxy_continue_stream`. */
  readonly continued = { request: false, response: false }
  /** Set when the guest has reset the stream by `proxy_close_stream`. */
  wasReset = false
  protected readonly maps: Record<'request' | 'response', HeaderMap | undefined> = {
    request: undefined,
    response: undefined,
  }
  protected readonly trailers: Record<'request' | 'response', HeaderMap | undefined> = {
    request: undefined,
    response: undefined,
  }
  /** What the access log sees: the headers as they left, though the maps above are gone. */
  protected readonly logged: Record<'request' | 'response' | 'trailers', HeaderMap | undefined> = {
    request: undefined,
    response: undefined,
    trailers: undefined,
  }
  protected readonly bodies = { request: new BodyBuffer(), response: new BodyBuffer() }
  protected endOfStream = false
  private readonly actions: DeferredActions

  protected constructor(id: number, root: RootContext, info: StreamInfo, actions: DeferredActions) {
    super(id, info)
    this.root = root
    this.info = info
    this.actions = actions
  }

  override readableMap(type: HeaderMapType): HeaderMap | undefined {
    switch (type) {
      case HeaderMapType.RequestHeaders:
        return this.inLogPhase ? this.logged.request : this.maps.request
      case HeaderMapType.RequestTrailers:
        return this.inLogPhase ? undefined : this.trailers.request
      case HeaderMapType.ResponseHeaders:
        return this.inLogPhase ? this.logged.response : this.maps.response
      case HeaderMapType.ResponseTrailers:
        return this.inLogPhase ? this.logged.trailers : this.trailers.response
      default:
        return undefined
    }
  }

  override writableMap(type: HeaderMapType): HeaderMap | undefined {
    switch (type) {
      case HeaderMapType.RequestHeaders:
        return this.maps.request
      case HeaderMapType.ResponseHeaders:
        return this.maps.response
      case HeaderMapType.RequestTrailers:
        return this.trailersFor('request')
      case HeaderMapType.ResponseTrailers:
        return this.trailersFor('response')
      default:
        return undefined
    }
  }

  override buffer(type: BufferType, vmConfiguration: Uint8Array): Uint8Array | undefined {
    const body = this.body(type)
    return body?.visible ?? super.buffer(type, vmConfiguration)
  }

  override writeBuffer(type: BufferType, start: number, length: number, data: Uint8Array): boolean {
    return this.body(type)?.write(start, length, data) ?? false
  }

  override sendLocalReply(reply: GuestLocalReply): void {
    this.actions.defer(() => {
      if (this.localReply !== undefined || this.info.phase === 'log') return
      this.localReply = guestReply(reply)
      this.info.responseCode = reply.status
      this.info.responseCodeDetails = reply.details
      this.replyRaised(this.localReply)
    })
  }

  /** The guest's reply is on its way: before the response it passes the filter, during the response it goes straight out. */
  protected abstract replyRaised(reply: LocalReply): void

  override continueStream(type: StreamType): void {
    if (type === StreamType.Request) this.actions.defer(() => (this.continued.request = true))
    if (type === StreamType.Response) this.actions.defer(() => (this.continued.response = true))
    if (type === StreamType.Downstream) return
    // Context::continueStream takes the request's maps and body away for either direction.
    this.maps.request = undefined
    this.trailers.request = undefined
    this.bodies.request.visible = undefined
  }

  override closeStream(type: StreamType): void {
    if (type !== StreamType.Request && type !== StreamType.Response) return
    this.info.responseCodeDetails ??= 'wasm_close_stream'
    this.actions.defer(() => (this.wasReset = true))
  }

  /** Context::failStream, once per stream. */
  protected failStream(): void {
    if (this.localReply?.origin === 'failure') return
    this.localReply = failureReply()
    this.info.responseCode = this.localReply.status
    this.info.responseCodeDetails = this.localReply.details
  }

  /** Trailers that the guest writes into at the end of a body come into being by that. */
  private trailersFor(direction: 'request' | 'response'): HeaderMap | undefined {
    if (
      this.trailers[direction] === undefined &&
      this.endOfStream &&
      this.bodies[direction].visible !== undefined
    ) {
      this.trailers[direction] = new HeaderMap('trailers')
    }
    return this.trailers[direction]
  }

  private body(type: BufferType): BodyBuffer | undefined {
    if (type === BufferType.HttpRequestBody) return this.bodies.request
    return type === BufferType.HttpResponseBody ? this.bodies.response : undefined
  }
}
