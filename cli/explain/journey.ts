/**
 * Where requests may go: to the destination that is named, or to those of the route that takes them.
 *
 *     headers --routeOf--> route --> its destinations, by weight --wayIn--> hashing, pods
 */
import type { HeaderList } from '../../host/envoy/index.ts'
import type { Hashing } from './destination.ts'
import type { Manifest } from './manifests.ts'
import { hasRoutes, routeOf } from './routes.ts'
import { type Wanted, type Way, wayIn, wayOfRoute } from './way.ts'

export interface Journey {
  /** The route that was taken; absent where the manifests have none for the request. */
  readonly route: string | undefined
  /** Several where the proxy draws one for each request, with the part that each gets; none where no route fits. */
  readonly ways: readonly { readonly way: Way; readonly share: number }[]
  /** Why there is no way. */
  readonly missing: string | undefined
  readonly notes: readonly string[]
}

/** What manifests and command line say, ready for requests. */
export class Journeys {
  readonly #manifests: readonly Manifest[]
  readonly #wanted: Wanted
  /** By destination. */
  readonly #ways = new Map<string, Way>()

  constructor(manifests: readonly Manifest[], wanted: Wanted) {
    this.#manifests = manifests
    this.#wanted = wanted
  }

  /**
   * @param headers with the pseudo headers, as the router gets them
   * @throws {UsageError} where it is not clear which route or DestinationRule is meant
   */
  of(headers: HeaderList): Journey {
    const { host, pods } = this.#wanted
    const taken = host === undefined ? routeOf(this.#manifests, headers) : undefined
    if (taken === undefined) {
      const way = this.#way('', () => wayIn(this.#manifests, this.#wanted))
      const passedBy = host === undefined && this.#manifests.some(hasRoutes)
      const notes = passedBy
        ? ['no route of the manifests is for the host of the request', ...way.notes]
        : way.notes
      return { route: undefined, ways: [{ way, share: 1 }], missing: undefined, notes }
    }
    if ('missing' in taken) return { route: undefined, ways: [], missing: taken.missing, notes: [] }
    const ways = taken.destinations.map(({ destination, share }) => {
      const port = this.#wanted.port ?? destination.port
      const { host: named, subset } = destination
      const way = this.#way(`${named} ${port ?? ''} ${subset}`, () =>
        wayOfRoute(this.#manifests, { host: named, port, subset, pods }),
      )
      return { way, share }
    })
    const notes = [...taken.notes, ...ways.flatMap(({ way }) => way.notes)]
    return { route: taken.label, ways, missing: undefined, notes: [...new Set(notes)] }
  }

  #way(id: string, make: () => Way): Way {
    const way = this.#ways.get(id) ?? make()
    this.#ways.set(id, way)
    return way
  }
}

/** What the route hashes: what each of its destinations has to be hashed, one after another. */
export function hashingsOf({ ways }: Journey): readonly Hashing[] {
  return ways.flatMap(({ way: { destination } }) =>
    destination?.hashing === undefined ? [] : [destination.hashing],
  )
}
