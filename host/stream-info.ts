import type { PropertyTree } from './property.ts'

/** How a filter declared a property of its own (`declare_property`, filters/common/expr/cel_state.h). */
export interface PropertyPrototype {
  readonly readOnly: boolean
}

/** One object in the filter state: a property set by a filter, or an object of Envoy's own. */
export interface FilterStateObject {
  /** A byte string. */
  value: string
  readonly readOnly: boolean
}

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

  private objects: Map<string, FilterStateObject> | undefined

  constructor(properties: PropertyTree = {}) {
    this.properties = properties
  }

  /** By name; a property `x` that a guest sets is kept as `wasm.x`. Most streams have none. */
  get filterState(): Map<string, FilterStateObject> {
    return (this.objects ??= new Map())
  }
}
