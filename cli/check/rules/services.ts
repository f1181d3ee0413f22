/** Services for which Envoy cannot hash, whatever the DestinationRule says. */
import { listAt, mappingAt, textAt, textsAt, valueAt } from '../../manifests/value.ts'
import type { Rule } from '../finding.ts'
import { isFor, serviceName } from '../../manifests/service-name.ts'
import type { World } from '../world.ts'

/** Whether only gateways pick pods, as far as is known. */
function areAllGateways({ plugins }: World): boolean {
  return plugins.length > 0 && plugins.every(({ placement }) => placement === 'gateway')
}

export const headlessService: Rule = {
  code: 'headless_service',
  severity: 'warning',
  *see(world) {
    if (areAllGateways(world)) return
    for (const service of world.of('Service')) {
      const full = serviceName(service.name, service.namespace)
      const hash = world.hashesFor(full)[0]
      if (textAt(service.value, 'spec', 'clusterIP') !== 'None' || hash === undefined) continue
      yield {
        manifest: service,
        path: ['spec', 'clusterIP'],
        message: `headless: a sidecar sends each request to the address that the caller looked up, and ${hash.manifest.title} has no effect there`,
        instead: 'a second Service with a cluster IP for the same pods, and the DestinationRule for that one',
      }
    }
  },
}

export const resolutionNone: Rule = {
  code: 'resolution_none',
  severity: 'error',
  *see(world) {
    for (const entry of world.of('ServiceEntry')) {
      const resolution = textAt(entry.value, 'spec', 'resolution') || 'NONE'
      const hosts = textsAt(entry.value, 'spec', 'hosts')
      const hash = world.hashes.find(({ host }) =>
        hosts.some((name) => isFor(host, name) || isFor(name, host)),
      )
      if ((resolution !== 'NONE' && resolution !== 'DYNAMIC_DNS') || hash === undefined) continue
      yield {
        manifest: entry,
        path: ['spec', 'resolution'],
        message: `with ${resolution} Envoy has no list of hosts to choose from: ${hash.manifest.title} has no effect`,
        instead: 'resolution: STATIC with endpoints, or DNS',
      }
    }
  },
}

/** Names and appProtocols under which Istio takes a port for bytes that it does not read. */
const OPAQUE = /^(?:tcp|tls|mongo|mysql|redis|udp|kubernetes\.io\/tcp)(?:-|$)/i

export const tcpService: Rule = {
  code: 'tcp_service',
  severity: 'error',
  *see(world) {
    // A gateway's route is HTTP whatever the Service calls its port.
    if (areAllGateways(world)) return
    for (const service of world.of('Service')) {
      const hash = world
        .hashesFor(serviceName(service.name, service.namespace))
        .find(({ settings }) => settings['useSourceIp'] !== true)
      const ports = listAt(service.value, 'spec', 'ports')
      const opaque = ports.every((port) => OPAQUE.test(textAt(port, 'appProtocol') || textAt(port, 'name')))
      if (hash === undefined || ports.length === 0 || !opaque) continue
      const field = textAt(ports[0], 'appProtocol') === '' ? 'name' : 'appProtocol'
      yield {
        manifest: service,
        path: ['spec', 'ports', 0, field],
        message: `Istio takes this port for plain TCP: no request is read, and what ${hash.manifest.title} hashes is never there`,
        instead: 'appProtocol: http, or a name that begins with http, where it is HTTP',
      }
    }
  },
}

export const trafficDistribution: Rule = {
  code: 'traffic_distribution',
  severity: 'warning',
  *see(world) {
    for (const service of world.of('Service')) {
      // What a DestinationRule says of localities counts before what a Service prefers.
      const hash = world
        .hashesFor(serviceName(service.name, service.namespace))
        .find(({ balancer }) => valueAt(balancer, 'localityLbSetting', 'enabled') !== false)
      const annotation = 'networking.istio.io/traffic-distribution'
      const field = textAt(service.value, 'spec', 'trafficDistribution') !== ''
      const annotated = annotation in mappingAt(service.value, 'metadata', 'annotations')
      if (hash === undefined || !(field || annotated)) continue
      yield {
        manifest: service,
        path: field ? ['spec', 'trafficDistribution'] : ['metadata', 'annotations', annotation],
        message:
          'each proxy prefers the pods of its own zone: proxies in two zones send one session to two pods',
        instead:
          'localityLbSetting: {enabled: false} beside consistentHash, or no traffic distribution, where pods or proxies are in several zones',
      }
    }
  },
}
