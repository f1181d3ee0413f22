import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseDocument } from 'yaml'
import { Field, ManifestError } from './manifest-field.ts'

/** What the hash is made of: the four keys of `consistentHash`. */
export type HashKey =
  | { readonly kind: 'httpHeaderName'; readonly name: string }
  | {
      readonly kind: 'httpCookie'
      readonly name: string
      readonly path?: string
      /** Absent: Envoy hashes a cookie that is there and never mints. 0: it mints one without Max-Age. */
      readonly ttlSeconds?: number
    }
  | { readonly kind: 'httpQueryParameterName'; readonly name: string }
  | { readonly kind: 'useSourceIp' }

/** How a hash becomes a pod. */
export type HashAlgorithm =
  | { readonly kind: 'ringHash'; readonly minimumRingSize: number }
  | { readonly kind: 'maglev'; readonly tableSize: number }

export interface Gateway {
  readonly name: string
  readonly namespace: string
  readonly selector: Readonly<Record<string, string>>
  readonly port: number
  readonly hosts: readonly string[]
}

export interface VirtualService {
  readonly name: string
  readonly namespace: string
  readonly hosts: readonly string[]
  /** `namespace/name` each. */
  readonly gateways: readonly string[]
  readonly prefix: string
  readonly destination: { readonly host: string; readonly port: number }
}

export interface DestinationRule {
  readonly name: string
  readonly namespace: string
  readonly host: string
  readonly key: HashKey
  readonly algorithm: HashAlgorithm
}

export interface WasmPlugin {
  readonly name: string
  readonly namespace: string
  readonly selector: Readonly<Record<string, string>>
  readonly phase: 'AUTHN' | 'AUTHZ' | 'STATS' | 'UNSPECIFIED_PHASE'
  readonly failStrategy: 'FAIL_CLOSE' | 'FAIL_OPEN' | 'FAIL_RELOAD'
  readonly pluginName: string
  readonly env: Readonly<Record<string, string>>
  /** As JSON; undefined for none and for `{}`, which Istio sends as nothing. */
  readonly configuration: string | undefined
}

/** Istio's ring where a DestinationRule names no algorithm (`ApplyRingHashLoadBalancer`), and Envoy's default. */
const DEFAULT_RING_SIZE = 1024

/**
 * Reads one manifest of one document as Kubernetes would (YAML 1.1: an unquoted `on` is a boolean).
 * Throws {@link ManifestError}.
 */
function readManifest(file: string, kind: string): Field {
  const where = basename(file)
  const document = parseDocument(readFileSync(file, 'utf8'), { version: '1.1' })
  const [error] = document.errors
  if (error !== undefined) throw new ManifestError('manifest_unreadable', where, error.message)
  const manifest = new Field(document.toJS(), `${where}:`)
  manifest.only('apiVersion', 'kind', 'metadata', 'spec').get('kind').oneOf(kind)
  return manifest
}

function nameOf(manifest: Field): { name: string; namespace: string } {
  const metadata = manifest.get('metadata')
  return { name: metadata.get('name').string(), namespace: metadata.get('namespace').string() }
}

function labels(field: Field): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(field.value ?? {}).map((name) => [name, field.get(name).string()]))
}

/** Reads a Gateway with one HTTP server. */
export function readGateway(file: string): Gateway {
  const manifest = readManifest(file, 'Gateway')
  const spec = manifest.get('spec').only('selector', 'servers')
  const server = spec.get('servers').single().only('port', 'hosts')
  server.get('port').get('protocol').oneOf('HTTP')
  return {
    ...nameOf(manifest),
    selector: labels(spec.get('selector')),
    port: server.get('port').get('number').integer(),
    hosts: server.get('hosts').strings(),
  }
}

/** Reads a VirtualService with one route to one destination. */
export function readVirtualService(file: string): VirtualService {
  const manifest = readManifest(file, 'VirtualService')
  const spec = manifest.get('spec').only('hosts', 'gateways', 'http')
  const route = spec.get('http').single().only('match', 'route')
  const target = route.get('route').single().only('destination').get('destination').only('host', 'port')
  return {
    ...nameOf(manifest),
    hosts: spec.get('hosts').strings(),
    gateways: spec.get('gateways').strings(),
    prefix: route.get('match').single().only('uri').get('uri').only('prefix').get('prefix').string(),
    destination: { host: target.get('host').string(), port: target.get('port').get('number').integer() },
  }
}

/** Reads a DestinationRule that has a `consistentHash` and nothing else. */
export function readDestinationRule(file: string): DestinationRule {
  const manifest = readManifest(file, 'DestinationRule')
  const spec = manifest.get('spec').only('host', 'trafficPolicy')
  const balancer = spec.get('trafficPolicy').only('loadBalancer').get('loadBalancer').only('consistentHash')
  const hash = balancer
    .get('consistentHash')
    .only('httpHeaderName', 'httpCookie', 'httpQueryParameterName', 'useSourceIp', 'ringHash', 'maglev')
  return {
    ...nameOf(manifest),
    host: spec.get('host').string(),
    key: readHashKey(hash),
    algorithm: readAlgorithm(hash),
  }
}

function readHashKey(hash: Field): HashKey {
  const header = hash.get('httpHeaderName')
  if (header.exists) return { kind: 'httpHeaderName', name: header.string() }
  const parameter = hash.get('httpQueryParameterName')
  if (parameter.exists) return { kind: 'httpQueryParameterName', name: parameter.string() }
  const cookie = hash.get('httpCookie')
  if (cookie.exists) {
    const { path, ttl } = { path: cookie.only('name', 'path', 'ttl').get('path'), ttl: cookie.get('ttl') }
    return {
      kind: 'httpCookie',
      name: cookie.get('name').string(),
      ...(path.exists ? { path: path.string() } : {}),
      ...(ttl.exists ? { ttlSeconds: ttl.seconds() } : {}),
    }
  }
  if (hash.get('useSourceIp').value === true) return { kind: 'useSourceIp' }
  throw new ManifestError(
    'manifest_field',
    hash.where,
    'expected httpHeaderName, httpCookie, httpQueryParameterName or useSourceIp: true',
  )
}

function readAlgorithm(hash: Field): HashAlgorithm {
  const maglev = hash.get('maglev')
  if (maglev.exists) {
    return { kind: 'maglev', tableSize: maglev.only('tableSize').get('tableSize').integer() }
  }
  const ring = hash.get('ringHash')
  const size = ring.exists ? ring.only('minimumRingSize').get('minimumRingSize').integer() : 0
  return { kind: 'ringHash', minimumRingSize: size === 0 ? DEFAULT_RING_SIZE : size }
}

/** Reads a WasmPlugin. Where its image comes from is left to the mesh: the demo runs the module it built. */
export function readWasmPlugin(file: string): WasmPlugin {
  const manifest = readManifest(file, 'WasmPlugin')
  const spec = manifest
    .get('spec')
    .only(
      'selector',
      'url',
      'sha256',
      'imagePullPolicy',
      'phase',
      'priority',
      'match',
      'failStrategy',
      'vmConfig',
      'pluginName',
      'pluginConfig',
    )
  const vm = spec.get('vmConfig')
  const env = vm.exists ? vm.only('env').get('env').list() : []
  const config = spec.get('pluginConfig').value
  const given = typeof config === 'object' && config !== null && Object.keys(config).length > 0
  return {
    ...nameOf(manifest),
    selector: labels(spec.get('selector').get('matchLabels')),
    phase: spec.get('phase').oneOf('AUTHN', 'AUTHZ', 'STATS', 'UNSPECIFIED_PHASE'),
    failStrategy: spec.get('failStrategy').oneOf('FAIL_CLOSE', 'FAIL_OPEN', 'FAIL_RELOAD'),
    pluginName: spec.get('pluginName').string(),
    env: Object.fromEntries(env.map((item) => [item.get('name').string(), item.get('value').string()])),
    configuration: given ? JSON.stringify(config) : undefined,
  }
}
