/** What routes do to a hash on the way to it. */
import { listAt, mappingAt, valueAt } from '../../manifests/value.ts'
import type { Rule } from '../finding.ts'
import { serviceName } from '../../manifests/service-name.ts'

export const weightedRoutes: Rule = {
  code: 'weighted_routes',
  severity: 'error',
  *see(world) {
    for (const { manifest, destinations } of world.routes) {
      const taken = destinations.filter(({ weight }) => weight !== 0)
      const hashed = taken.find(({ host }) => world.hashesFor(host).length > 0)
      const [, second] = taken
      if (hashed === undefined || second === undefined) continue
      yield {
        manifest,
        path: second.path,
        message:
          'the destination is drawn for each request anew, by weight, before anything is hashed: sessions flip between them',
        instead: 'one destination for a route, and a match that a client keeps, such as a header or a cookie',
      }
    }
  },
}

export const retriesLeaveHost: Rule = {
  code: 'retries_leave_host',
  severity: 'warning',
  *see(world) {
    for (const { manifest, path, destinations } of world.routes) {
      const field = [...path, 'retries', 'retryIgnorePreviousHosts']
      if (valueAt(manifest.value, ...field) !== true) continue
      if (!destinations.some(({ host }) => world.hashesFor(host).length > 0)) continue
      yield {
        manifest,
        path: field,
        message:
          'a retry avoids the pod that was tried: one failed request, and the session is answered by another',
        instead: 'retryIgnorePreviousHosts: false',
        fix: manifest.replace(field, 'false'),
      }
    }
  },
}

export const keyHeaderRemoved: Rule = {
  code: 'key_header_removed',
  severity: 'error',
  *see(world) {
    const hashed = new Set(world.hashes.flatMap(({ header }) => (header === undefined ? [] : [header])))
    for (const { manifest, path, destinations } of world.routes) {
      const places = [path, ...destinations.map((destination) => destination.path)]
      for (const place of places) {
        const request = mappingAt(manifest.value, ...place, 'headers', 'request')
        for (const [index, name] of listAt(request, 'remove').entries()) {
          if (typeof name !== 'string' || !hashed.has(name.toLowerCase())) continue
          yield {
            manifest,
            path: [...place, 'headers', 'request', 'remove', index],
            message: `${name} is taken away before it is hashed: each request goes to any pod`,
            instead: 'leave the header; the pod may see it, it names nobody',
          }
        }
        for (const operation of ['set', 'add']) {
          for (const name of Object.keys(mappingAt(request, operation))) {
            if (!hashed.has(name.toLowerCase())) continue
            yield {
              manifest,
              path: [...place, 'headers', 'request', operation, name],
              message: `${name} is set before it is hashed: all requests of this route have one key`,
              instead: 'leave the header to Mooring',
            }
          }
        }
      }
    }
  },
}

export const waypointWithoutRoute: Rule = {
  code: 'waypoint_without_route',
  severity: 'error',
  *see(world) {
    if (world.istio?.isBefore(31) !== true) return
    const waypoints = world.plugins.filter(({ placement }) => placement === 'waypoint')
    for (const hash of world.hashes) {
      const waypoint = waypoints.find(({ manifest }) =>
        hash.host.endsWith(`.${manifest.namespace}.svc.cluster.local`),
      )
      const routed = world.isRouted(hash)
      if (waypoint === undefined || routed) continue
      yield {
        manifest: hash.manifest,
        path: hash.path,
        message: `before 1.31 a waypoint hashes nothing unless a route leads to the service; Istio ${world.istio.toString()} balances it as if nothing stood here`,
        instead: 'a VirtualService with this one destination, or Istio 1.31',
      }
    }
  },
}

export const waypointTopLevel: Rule = {
  code: 'waypoint_top_level',
  severity: 'error',
  *see(world) {
    const waypoints = world.plugins.filter(({ placement }) => placement === 'waypoint')
    for (const hash of world.hashes.filter(
      ({ port, subset }) => port !== undefined || subset !== undefined,
    )) {
      const covered = world
        .hashesFor(hash.host)
        .some(({ port, subset }) => port === undefined && subset === undefined)
      const routed = world.isRouted(hash)
      const waypoint = waypoints.some(
        ({ manifest }) => hash.host === serviceName(hash.host.split('.')[0] ?? '', manifest.namespace),
      )
      if (covered || routed || !waypoint) continue
      yield {
        manifest: hash.manifest,
        path: hash.path,
        message:
          'without a route a waypoint reads the policy of the whole service only: for a port or a subset nothing is hashed',
        instead: 'consistentHash in spec.trafficPolicy.loadBalancer',
      }
    }
  },
}
