import { BufferType, HeaderMapType, StreamType } from '../assembly/proxy/abi.ts'
import { BodyBuffer } from './body.ts'
import { Context, type RootContext } from './context.ts'
import type { DeferredActions } from './deferred-actions.ts'
import { HeaderMap } from './header-map.ts'
import { failureReply, type GuestLocalReply, guestReply, type LocalReply } from './local-reply.ts'
import type { StreamInfo } from './stream-info.ts'

/**
 * The state of one stream that hostcalls read and write: which maps and bodies exist at the moment, and what the
 * guest has asked for. {@link Stream} moves it from phase to phase.
 */
export abstract class StreamContext extends Context {
  /** @internal */
  readonly root: RootContext
  declare readonly info: StreamInfo
  /** Envoy's answer instead of the upstream's, once there is one. */
  localReply: LocalReply | undefined
  /** What the guest has resumed by `proxy_continue_stream`. */
  readonly continued = { request: false, response: false }
  /** Set when the guest has reset the stream by `proxy_close_stream`. */
  wasReset = false
  protected requestMap: HeaderMap | undefined
  protected responseMap: HeaderMap | undefined
  protected requestTrailerMap: HeaderMap | undefined
  protected responseTrailerMap: HeaderMap | undefined
  /** What the access log sees of the response's trailers as they left, though the map above is gone. */
  protected loggedTrailers: HeaderMap | undefined
  protected requestData: BodyBuffer | undefined
  protected responseData: BodyBuffer | undefined
  protected endOfStream = false
  private readonly deferred: DeferredActions
  /** The request's headers, whether or not the guest may see them now. */
  abstract readonly request: HeaderMap
  /** The response's headers, once there are any. */
  abstract response: HeaderMap | undefined

  protected constructor(id: number, root: RootContext, info: StreamInfo, deferred: DeferredActions) {
    super(id, info)
    this.root = root
    this.deferred = deferred
  }

  /** @internal */
  override readableMap(type: HeaderMapType): HeaderMap | undefined {
    switch (type) {
      case HeaderMapType.RequestHeaders:
        return this.inLogPhase ? this.request : this.requestMap
      case HeaderMapType.RequestTrailers:
        return this.inLogPhase ? undefined : this.requestTrailerMap
      case HeaderMapType.ResponseHeaders:
        return this.inLogPhase ? this.response : this.responseMap
      case HeaderMapType.ResponseTrailers:
        return this.inLogPhase ? this.loggedTrailers : this.responseTrailerMap
      default:
        return this.root.calloutResponse.readableMap(type)
    }
  }

  /** @internal */
  override writableMap(type: HeaderMapType): HeaderMap | undefined {
    switch (type) {
      case HeaderMapType.RequestHeaders:
        return this.requestMap
      case HeaderMapType.ResponseHeaders:
        return this.responseMap
      case HeaderMapType.RequestTrailers:
        if (this.requestTrailerMap === undefined && this.endsWith(this.requestData)) {
          this.requestTrailerMap = new HeaderMap('trailers')
        }
        return this.requestTrailerMap
      case HeaderMapType.ResponseTrailers:
        if (this.responseTrailerMap === undefined && this.endsWith(this.responseData)) {
          this.responseTrailerMap = this.loggedTrailers = new HeaderMap('trailers')
        }
        return this.responseTrailerMap
      default:
        return undefined
    }
  }

  /** @internal */
  override buffer(type: BufferType, vmConfiguration: Uint8Array): Uint8Array | undefined {
    const body = this.body(type)
    return body?.visible ?? super.buffer(type, vmConfiguration)
  }

  /** @internal */
  override writeBuffer(type: BufferType, start: number, length: number, data: Uint8Array): boolean {
    return this.body(type)?.write(start, length, data) ?? false
  }

  /** @internal */
  override sendLocalReply(reply: GuestLocalReply): void {
    this.deferred.add(() => {
      if (this.localReply !== undefined || this.info.phase === 'log') return
      this.localReply = guestReply(reply, this.request)
      this.info.responseCode = reply.status
      this.info.responseCodeDetails = reply.details
      this.replyRaised(this.localReply)
    })
  }

  /** The guest's reply is on its way: before the response it passes the filter, during the response it goes straight out. */
  protected abstract replyRaised(reply: LocalReply): void

  /** @internal */
  override continueStream(type: StreamType): void {
    if (type === StreamType.Request) this.deferred.add(() => (this.continued.request = true))
    if (type === StreamType.Response) this.deferred.add(() => (this.continued.response = true))
    if (type === StreamType.Downstream) return
    // Context::continueStream takes the request's maps and body away for either direction.
    this.requestMap = undefined
    this.requestTrailerMap = undefined
    if (this.requestData !== undefined) this.requestData.visible = undefined
  }

  /** @internal */
  override closeStream(type: StreamType): void {
    if (type !== StreamType.Request && type !== StreamType.Response) return
    this.info.responseCodeDetails ??= 'wasm_close_stream'
    this.deferred.add(() => (this.wasReset = true))
  }

  /** Context::failStream, once per stream. */
  protected failStream(): void {
    if (this.localReply?.origin === 'failure') return
    this.localReply = failureReply(this.request)
    this.info.responseCode = this.localReply.status
    this.info.responseCodeDetails = this.localReply.details
  }

  /** Whether a body is at its end: trailers that the guest writes into there come into being by that. */
  private endsWith(body: BodyBuffer | undefined): boolean {
    return this.endOfStream && body?.visible !== undefined
  }

  private body(type: BufferType): BodyBuffer | undefined {
    if (type === BufferType.HttpRequestBody) return this.requestData
    return type === BufferType.HttpResponseBody ? this.responseData : undefined
  }
}
