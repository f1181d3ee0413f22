import { FilterDataStatus, FilterHeadersStatus, FilterTrailersStatus } from '../assembly/proxy/abi.ts'
import { dataStatusOf, headersStatusOf, trailersStatusOf } from './abi-values.ts'
import { BodyBuffer } from './body.ts'
import { utf8Bytes } from './byte-text.ts'
import type { Context, RootContext } from './context.ts'
import type { HeaderList } from './envoy/header-list.ts'
import { HostUsageError } from './errors.ts'
import type { Callback, Guest } from './guest.ts'
import { HeaderMap } from './header-map.ts'
import type { LocalReply } from './local-reply.ts'
import type {
  DataResult,
  HeadersResult,
  MetadataResult,
  PhaseResult,
  ResponseOptions,
  StreamOptions,
  TrailersResult,
} from './phases.ts'
import type { DeferredActions } from './deferred-actions.ts'
import type { HeaderViolations } from './header-violations.ts'
import { StreamContext } from './stream-context.ts'
import { StreamInfo } from './stream-info.ts'

/** @internal What a stream or a connection needs of the VM and the plugin around it. */
export interface ContextHost {
  readonly guest: Guest
  readonly callbacks: StreamCallbacks
  readonly deferred: DeferredActions
  readonly violations: HeaderViolations
  readonly allowStopIteration: boolean
  contextEnded(context: Context): void
}

type Direction = 'request' | 'response'

/** @internal The exports that a stream's phases call, looked up once for all streams of a plugin. */
export type StreamCallbacks = ReturnType<typeof streamCallbacks>

/** @internal */
export function streamCallbacks(guest: Guest) {
  const ofDirection = (
    direction: Direction,
  ): Readonly<Record<'headers' | 'body' | 'trailers' | 'metadata', Callback>> => ({
    headers: guest.callback(`proxy_on_${direction}_headers`),
    body: guest.callback(`proxy_on_${direction}_body`),
    trailers: guest.callback(`proxy_on_${direction}_trailers`),
    metadata: guest.callback(`proxy_on_${direction}_metadata`),
  })
  return {
    contextCreate: guest.callback('proxy_on_context_create'),
    request: ofDirection('request'),
    response: ofDirection('response'),
    log: guest.callback('proxy_on_log'),
    done: guest.callback('proxy_on_done'),
    delete: guest.callback('proxy_on_delete'),
  }
}

/** What a stream has once. */
const PHASES = {
  requestHeaders: { bit: 1, name: 'requestHeaders' },
  requestTrailers: { bit: 2, name: 'requestTrailers' },
  responseHeaders: { bit: 4, name: 'responseHeaders' },
  responseTrailers: { bit: 8, name: 'responseTrailers' },
} as const

/**
 * One request and its response on their way through a filter. The phases are called in the order in which Envoy
 * would; whichever are left out did not happen. {@link Stream.end} runs log, done and delete.
 *
 * @example
 *     const stream = plugin.stream({ headers: [[':path', '/'], ['cookie', 'a=1']] })
 *     const request = stream.requestHeaders()
 *     const response = stream.responseHeaders({ headers: [[':status', '200']] })
 *     stream.end()
 */
export class Stream extends StreamContext implements Disposable {
  /** The request's headers: as given, then as the filter leaves them. */
  override readonly request: HeaderMap
  override response: HeaderMap | undefined
  private readonly host: ContextHost
  /** FAIL_OPEN on a dead VM: the filter is not in this stream's chain at all. */
  private readonly bypassed: boolean
  private created = false
  private ended = false
  /** The phases that have run, as the bits of {@link PHASES}. */
  private ran = 0
  /** The status of the headers callback that returned last; read at once, before deferred actions run others. */
  private lastHeadersStatus = FilterHeadersStatus.Continue

  /** @internal Made by {@link Plugin.stream}. */
  constructor(id: number, root: RootContext, options: StreamOptions, host: ContextHost, bypassed: boolean) {
    super(id, root, options.info ?? new StreamInfo(options.properties, options.connection), host.deferred)
    this.host = host
    this.bypassed = bypassed
    this.request = new HeaderMap('request', options.headers)
  }

  /** Runs `proxy_on_context_create` and `proxy_on_request_headers`. */
  requestHeaders({ endOfStream = false }: { readonly endOfStream?: boolean } = {}): HeadersResult {
    const before = this.begin(PHASES.requestHeaders)
    if (this.bypassed) return this.untouched(this.request, before)
    this.create()
    return this.headersPhase('request', this.request, endOfStream, before)
  }

  /** Runs `proxy_on_request_body` over bytes, or over text as UTF-8. */
  requestBody(
    data: string | Uint8Array,
    { endOfStream = false }: { readonly endOfStream?: boolean } = {},
  ): DataResult {
    return this.bodyPhase('request', data, endOfStream)
  }

  /**
   * Runs `proxy_on_request_metadata` for METADATA of HTTP/2, which comes any number of times after the headers. The guest
   * gets the number of different names: it has no way to read them.
   */
  requestMetadata(metadata: HeaderList): MetadataResult {
    return this.metadataPhase('request', metadata)
  }

  /** Runs `proxy_on_request_trailers`. */
  requestTrailers(trailers: HeaderList): TrailersResult {
    return this.trailersPhase('request', trailers)
  }

  /** Runs `proxy_on_response_headers`. */
  responseHeaders(options: ResponseOptions = {}): HeadersResult {
    const before = this.begin(PHASES.responseHeaders)
    const headers = new HeaderMap('response', options.headers ?? [[':status', '200']])
    const { info } = this
    info.phase = 'response'
    if (options.properties !== undefined) info.responseProperties = options.properties
    info.responseCodeDetails ??= options.details ?? 'via_upstream'
    info.responseCode ??= responseCodeOf(headers)
    this.response = headers
    if (this.skipsResponse()) return this.untouched(headers, before)
    return this.headersPhase('response', headers, options.endOfStream ?? false, before)
  }

  /** Runs `proxy_on_response_body` over bytes, or over text as UTF-8. */
  responseBody(
    data: string | Uint8Array,
    { endOfStream = false }: { readonly endOfStream?: boolean } = {},
  ): DataResult {
    return this.bodyPhase('response', data, endOfStream)
  }

  /** Runs `proxy_on_response_metadata`, as {@link requestMetadata}. */
  responseMetadata(metadata: HeaderList): MetadataResult {
    return this.metadataPhase('response', metadata)
  }

  /** Runs `proxy_on_response_trailers`. */
  responseTrailers(trailers: HeaderList): TrailersResult {
    return this.trailersPhase('response', trailers)
  }

  /**
   * Ends the stream: `proxy_on_log`, `proxy_on_done`, `proxy_on_delete`. A stream that never reached the filter gets
   * `proxy_on_context_create` before them, because Envoy logs it all the same; on a dead VM nothing runs.
   *
   * @returns the hostcalls that it cost
   */
  end(): number {
    this.assertOpen('end')
    const { guest } = this.host
    const before = guest.counts.total
    this.ended = true
    if (!this.bypassed) {
      this.create()
      this.logAndDelete()
    }
    this.host.contextEnded(this)
    this.host.violations.report()
    return guest.counts.total - before
  }

  /** Ends the stream unless it has ended. */
  [Symbol.dispose](): void {
    if (!this.ended) this.end()
  }

  protected override replyRaised(reply: LocalReply): void {
    if (this.info.phase !== 'request') return
    this.info.phase = 'response'
    this.response = reply.headers
    this.ran |= PHASES.responseHeaders.bit
    if (!this.skipsResponse()) this.runHeaders('response', reply.headers, reply.body.length === 0)
  }

  private headersPhase(
    direction: Direction,
    headers: HeaderMap,
    endOfStream: boolean,
    before: number,
  ): HeadersResult {
    const raw = this.runHeaders(direction, headers, endOfStream)
    const status = this.lastHeadersStatus
    this.host.deferred.run()
    return this.headersResult(status, raw, headers, before)
  }

  private runHeaders(direction: Direction, headers: HeaderMap, endOfStream: boolean): number | undefined {
    this.showHeaders(direction, headers)
    this.endOfStream = endOfStream
    const raw = this.call(this.host.callbacks[direction].headers, headers.size, endOfStream)
    const stopped = this.takeStop()
    if (this.host.guest.failure !== undefined) {
      this.failStream()
      this.lastHeadersStatus = FilterHeadersStatus.StopAllIterationAndWatermark
    } else {
      this.lastHeadersStatus =
        raw === undefined
          ? FilterHeadersStatus.Continue
          : headersStatusOf(raw, stopped, this.host.allowStopIteration)
    }
    if (this.lastHeadersStatus === FilterHeadersStatus.Continue) this.showHeaders(direction, undefined)
    // The connection manager reads the code once the filters have run: a filter may have changed it.
    if (direction === 'response' && this.host.guest.failure === undefined) {
      this.info.responseCode = responseCodeOf(headers)
    }
    return raw
  }

  private bodyPhase(direction: Direction, data: string | Uint8Array, endOfStream: boolean): DataResult {
    this.assertOpen(`${direction}Body`)
    const before = this.host.guest.counts.total
    const bytes = utf8Bytes(data)
    const body = this.bodyOf(direction)
    let status = FilterDataStatus.Continue
    let raw: number | undefined
    let leaving = bytes
    if (this.reaches(direction)) {
      this.endOfStream = endOfStream
      raw = this.call(this.host.callbacks[direction].body, body.arrive(bytes), endOfStream)
      const stopped = this.takeStop()
      if (this.host.guest.failure !== undefined) {
        this.failStream()
        status = FilterDataStatus.StopIterationNoBuffer
      } else if (raw !== undefined) {
        status = dataStatusOf(raw, stopped)
      }
      this.host.deferred.run()
      leaving = body.settle(status)
    }
    return { ...this.result(status, raw, before), body: leaving }
  }

  private metadataPhase(direction: Direction, metadata: HeaderList): MetadataResult {
    this.assertOpen(`${direction}Metadata`)
    const before = this.host.guest.counts.total
    let rawStatus: number | undefined
    if (this.reaches(direction)) {
      const elements = new Set(metadata.map(([name]) => name)).size
      rawStatus = this.call(this.host.callbacks[direction].metadata, elements)
      if (this.host.guest.failure !== undefined) this.failStream()
      this.settleDeferred()
    }
    this.host.violations.report()
    const hostcalls = this.host.guest.counts.total - before
    return { rawStatus, localReply: this.localReply, hostcalls }
  }

  private trailersPhase(direction: Direction, list: HeaderList): TrailersResult {
    const before = this.begin(PHASES[`${direction}Trailers`])
    const trailers = new HeaderMap('trailers', list)
    if (direction === 'response') this.loggedTrailers = trailers
    let status = FilterTrailersStatus.Continue
    let raw: number | undefined
    if (this.reaches(direction)) {
      this.showTrailers(direction, trailers)
      raw = this.call(this.host.callbacks[direction].trailers, trailers.size)
      const stopped = this.takeStop()
      if (this.host.guest.failure !== undefined) {
        this.failStream()
        status = FilterTrailersStatus.StopIteration
      } else if (raw !== undefined) {
        status = trailersStatusOf(raw, stopped)
      }
      this.host.deferred.run()
      if (status === FilterTrailersStatus.Continue) this.showTrailers(direction, undefined)
    }
    return { ...this.result(status, raw, before), trailers }
  }

  private showHeaders(direction: Direction, headers: HeaderMap | undefined): void {
    if (direction === 'request') this.requestMap = headers
    else this.responseMap = headers
  }

  private showTrailers(direction: Direction, trailers: HeaderMap | undefined): void {
    if (direction === 'request') this.requestTrailerMap = trailers
    else this.responseTrailerMap = trailers
  }

  private bodyOf(direction: Direction): BodyBuffer {
    if (direction === 'request') return (this.requestData ??= new BodyBuffer())
    return (this.responseData ??= new BodyBuffer())
  }

  /** Context::log, then onDestroy. */
  private logAndDelete(): void {
    const { callbacks } = this.host
    this.info.phase = 'log'
    this.inLogPhase = true
    this.call(callbacks.log)
    this.settleDeferred()
    this.inLogPhase = false
    this.call(callbacks.done)
    this.settleDeferred()
    this.call(callbacks.delete)
    this.settleDeferred()
  }

  private create(): void {
    if (this.created) return
    this.created = true
    this.call(this.host.callbacks.contextCreate, this.root.id)
    this.settleDeferred()
  }

  /** Context::isFailed guards every entry: a dead VM is not entered. */
  private call(callback: Callback, argument = 0, flag = false): number | undefined {
    const { guest } = this.host
    return guest.failure === undefined
      ? guest.call(this, callback, this.id, argument, flag ? 1 : 0)
      : undefined
  }

  private settleDeferred(): void {
    this.host.guest.stopIteration = false
    this.host.deferred.run()
  }

  private takeStop(): boolean {
    const { guest } = this.host
    const stopped = guest.stopIteration
    guest.stopIteration = false
    return stopped
  }

  /** Whether callbacks of this direction reach the guest (decodeData, encodeHeaders, encodeData). */
  private reaches(direction: Direction): boolean {
    return direction === 'request' ? this.created && !this.bypassed : !this.skipsResponse()
  }

  private skipsResponse(): boolean {
    return !this.created || this.bypassed || this.localReply?.origin === 'failure'
  }

  private begin({ bit, name }: (typeof PHASES)[keyof typeof PHASES]): number {
    this.assertOpen(name)
    if ((this.ran & bit) !== 0) {
      throw new HostUsageError(
        'callback_repeated',
        `${name} has run already${this.localReply === undefined ? '' : ', for a local reply'}: a stream has each of ` +
          `its headers and trailers once`,
      )
    }
    this.ran |= bit
    return this.host.guest.counts.total
  }

  private assertOpen(phase: string): void {
    if (this.ended) {
      throw new HostUsageError('stream_ended', `${phase} was called on stream ${this.id}, which has ended`)
    }
  }

  private untouched(headers: HeaderMap, before: number): HeadersResult {
    return this.headersResult(FilterHeadersStatus.Continue, undefined, headers, before)
  }

  private headersResult(
    status: FilterHeadersStatus,
    rawStatus: number | undefined,
    headers: HeaderMap,
    before: number,
  ): HeadersResult {
    this.host.violations.report()
    const hostcalls = this.host.guest.counts.total - before
    return { status, rawStatus, headers, localReply: this.localReply, hostcalls }
  }

  private result<S>(status: S, rawStatus: number | undefined, before: number): PhaseResult<S> {
    this.host.violations.report()
    return {
      status,
      rawStatus,
      localReply: this.localReply,
      hostcalls: this.host.guest.counts.total - before,
    }
  }
}

const ZERO = 0x30
const LONGEST_STATUS = 5

/** Http::Utility::getResponseStatus, with 0 for what is no status. */
function responseCodeOf(headers: HeaderMap): number {
  const status = headers.firstOf(':status') ?? ''
  if (status.length > LONGEST_STATUS) return 0
  let code = 0
  for (let i = 0; i < status.length; i++) {
    const digit = status.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return 0
    code = code * 10 + digit
  }
  return code
}
