/** What a DestinationRule says of balancing. */
import { isPrime } from '../../../host/envoy/maglev.ts'
import { mappingAt, numberAt, textAt, textsAt, valueAt } from '../../manifests/value.ts'
import { consistentHashesOf, trafficPoliciesOf } from '../consistent-hash.ts'
import type { Rule, Sighting } from '../finding.ts'
import { serviceName } from '../../manifests/service-name.ts'
import type { World } from '../world.ts'

/** A port's or a subset's own policy, which does not hash, beside a hash of the whole service. */
function* overridden(world: World, by: 'port' | 'subset'): Iterable<Sighting> {
  for (const manifest of world.of('DestinationRule')) {
    const hashes = consistentHashesOf(manifest)
    for (const { path, port, subset, value } of trafficPoliciesOf(manifest)) {
      const around = hashes.some((hash) => hash.port === undefined && (hash.subset ?? subset) === subset)
      const balancing = value['loadBalancer']
      if (!around || valueAt(balancing, 'consistentHash') !== undefined) continue
      if (
        by === 'port'
          ? port === undefined
          : port !== undefined || subset === undefined || balancing === undefined
      ) {
        continue
      }
      yield {
        manifest,
        path: balancing === undefined ? path : [...path, 'loadBalancer'],
        message:
          by === 'port'
            ? `port ${String(port)} has settings of its own, and inherits nothing: its requests go to any pod`
            : `subset ${subset ?? ''} has a load balancer of its own: its requests go to any pod`,
        instead:
          by === 'port' ? 'the same loadBalancer.consistentHash here' : 'no loadBalancer in the subset',
      }
    }
  }
}

export const portPolicyOverrides: Rule = {
  code: 'port_policy_overrides',
  severity: 'error',
  see: (world) => overridden(world, 'port'),
}

export const subsetPolicyOverrides: Rule = {
  code: 'subset_policy_overrides',
  severity: 'error',
  see: (world) => overridden(world, 'subset'),
}

export const portNotInRoute: Rule = {
  code: 'port_not_in_route',
  severity: 'error',
  *see(world) {
    for (const { manifest, path, destinations } of world.routes) {
      for (const destination of destinations.filter(({ port }) => port === undefined)) {
        const hashes = world.hashesFor(destination.host)
        const [first] = hashes
        if (first === undefined || hashes.some(({ port }) => port === undefined)) continue
        yield {
          manifest,
          path: destination.path.length === 0 ? path : destination.path,
          message: `names no port, and ${first.manifest.title} hashes port ${String(first.port)} only: for this route nothing is hashed`,
          instead: `destination.port.number: ${String(first.port)}, or the hash above portLevelSettings`,
        }
      }
    }
  },
}

const LARGEST_TABLE = 5_000_011

export const maglevNotPrime: Rule = {
  code: 'maglev_not_prime',
  severity: 'error',
  *see({ hashes }) {
    for (const { manifest, path, settings } of hashes) {
      const size = numberAt(settings, 'maglev', 'tableSize')
      if (size === undefined || (isPrime(size) && size < LARGEST_TABLE)) continue
      const here = [...path, 'maglev', 'tableSize']
      let prime = Math.max(2, Math.ceil(size))
      while (!isPrime(prime)) prime += 1
      const fits = prime < LARGEST_TABLE
      yield {
        manifest,
        path: here,
        message: `a table of ${String(size)} is refused: the size has to be a prime below 5000011`,
        instead: `tableSize: ${fits ? String(prime) : '65537'}`,
        fix: fits ? manifest.replace(here, String(prime)) : undefined,
      }
    }
  },
}

export const minimumRingSizeDeprecated: Rule = {
  code: 'minimum_ring_size_deprecated',
  severity: 'warning',
  *see({ hashes }) {
    for (const { manifest, path, settings } of hashes) {
      const size = numberAt(settings, 'minimumRingSize')
      if (size === undefined) continue
      const both = settings['ringHash'] !== undefined || settings['maglev'] !== undefined
      yield {
        manifest,
        path: [...path, 'minimumRingSize'],
        message: both
          ? 'deprecated, and refused beside ringHash or maglev'
          : 'deprecated: a later Istio will not know it, and then the ring has its least size',
        instead: both ? 'only ringHash or maglev' : `ringHash: {minimumRingSize: ${String(size)}}`,
      }
    }
  },
}

export const cookieAttributesVersion: Rule = {
  code: 'cookie_attributes_version',
  severity: 'error',
  *see({ hashes, istio }) {
    if (istio?.isBefore(28) !== true) return
    for (const { manifest, path, settings } of hashes) {
      if (valueAt(settings, 'httpCookie', 'attributes') === undefined) continue
      yield {
        manifest,
        path: [...path, 'httpCookie', 'attributes'],
        message: `Istio ${istio.toString()} does not know them: they are dropped in silence, or the object is refused`,
        instead: 'session.cookie of Mooring, which has all attributes, or Istio 1.28',
      }
    }
  },
}

export const ringNotRebuilt: Rule = {
  code: 'ring_not_rebuilt',
  severity: 'error',
  *see({ hashes, istio }) {
    if (istio?.is(30, 0) !== true) return
    for (const { manifest, path } of hashes.filter(({ settings }) => settings['maglev'] === undefined)) {
      yield {
        manifest,
        path,
        message: 'Istio 1.30.0 does not build the ring anew when pods are added: they get no request',
        instead: 'Istio 1.30.1',
      }
    }
  },
}

export const zonesDiffer: Rule = {
  code: 'zones_differ',
  severity: 'warning',
  *see(world) {
    for (const { manifest, path } of world.hashes) {
      const policy = path.slice(0, -2)
      // The rule's own takes the place of the mesh's as a whole (GetLocalityLbSetting, pilot/pkg/networking/core/loadbalancer).
      const own = valueAt(manifest.value, ...policy, 'loadBalancer', 'localityLbSetting')
      const locality = mappingAt(own ?? world.mesh['localityLbSetting'])
      const detects = valueAt(manifest.value, ...policy, 'outlierDetection') !== undefined
      if (!detects || locality['enabled'] === false) continue
      yield {
        manifest,
        path: [...policy, 'outlierDetection'],
        message:
          'turns locality balancing on: each proxy prefers the pods of its own zone, and proxies in two zones send one session to two pods',
        instead:
          'localityLbSetting: {enabled: false} beside consistentHash, where pods or proxies are in several zones',
      }
    }
  },
}

export const warmupIgnored: Rule = {
  code: 'warmup_ignored',
  severity: 'warning',
  *see({ hashes }) {
    for (const { manifest, path } of hashes) {
      const balancer = path.slice(0, -1)
      const field = ['warmup', 'warmupDurationSecs'].find(
        (name) => valueAt(manifest.value, ...balancer, name) !== undefined,
      )
      if (field === undefined) continue
      yield {
        manifest,
        path: [...balancer, field],
        message: 'has no effect beside consistentHash: a new pod gets its whole share at once',
        instead: 'no warmup; make the pod ready when it is warm',
      }
    }
  },
}

export const destinationRuleShadowed: Rule = {
  code: 'destination_rule_shadowed',
  severity: 'warning',
  *see(world) {
    const rules = world
      .of('DestinationRule')
      .filter(({ value }) => valueAt(value, 'spec', 'trafficPolicy') !== undefined)
      .filter(({ value }) => valueAt(value, 'spec', 'workloadSelector') === undefined)
    const host = (index: number) =>
      serviceName(textAt(rules[index]?.value, 'spec', 'host'), rules[index]?.namespace ?? '')
    for (const [index, rule] of rules.entries()) {
      const first = rules.findIndex(
        (other, before) =>
          before < index &&
          other.namespace === rule.namespace &&
          other.name !== rule.name &&
          host(before) === host(index),
      )
      const other = rules[first]
      if (other === undefined) continue
      if (consistentHashesOf(rule).length + consistentHashesOf(other).length === 0) continue
      yield {
        manifest: rule,
        path: ['spec', 'trafficPolicy'],
        message: `${other.title} has a trafficPolicy for the same host: that of the older one counts, this one is ignored in silence`,
        instead: 'one DestinationRule for a host',
      }
    }
  },
}

export const notExported: Rule = {
  code: 'not_exported',
  severity: 'error',
  *see(world) {
    for (const { manifest } of world.hashes) {
      const exported = textsAt(manifest.value, 'spec', 'exportTo')
      if (exported.length === 0 || exported.includes('*')) continue
      const reached = new Set(exported.map((name) => (name === '.' ? manifest.namespace : name)))
      const gateway = world.plugins.find(({ placement }) => placement === 'gateway')
      if (gateway === undefined || reached.has(gateway.manifest.namespace)) continue
      yield {
        manifest,
        path: ['spec', 'exportTo'],
        message: `is not for ${gateway.manifest.namespace}, where ${gateway.manifest.title} runs: the gateway hashes nothing`,
        instead: `exportTo with ${gateway.manifest.namespace}, or none`,
      }
    }
  },
}
