/**
 * What filters may read of a request by get_property beside what its headers say
 * (source/extensions/filters/common/expr/context.cc).
 */
import type { PropertyTree } from '../property.ts'
import type { SelectedRoute } from './route-table.ts'

/** What a request's properties are made of. */
export interface RequestFacts {
  /** The client after x-forwarded-for was believed as far as configured, `10.0.0.1:80`. */
  readonly remoteAddress: string
  readonly localAddress: string
  readonly route: SelectedRoute | undefined
  /** By filter name. */
  readonly metadata: PropertyTree | undefined
}

/** The properties as a tree, with Envoy's names and types. */
export function requestProperties(facts: RequestFacts): PropertyTree {
  const { remoteAddress, localAddress, route, metadata } = facts
  return {
    source: endpoint(remoteAddress),
    destination: endpoint(localAddress),
    request: { time: new Date(), protocol: 'HTTP/1.1' },
    connection: { mtls: false },
    metadata: { filter_metadata: metadata ?? {} },
    xds: {
      ...(route === undefined
        ? {}
        : {
            cluster_name: route.route.cluster,
            route_name: route.route.name ?? '',
            virtual_host_name: route.virtualHost.name,
          }),
    },
  }
}

function endpoint(address: string): PropertyTree {
  return { address, port: BigInt(address.slice(address.lastIndexOf(':') + 1)) }
}
