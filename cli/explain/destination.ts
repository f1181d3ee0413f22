/** What a DestinationRule makes of a request: `ConsistentHashToHashPolicy` and `ApplyRingHashLoadBalancer` of Istio. */
import type { HashPolicy, LoadBalancerPolicy } from '../../host/envoy/index.ts'
import { UsageError } from '../../tools/usage-error.ts'
import { isFor, serviceName } from '../manifests/service-name.ts'
import { valueAt, integerAt, isMapping, listAt, type Mapping, mappingAt, textAt } from '../manifests/value.ts'
import { type Manifest, nameOf } from './manifests.ts'

/** A host of a mesh, and what its DestinationRule says. */
export interface Destination {
  /** `DestinationRule shop/cart (cart.yaml)`; absent where none is for the host. */
  readonly rule: string | undefined
  /** In full: `cart.shop.svc.cluster.local`. */
  readonly host: string
  readonly subset: Subset | undefined
  /** What it hashes; absent where it hashes nothing that is known here. */
  readonly hashing: Hashing | undefined
  /** What it says beside, and what that means for the answer. */
  readonly notes: readonly string[]
}

/** The subset of a DestinationRule that a route names. */
export interface Subset {
  readonly name: string
  /** Which pods it has; absent where the rule does not know the subset. */
  readonly labels: Mapping | undefined
}

export interface Hashing {
  /** `the header x-mooring-key` */
  readonly what: string
  readonly policy: HashPolicy
  /** A cookie that Envoy makes up itself where there is none: the policy with a ttl. */
  readonly mints: boolean
  readonly balancer: Exclude<LoadBalancerPolicy, string>
}

/** Istio's ring where no size is given, and Envoy's default. */
const DEFAULT_RING_SIZE = 1_024

/** A DestinationRule that was chosen, and the host for which. */
export interface ChosenRule {
  readonly rule: Manifest
  /** In full: `cart.shop.svc.cluster.local`. */
  readonly host: string
}

/**
 * The DestinationRule of a host, the most specific where several names fit; without a host the only one there is.
 *
 * @returns undefined where there is none
 * @throws {UsageError} where several fit
 */
export function destinationRuleIn(
  manifests: readonly Manifest[],
  host: string | undefined,
): ChosenRule | undefined {
  const rules = manifests.filter(({ kind }) => kind === 'DestinationRule')
  const wanted = host === undefined ? undefined : (namespace: string) => serviceName(host, namespace)
  const fitting = rules.filter((rule) => wanted === undefined || isFor(hostOf(rule), wanted(rule.namespace)))
  const longest = Math.max(...fitting.map((rule) => hostOf(rule).length))
  const best = wanted === undefined ? fitting : fitting.filter((rule) => hostOf(rule).length === longest)
  const [rule, another] = best
  if (rule === undefined) {
    if (host === undefined || rules.length === 0) return undefined
    throw new UsageError(`--destination ${host}: no DestinationRule for it; there is: ${listed(rules)}`)
  }
  if (another !== undefined) {
    const hosts = new Set(best.map(hostOf))
    throw new UsageError(
      hosts.size > 1
        ? `several DestinationRules, choose with --destination HOST: ${listed(best)}`
        : `several DestinationRules for one host, leave in one: ${listed(best)}`,
    )
  }
  const named = wanted?.(rule.namespace) ?? hostOf(rule)
  if (named.startsWith('*')) {
    throw new UsageError(`${nameOf(rule)} is for every host of ${named}: choose one with --destination HOST`)
  }
  return { rule, host: named }
}

function hostOf(rule: Manifest): string {
  return serviceName(textAt(rule.value, 'spec', 'host'), rule.namespace)
}

function listed(rules: readonly Manifest[]): string {
  return rules.map((rule) => `${hostOf(rule)} by ${nameOf(rule)}`).join(', ')
}

/**
 * What the rule says for the host, at a port of the service.
 *
 * @param name of the subset; empty for a route that names none
 */
export function readDestination(
  { rule, host }: ChosenRule,
  port: number | undefined,
  name = '',
): Destination {
  const policy = mappingAt(rule.value, 'spec', 'trafficPolicy')
  const subsets = listAt(rule.value, 'spec', 'subsets')
  const subset = subsets.find((each) => name !== '' && textAt(each, 'name') === name)
  const own = mappingAt(subset, 'trafficPolicy')
  const settings = atPort(own, port) ?? { ...(atPort(policy, port) ?? policy), ...own }
  const hasPorts = [policy, own].some((each) => listAt(each, 'portLevelSettings').length > 0)
  return {
    rule: nameOf(rule),
    host,
    subset:
      name === '' ? undefined : { name, labels: isMapping(subset) ? mappingAt(subset, 'labels') : undefined },
    hashing: readHashing(mappingAt(settings, 'loadBalancer', 'consistentHash')),
    notes: [
      ...(hasPorts && port === undefined
        ? ['the DestinationRule has portLevelSettings: --port says which of them apply']
        : []),
      ...(name === '' ? subsets : [])
        .filter((each) => isMapping(valueAt(each, 'trafficPolicy', 'loadBalancer')))
        .map(
          (each) =>
            `subset ${textAt(each, 'name')} has a load balancer of its own: this is for a route without subset`,
        ),
      ...localityNotes(settings),
    ],
  }
}

/** Settings of a port replace those around them as a whole. */
function atPort(policy: Mapping, port: number | undefined): Mapping | undefined {
  return listAt(policy, 'portLevelSettings').find(
    (settings): settings is Mapping => port !== undefined && integerAt(settings, 'port', 'number') === port,
  )
}

/** What makes several rings of one: which of them is asked hangs on where the proxy is, and on who fails. */
function localityNotes(settings: Mapping): readonly string[] {
  const detects = 'outlierDetection' in settings
  const locality = mappingAt(settings, 'loadBalancer', 'localityLbSetting')
  const isOff = locality['enabled'] === false
  return [
    ...(detects
      ? ['outlierDetection takes pods off the ring that fail: this is for all of them in place']
      : []),
    ...(detects && !isOff
      ? [
          'outlierDetection turns locality failover on: a proxy has a ring of the pods of its own zone while those are well, and this is for all pods in one zone; localityLbSetting: {enabled: false} leaves one ring for everybody',
        ]
      : []),
    ...(!isOff && 'distribute' in locality
      ? ['localityLbSetting.distribute gives zones shares of the ring: this is for all pods in one zone']
      : []),
  ]
}

function readHashing(hash: Mapping): Hashing | undefined {
  const key = readKey(hash)
  return key === undefined ? undefined : { ...key, balancer: readBalancer(hash) }
}

function readKey(hash: Mapping): Omit<Hashing, 'balancer'> | undefined {
  const header = textAt(hash, 'httpHeaderName')
  if (header !== '') {
    return { what: `the header ${header}`, policy: { header: { headerName: header } }, mints: false }
  }
  const parameter = textAt(hash, 'httpQueryParameterName')
  if (parameter !== '') {
    const policy = { queryParameter: { name: parameter } }
    return { what: `the query parameter ${parameter}`, policy, mints: false }
  }
  const cookie = textAt(hash, 'httpCookie', 'name')
  if (cookie !== '') {
    const mints = valueAt(hash, 'httpCookie', 'ttl') !== undefined
    return { what: `the cookie ${cookie}`, policy: { cookie: { name: cookie } }, mints }
  }
  if (hash['useSourceIp'] !== true) return undefined
  return { what: "the client's address", policy: { connectionProperties: { sourceIp: true } }, mints: false }
}

function readBalancer(hash: Mapping): Hashing['balancer'] {
  if (isMapping(hash['maglev'])) {
    const tableSize = integerAt(hash, 'maglev', 'tableSize')
    return { maglev: tableSize === undefined || tableSize === 0 ? {} : { tableSize } }
  }
  const size = isMapping(hash['ringHash'])
    ? integerAt(hash, 'ringHash', 'minimumRingSize')
    : integerAt(hash, 'minimumRingSize')
  return { ringHash: { minimumRingSize: size === undefined || size === 0 ? DEFAULT_RING_SIZE : size } }
}
