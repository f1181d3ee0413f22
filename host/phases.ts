/** What a test gives to the phases of a stream, and what it gets from them. */
import type { FilterDataStatus, FilterHeadersStatus, FilterTrailersStatus } from '../assembly/proxy/abi.ts'
import type { HeaderEntry } from './envoy/header-list.ts'
import type { Connection } from './filter-state.ts'
import type { HeaderMap } from './header-map.ts'
import type { LocalReply } from './local-reply.ts'
import type { PropertyTree } from './property.ts'
import type { StreamInfo } from './stream-info.ts'

/** What a stream begins with. */
export interface StreamOptions {
  /** Request headers, pseudo headers among them, as byte strings; or another filter's, as they left it. */
  readonly headers?: Iterable<HeaderEntry>
  /** What `proxy_get_property` finds, nested as its paths are; `request.headers` and the like come from the headers. */
  readonly properties?: PropertyTree
  /** The client's connection, where other streams share it; one of its own by default. */
  readonly connection?: Connection
  /** The {@link Stream.info} of the filter before this one in the chain, instead of `properties` and `connection`. */
  readonly info?: StreamInfo
}

/** What comes back from the upstream. */
export interface ResponseOptions {
  /** `:status: 200` alone when absent. */
  readonly headers?: Iterable<HeaderEntry>
  readonly endOfStream?: boolean
  /** What is known from the response on, for example `{ upstream: { address: '10.0.0.1:8080' } }`. */
  readonly properties?: PropertyTree
  /** `response.code_details`; `via_upstream` when absent. */
  readonly details?: string
}

/** What came out of a callback. */
export interface PhaseResult<S> {
  /** What Envoy does, after its conversions of what the guest returned. */
  readonly status: S
  /** What the guest returned; undefined when it was not asked or trapped. */
  readonly rawStatus: number | undefined
  /** The answer that the client gets instead of the upstream's. */
  readonly localReply: LocalReply | undefined
  /** How many hostcalls the phase cost, those of creating the context included. */
  readonly hostcalls: number
}

/** What came out of a headers callback. */
export interface HeadersResult extends PhaseResult<FilterHeadersStatus> {
  /** The headers as they leave the filter; live until the filter is done with them. */
  readonly headers: HeaderMap
}

/** What came out of a body callback. */
export interface DataResult extends PhaseResult<FilterDataStatus> {
  /** The bytes that go on now. */
  readonly body: Uint8Array
}

/** What came out of a metadata callback: Envoy goes on, whatever the guest returned. */
export type MetadataResult = Omit<PhaseResult<never>, 'status'>

/** What came out of a trailers callback. */
export interface TrailersResult extends PhaseResult<FilterTrailersStatus> {
  readonly trailers: HeaderMap
}
