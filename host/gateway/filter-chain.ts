/**
 * The Wasm filters of a gateway: requests pass them in order, answers in reverse.
 */
import {
  type Connection,
  FilterHeadersStatus,
  type HeaderMap,
  type LocalReply,
  type LogEntry,
  type PropertyTree,
  type Stream,
  StreamInfo,
} from '../index.ts'
import { BodyFilter, type ReplyDuringBody } from './body-filter.ts'
import type { WasmFilterConfig } from './config.ts'
import { type CalloutService, FilterVm, VmPool } from './filter-vm.ts'
import { filterPaused, type Reply } from './reply.ts'

/** What filters may read of an answer. */
export interface ResponseFacts {
  /** `response.code_details` */
  readonly details: string
  /** Known from the answer on, for example `upstream.address`. */
  readonly properties: PropertyTree
}

/** An answer of a filter's own. */
export type FilterReply = Pick<Reply, 'headers' | 'body'>

/** What the filters have made of a message. */
export interface Filtered {
  /** As they are after the last filter that saw them. */
  readonly headers: HeaderMap
  /** Go on; answer this instead, which has passed the filters already; or cut the connection. */
  readonly outcome: 'continue' | 'reset' | FilterReply
}

/** Objects of the filter state that are Hashable: Envoy's own, and Istio's. */
const HASHABLE: ReadonlySet<string> = new Set(['envoy.hashable_string', 'istio.hashable_string'])

/** All filters, running. */
export class FilterChain {
  readonly #pool: VmPool
  readonly #filters: readonly FilterVm[]

  /** @throws {PluginRefusedError} for the first filter that cannot run */
  constructor(
    filters: readonly WasmFilterConfig[],
    onLog: (entry: LogEntry) => void,
    callouts: CalloutService,
  ) {
    this.#pool = new VmPool(onLog, callouts)
    try {
      this.#filters = filters.map((filter) => new FilterVm(filter, this.#pool))
    } catch (error) {
      this.#pool.stop()
      throw error
    }
  }

  /** The streams of one request. */
  open(properties: PropertyTree, connection: Connection, clientLeft: AbortSignal): FilterStreams {
    return new FilterStreams(this.#filters, new StreamInfo(properties, connection), clientLeft)
  }

  /** The filters' metrics as the admin page shows them. */
  statLines(): string[] {
    return this.#pool.metrics
      .toString()
      .split('\n')
      .filter((line) => line !== '')
  }

  close(): void {
    this.#pool.stop()
  }
}

/** One request's streams, one in each filter that it has reached. */
export class FilterStreams {
  readonly #filters: readonly FilterVm[]
  readonly #info: StreamInfo
  readonly #clientLeft: AbortSignal
  readonly #reached: Stream[] = []

  constructor(filters: readonly FilterVm[], info: StreamInfo, clientLeft: AbortSignal) {
    this.#filters = filters
    this.#info = info
    this.#clientLeft = clientLeft
  }

  /** The request's headers through the filters, up to one that answers itself. */
  async decodeHeaders(headers: HeaderMap, endOfStream: boolean): Promise<Filtered> {
    let left = headers
    for (const filter of this.#filters) {
      const stream = filter.open({ headers: left.toList(), info: this.#info })
      const inFront = [...this.#reached]
      this.#reached.push(stream)
      const { status, headers: passed } = stream.requestHeaders({ endOfStream })
      filter.settle()
      left = passed
      if (status !== FilterHeadersStatus.Continue) await this.#resumed(filter, stream, 'request', undefined)
      if (stream.wasReset) return { headers: left, outcome: 'reset' }
      const isPaused = status !== FilterHeadersStatus.Continue && !stream.continued.request
      const reply = stream.localReply ?? (isPaused ? filterPaused() : undefined)
      // The VM has run this filter's own response callback over its reply; those in front of it are left.
      if (reply !== undefined) return { headers: left, outcome: await this.#encodeReply(inFront, reply) }
    }
    return { headers: left, outcome: 'continue' }
  }

  /** What filters have put into the filter state that a hash policy can read (`set_envoy_filter_state`). */
  get hashableState(): ReadonlyMap<string, string> {
    const hashable = [...this.#info.filterState].filter(([key]) => HASHABLE.has(key))
    return new Map(hashable.map(([key, { value }]) => [key, value]))
  }

  /** An answer's headers through the filters that the request has reached, backwards. */
  encodeHeaders(headers: HeaderMap, endOfStream: boolean, facts: ResponseFacts): Promise<Filtered> {
    return this.#encode(this.#reached, headers, endOfStream, facts)
  }

  /** What a body has to pass; undefined when no filter looks at bodies of this direction. */
  bodyFilter(direction: 'request' | 'response'): BodyFilter | undefined {
    const reading = this.#reached.filter((_, index) => this.#filters[index]?.readsBody(direction) === true)
    if (reading.length === 0) return undefined
    const ordered = direction === 'request' ? reading : reading.toReversed()
    return new BodyFilter(ordered, direction, () => {
      for (const filter of this.#filters) filter.settle()
    })
  }

  /**
   * The reply of a filter to a request's body, through the other filters. The VM has run the filter's own response
   * callback already; in Envoy those behind it come first.
   */
  encodeReply({ stream, reply }: ReplyDuringBody): Promise<Exclude<Filtered['outcome'], 'continue'>> {
    return this.#encodeReply(
      this.#reached.filter((other) => other !== stream),
      reply,
    )
  }

  /** Ends all streams: log, done, delete; in filters that the request never reached, too, as Envoy does. */
  end(headers: HeaderMap): void {
    for (const [index, filter] of this.#filters.entries()) {
      const stream = this.#reached[index] ?? filter.open({ headers: headers.toList(), info: this.#info })
      stream.end()
      filter.settle()
    }
  }

  async #encodeReply(
    streams: readonly Stream[],
    reply: Reply,
  ): Promise<Exclude<Filtered['outcome'], 'continue'>> {
    const { headers, body, details } = reply
    const encoded = await this.#encode(streams, headers, body.length === 0, { details, properties: {} })
    return encoded.outcome === 'continue' ? { headers: encoded.headers, body } : encoded.outcome
  }

  /** A filter has stopped: waits for what it has called out to, or for a tick, to let the stream go on. */
  async #resumed(
    filter: FilterVm,
    stream: Stream,
    direction: 'request' | 'response',
    before: LocalReply | undefined,
  ): Promise<void> {
    await filter.until(
      () => stream.continued[direction] || stream.wasReset || stream.localReply !== before,
      this.#clientLeft,
    )
  }

  async #encode(
    streams: readonly Stream[],
    headers: HeaderMap,
    endOfStream: boolean,
    facts: ResponseFacts,
  ): Promise<Filtered> {
    let left = headers
    for (const stream of streams.toReversed()) {
      const before = stream.localReply
      const { status, headers: passed } = stream.responseHeaders({
        headers: left.toList(),
        endOfStream,
        ...facts,
      })
      const filter = this.#filters[this.#reached.indexOf(stream)]
      filter?.settle()
      left = passed
      if (status !== FilterHeadersStatus.Continue && filter !== undefined) {
        await this.#resumed(filter, stream, 'response', before)
      }
      if (stream.wasReset) return { headers: left, outcome: 'reset' }
      const isPaused = status !== FilterHeadersStatus.Continue && !stream.continued.response
      // A reply in the middle of an answer goes straight to the client.
      const raised = stream.localReply === before ? undefined : stream.localReply
      const reply = raised ?? (isPaused ? filterPaused() : undefined)
      if (reply !== undefined) return { headers: left, outcome: reply }
    }
    return { headers: left, outcome: 'continue' }
  }
}
