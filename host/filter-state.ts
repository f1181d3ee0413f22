/**
 * Objects that filters leave with a stream, for other filters and for later requests (source/common/stream_info/
 * filter_state_impl.cc).
 */

/** How long an object lives. Envoy takes a number that it does not know for the first. */
export const LIFE_SPAN = { filterChain: 0, request: 1, connection: 2 } as const

/** One of {@link LIFE_SPAN}. */
export type LifeSpan = (typeof LIFE_SPAN)[keyof typeof LIFE_SPAN]

/** One object in the filter state: a property set by a filter, or an object of Envoy's own. */
export interface FilterStateObject {
  /** A byte string. */
  value: string
  readonly readOnly: boolean
}

type Objects = Map<string, FilterStateObject>

/** A client's connection. Streams that are given the same one see what lives as long as it does. */
export class Connection {
  /** @internal */
  readonly objects: Objects = new Map()
}

/** Everything that a stream sees, by name; a property `x` that a guest sets is kept as `wasm.x`. */
export class FilterState implements Iterable<[name: string, object: FilterStateObject]> {
  /** By {@link LIFE_SPAN}. */
  private readonly levels: readonly [Objects, Objects, Objects]

  /** @internal */
  constructor(ofConnection: Objects = new Map(), ofRequest: Objects = new Map()) {
    this.levels = [new Map(), ofRequest, ofConnection]
  }

  /** The object with this name, whatever its life span is. */
  get(name: string): FilterStateObject | undefined {
    for (const level of this.levels) {
      const object = level.get(name)
      if (object !== undefined) return object
    }
    return undefined
  }

  /** Sets an object, unless there is one with this name and another life span: that one stays, and nobody is told. */
  set(name: string, object: FilterStateObject, span: LifeSpan = LIFE_SPAN.filterChain): void {
    const level = this.levels[span]
    if (this.levels.every((other) => other === level || !other.has(name))) level.set(name, object)
  }

  /** @internal For the next filter chain that the same request goes through. */
  redirected(): FilterState {
    const [, ofRequest, ofConnection] = this.levels
    return new FilterState(ofConnection, ofRequest)
  }

  *[Symbol.iterator](): Generator<[name: string, object: FilterStateObject]> {
    for (const level of this.levels) yield* level
  }
}

/** The life span that a message of a guest names. */
export function lifeSpanOf(value: bigint | undefined): LifeSpan {
  if (value === BigInt(LIFE_SPAN.request)) return LIFE_SPAN.request
  return value === BigInt(LIFE_SPAN.connection) ? LIFE_SPAN.connection : LIFE_SPAN.filterChain
}
