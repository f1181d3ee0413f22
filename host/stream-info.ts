import { type Connection, FilterState, type LifeSpan } from './filter-state.ts'
import type { PropertyTree } from './property.ts'

/** How a filter declared a property of its own (`declare_property`, filters/common/expr/cel_state.h). */
export interface PropertyPrototype {
  readonly readOnly: boolean
  readonly lifeSpan: LifeSpan
}

const NO_PROPERTIES: PropertyTree = {}

/** Where a stream is: `log` is the access log, which runs last. */
export type StreamPhase = 'request' | 'response' | 'log'

/**
 * What Envoy knows about a request apart from its headers. The filters of one chain share it: give the second
 * filter's stream the first one's {@link Stream.info}.
 */
export class StreamInfo {
  phase: StreamPhase = 'request'
  /** As given with the request. */
  readonly properties: PropertyTree
  /** As given with the response; looked up before the request's. */
  responseProperties: PropertyTree | undefined
  /** `response.code_details`, known from the response on. */
  responseCodeDetails: string | undefined
  /** `response.code`, known from the response on. */
  responseCode: number | undefined
  /** How often the route was thrown away, to be selected anew with the headers as they are then. */
  routeCacheClears = 0

  private readonly connection: Connection | undefined
  private state: FilterState | undefined

  /** @param connection the client's, which other streams may share; one of its own when absent */
  constructor(properties: PropertyTree = NO_PROPERTIES, connection?: Connection) {
    this.properties = properties
    this.connection = connection
  }

  /** What filters have left here. Most streams have nothing. */
  get filterState(): FilterState {
    return (this.state ??= new FilterState(this.connection?.objects))
  }

  /**
   * For the stream that comes after this one when Envoy follows a redirect of the upstream: another filter chain of the
   * same request, in which what lives as long as the request is still there.
   */
  redirected(properties: PropertyTree = {}): StreamInfo {
    const next = new StreamInfo(properties, this.connection)
    next.state = this.filterState.redirected()
    return next
  }
}
