/** The pods that a proxy balances over: those that are given, or those that the manifests tell of. */
import { UsageError } from '../../tools/usage-error.ts'
import { hasLabels, onlyOne } from './fields.ts'
import { valueAt, integerAt, listAt, mappingAt, textAt } from '../manifests/value.ts'
import type { Manifest } from './manifests.ts'
import { hostAt, type NoPods, type Pod, type Pods } from './pod-set.ts'
import { addressOf } from './request.ts'
import { externalPods } from './service-entry.ts'

/**
 * `10.0.0.1:8080,10.0.0.2:8080`, of as many options as there are; `v1=10.0.0.1:8080` says of which subset they are. Throws
 * {@link UsageError}.
 */
export function podsGiven(texts: readonly string[]): Pods {
  const hosts = texts.flatMap((text) => {
    const [, subset, list = ''] = /^(?:([^=:,]+)=)?(.*)$/s.exec(text) ?? []
    return list.split(',').map((each): Pod => ({
      address: addressOf('--pods', each.trim()),
      ...(subset !== undefined && { subset }),
    }))
  })
  const addresses = hosts.map(({ address }) => address)
  const [withoutPort] = addresses.filter((address) => address.endsWith(':0'))
  if (withoutPort !== undefined) {
    throw new UsageError(
      `--pods: ${withoutPort.slice(0, -2)} has no port, and a ring is made of addresses with ports`,
    )
  }
  const twice = addresses.find((address, i) => addresses.indexOf(address) !== i)
  if (twice !== undefined) throw new UsageError(`--pods: ${twice} is there twice`)
  return { hosts, from: '--pods' }
}

/**
 * The ready pods of a service: of its ServiceEntry, else its EndpointSlices, Endpoints, or Pods and WorkloadEntries that
 * its selector fits.
 *
 * @param host `cart.shop.svc.cluster.local`, or a ServiceEntry's host
 * @param port the service's, as a route names it; needed where it has several
 */
export function podsIn(
  manifests: readonly Manifest[],
  host: string,
  port: number | undefined,
): Pods | NoPods {
  const entry = serviceEntryOf(manifests, host)
  if (entry !== undefined) return externalPods(entry, manifests, port)
  const { name, namespace } = serviceName(host)
  const here = manifests.filter((manifest) => manifest.namespace === namespace)
  const service = serviceOf(manifests, host)
  const ports = listAt(service?.value, 'spec', 'ports')
  const servicePort =
    port === undefined ? onlyOne(ports) : ports.find((each) => integerAt(each, 'port') === port)
  if (service !== undefined && servicePort === undefined) {
    return {
      missing:
        port === undefined
          ? `the Service ${name} has several ports: --port`
          : `the Service ${name} has no port ${port}`,
    }
  }
  const wanted: WantedPort = { service: servicePort, number: port }

  const slices = here.filter(
    ({ kind, value }) =>
      kind === 'EndpointSlice' && textAt(value, 'metadata', 'labels', 'kubernetes.io/service-name') === name,
  )
  if (slices.length > 0)
    return found(
      'EndpointSlice',
      slices.map(({ value }) => ofSlice(value, wanted, here)),
    )
  const endpoints = here.filter((manifest) => manifest.kind === 'Endpoints' && manifest.name === name)
  if (endpoints.length > 0) {
    return found(
      'Endpoints',
      endpoints.flatMap(({ value }) => listAt(value, 'subsets').map((each) => ofSubset(each, wanted, here))),
    )
  }
  if (service === undefined) {
    return { missing: `no pods: give --pods, or the EndpointSlices of ${host}, or its Service and Pods` }
  }
  const selector = valueAt(service.value, 'spec', 'selector')
  const workloads = here.flatMap((manifest) => ofWorkload(manifest, selector, servicePort))
  return found('Pod', [workloads], `no ready Pod in the manifests that the Service ${name} selects`)
}

/** The number of the only port that the host's Service or ServiceEntry has, where the manifests have one. */
export function onlyPortOf(manifests: readonly Manifest[], host: string): number | undefined {
  const entry = serviceEntryOf(manifests, host)
  if (entry !== undefined) return integerAt(onlyOne(listAt(entry.value, 'spec', 'ports')), 'number')
  return integerAt(onlyOne(listAt(serviceOf(manifests, host)?.value, 'spec', 'ports')), 'port')
}

function serviceEntryOf(manifests: readonly Manifest[], host: string): Manifest | undefined {
  return manifests.find(
    ({ kind, value }) => kind === 'ServiceEntry' && listAt(value, 'spec', 'hosts').includes(host),
  )
}

function serviceOf(manifests: readonly Manifest[], host: string): Manifest | undefined {
  const wanted = serviceName(host)
  return manifests.find(
    ({ kind, name, namespace }) =>
      kind === 'Service' && name === wanted.name && namespace === wanted.namespace,
  )
}

function serviceName(host: string): { readonly name: string; readonly namespace: string } {
  const [, name = '', namespace = ''] = /^([^.]+)\.([^.]+)\.svc\./.exec(host) ?? []
  return { name, namespace }
}

/** The port that is wanted: of the Service, where that is known, else by its number. */
interface WantedPort {
  readonly service: unknown
  readonly number: number | undefined
}

type Found = readonly Pod[] | NoPods

function found(
  from: string,
  lists: readonly Found[],
  none = `no ready address in the ${from}s`,
): Pods | NoPods {
  const hosts = new Map<string, Pod>()
  for (const list of lists) {
    if ('missing' in list) return list
    for (const host of list) hosts.set(host.address, host)
  }
  return hosts.size === 0 ? { missing: none } : { hosts: [...hosts.values()], from }
}

/** Those of the Pod that an endpoint refers to, where it is among the manifests of its namespace. */
function labelsOfTarget(endpoint: unknown, here: readonly Manifest[]): unknown {
  const name = textAt(endpoint, 'targetRef', 'name')
  const pod = here.find((manifest) => manifest.kind === 'Pod' && manifest.name === name)
  return pod && mappingAt(pod.value, 'metadata', 'labels')
}

function ofSlice(slice: unknown, wanted: WantedPort, here: readonly Manifest[]): Found {
  const port = portOf(listAt(slice, 'ports'), wanted)
  if (port === undefined) return { missing: 'which port of the EndpointSlice is meant is not clear: --port' }
  return listAt(slice, 'endpoints')
    .filter((endpoint) => valueAt(endpoint, 'conditions', 'ready') !== false)
    .flatMap((endpoint) =>
      listAt(endpoint, 'addresses').flatMap((ip) => hostAt(ip, port, labelsOfTarget(endpoint, here))),
    )
}

function ofSubset(subset: unknown, wanted: WantedPort, here: readonly Manifest[]): Found {
  const port = portOf(listAt(subset, 'ports'), wanted)
  if (port === undefined) return { missing: 'which port of the Endpoints is meant is not clear: --port' }
  return listAt(subset, 'addresses').flatMap((address) =>
    hostAt(valueAt(address, 'ip'), port, labelsOfTarget(address, here)),
  )
}

/** The pods' port: the one of the service port's name, the only one, or the one of this number. */
function portOf(ports: readonly unknown[], { service, number }: WantedPort): number | undefined {
  const name = textAt(service, 'name')
  const fitting = service === undefined ? ports : ports.filter((each) => textAt(each, 'name') === name)
  const chosen =
    onlyOne(fitting) ?? fitting.find((each) => number !== undefined && integerAt(each, 'port') === number)
  return integerAt(chosen, 'port')
}

function ofWorkload({ kind, value }: Manifest, selector: unknown, servicePort: unknown): readonly Pod[] {
  const target = valueAt(servicePort, 'targetPort') ?? valueAt(servicePort, 'port')
  if (kind === 'Pod') {
    if (!hasLabels(valueAt(value, 'metadata', 'labels'), selector) || !isReady(value)) return []
    const named = listAt(value, 'spec', 'containers')
      .flatMap((container) => listAt(container, 'ports'))
      .find((each) => valueAt(each, 'name') === target)
    return hostAt(
      valueAt(value, 'status', 'podIP'),
      typeof target === 'number' ? target : integerAt(named, 'containerPort'),
      mappingAt(value, 'metadata', 'labels'),
    )
  }
  if (kind !== 'WorkloadEntry' || !hasLabels(valueAt(value, 'spec', 'labels'), selector)) return []
  const own = integerAt(value, 'spec', 'ports', textAt(servicePort, 'name'))
  const port = own ?? (typeof target === 'number' ? target : integerAt(servicePort, 'port'))
  const labels = mappingAt(value, 'spec', 'labels')
  return hostAt(valueAt(value, 'spec', 'address'), port, labels, integerAt(value, 'spec', 'weight'))
}

function isReady(pod: unknown): boolean {
  if (valueAt(pod, 'metadata', 'deletionTimestamp') !== undefined) return false
  return listAt(pod, 'status', 'conditions').some(
    (condition) => valueAt(condition, 'type') === 'Ready' && valueAt(condition, 'status') === 'True',
  )
}
