import { hasLabels, onlyOne } from './fields.ts'
import { valueAt, integerAt, isMapping, listAt, mappingAt, textAt } from '../manifests/value.ts'
import type { Manifest } from './manifests.ts'
import { hostAt, type NoPods, type Pod, type Pods } from './pod-set.ts'

/** What a ServiceEntry tells: its own endpoints, and the WorkloadEntries that its selector fits. */
export function externalPods(
  entry: Manifest,
  manifests: readonly Manifest[],
  port: number | undefined,
): Pods | NoPods {
  const { value, namespace, name } = entry
  const resolution = textAt(value, 'spec', 'resolution') || 'NONE'
  if (resolution === 'NONE') {
    return {
      missing: `the ServiceEntry ${name} has resolution NONE: requests go where the client says, and nothing is hashed`,
    }
  }
  if (resolution !== 'STATIC') {
    return {
      missing: `the ServiceEntry ${name} has resolution ${resolution}: the proxy looks the addresses up, give them by --pods`,
    }
  }
  const ports = listAt(value, 'spec', 'ports')
  const chosen =
    port === undefined ? onlyOne(ports) : ports.find((each) => integerAt(each, 'number') === port)
  if (chosen === undefined) {
    return {
      missing:
        port === undefined
          ? `the ServiceEntry ${name} has several ports: --port`
          : `the ServiceEntry ${name} has no port ${port}`,
    }
  }
  const portName = textAt(chosen, 'name')
  const standard = integerAt(chosen, 'targetPort') ?? integerAt(chosen, 'number')
  const selector = valueAt(value, 'spec', 'workloadSelector', 'labels')
  const workloads = manifests
    .filter((each) => each.kind === 'WorkloadEntry' && each.namespace === namespace)
    .map((each) => valueAt(each.value, 'spec'))
    .filter((spec) => hasLabels(valueAt(spec, 'labels'), selector))
  const hosts: readonly Pod[] = [...listAt(value, 'spec', 'endpoints'), ...workloads]
    .filter(isMapping)
    .flatMap((endpoint) =>
      hostAt(
        endpoint['address'],
        integerAt(endpoint, 'ports', portName) ?? standard,
        mappingAt(endpoint, 'labels'),
        integerAt(endpoint, 'weight'),
      ),
    )
  if (hosts.length === 0) return { missing: `the ServiceEntry ${name} tells no address` }
  return { hosts, from: 'ServiceEntry' }
}
