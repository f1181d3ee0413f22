import type { Manifest } from '../manifests/manifest.ts'
import { listAt, type Mapping, mappingAt, numberAt, type Path, textAt, valueAt } from '../manifests/value.ts'
import { serviceName } from '../manifests/service-name.ts'

/** A `consistentHash` of a DestinationRule. */
export interface ConsistentHash {
  readonly manifest: Manifest
  readonly path: Path
  /** `cart.shop.svc.cluster.local`; may begin with `*`. */
  readonly host: string
  readonly subset?: string
  readonly port?: number
  readonly settings: Mapping
  /** What stands around it. */
  readonly balancer: Mapping
  readonly header?: string
  readonly cookie?: string
  /** Whether Envoy mints the cookie too. */
  readonly mints: boolean
}

/** A `trafficPolicy` of a DestinationRule, or one of its `portLevelSettings`. */
export interface TrafficPolicy {
  readonly path: Path
  readonly subset?: string
  readonly port?: number
  readonly value: Mapping
}

/** The traffic policies of a DestinationRule: its own, of its ports, and the same of its subsets. */
export function trafficPoliciesOf(rule: Manifest): readonly TrafficPolicy[] {
  const own = withPorts(rule.value, ['spec', 'trafficPolicy'])
  const subsets = listAt(rule.value, 'spec', 'subsets').flatMap((subset, index) =>
    withPorts(rule.value, ['spec', 'subsets', index, 'trafficPolicy']).map((policy) => ({
      ...policy,
      subset: textAt(subset, 'name'),
    })),
  )
  return [...own, ...subsets]
}

function withPorts(value: Mapping, path: Path): readonly TrafficPolicy[] {
  if (valueAt(value, ...path) === undefined) return []
  const ports = listAt(value, ...path, 'portLevelSettings').map((settings, index) => {
    const port = numberAt(settings, 'port', 'number')
    return {
      path: [...path, 'portLevelSettings', index],
      value: mappingAt(value, ...path, 'portLevelSettings', index),
      ...(port !== undefined && { port }),
    }
  })
  return [{ path, value: mappingAt(value, ...path) }, ...ports]
}

export function consistentHashesOf(rule: Manifest): readonly ConsistentHash[] {
  return trafficPoliciesOf(rule).flatMap(({ path, subset, port, value }) => {
    const settings = valueAt(value, 'loadBalancer', 'consistentHash')
    if (settings === undefined) return []
    const header = textAt(settings, 'httpHeaderName').toLowerCase()
    const cookie = textAt(settings, 'httpCookie', 'name')
    return [
      {
        manifest: rule,
        path: [...path, 'loadBalancer', 'consistentHash'],
        host: serviceName(textAt(rule.value, 'spec', 'host'), rule.namespace),
        ...(subset !== undefined && { subset }),
        ...(port !== undefined && { port }),
        settings: mappingAt(settings),
        balancer: mappingAt(value, 'loadBalancer'),
        ...(header !== '' && { header }),
        ...(cookie !== '' && { cookie }),
        mints: textAt(settings, 'httpCookie', 'ttl') !== '',
      },
    ]
  })
}
