import { join } from 'node:path'
import { packageRoot } from '../tools/package-root.ts'
import { ManifestError } from './manifest-field.ts'
import {
  readDestinationRule,
  readGateway,
  readVirtualService,
  readWasmPlugin,
  type DestinationRule,
  type Gateway,
  type VirtualService,
  type WasmPlugin,
} from './resources.ts'

/** A small mesh: one gateway, one route, one Service, its DestinationRule, and Mooring or not. */
export interface Mesh {
  readonly gateway: Gateway
  readonly virtualService: VirtualService
  readonly destinationRule: DestinationRule
  readonly wasmPlugin: WasmPlugin | undefined
}

export interface MeshFiles {
  /** Where the manifests are. Default: the project's own. */
  readonly directory?: string
  /** A DestinationRule, relative to that directory. Default: `seed/destination-rule.yaml`. */
  readonly destinationRule?: string
  /** `false` leaves the WasmPlugin out. Default: true. */
  readonly filter?: boolean
}

/**
 * Reads manifests and joins them as Istio would. Throws {@link ManifestError} where they do not
 * fit together: Istio would apply each in silence and the affinity would just not be there.
 */
export function readMesh(files: MeshFiles = {}): Mesh {
  const directory = files.directory ?? join(packageRoot, 'manifests')
  const ruleFile = files.destinationRule ?? 'seed/destination-rule.yaml'
  const gateway = readGateway(join(directory, 'route/gateway.yaml'))
  const virtualService = readVirtualService(join(directory, 'route/virtual-service.yaml'))
  const destinationRule = readDestinationRule(join(directory, ruleFile))
  const wasmPlugin =
    files.filter === false ? undefined : readWasmPlugin(join(directory, 'ingress-gateway/wasm-plugin.yaml'))

  if (!virtualService.gateways.includes(`${gateway.namespace}/${gateway.name}`)) {
    throw new ManifestError(
      'manifest_reference',
      'virtual-service.yaml: spec.gateways',
      `expected ${gateway.namespace}/${gateway.name}, the Gateway in gateway.yaml`,
    )
  }
  const service = fullName(virtualService.destination.host, virtualService.namespace)
  if (fullName(destinationRule.host, destinationRule.namespace) !== service) {
    throw new ManifestError(
      'manifest_reference',
      `${ruleFile}: spec.host`,
      `expected ${service}, the destination in virtual-service.yaml`,
    )
  }
  if (wasmPlugin !== undefined && wasmPlugin.namespace !== gateway.namespace) {
    throw new ManifestError(
      'manifest_reference',
      'wasm-plugin.yaml: metadata.namespace',
      `expected ${gateway.namespace}, where the gateway's pods are`,
    )
  }
  return { gateway, virtualService, destinationRule, wasmPlugin }
}

/** What Istio calls the cluster that everything goes to. */
export function clusterOf({ virtualService }: Mesh): string {
  const { host, port } = virtualService.destination
  return `outbound|${port}||${fullName(host, virtualService.namespace)}`
}

/** The mesh with another pluginConfig, for tests of what a user might write. */
export function withPluginConfig(mesh: Mesh, pluginConfig: unknown, env?: Record<string, string>): Mesh {
  if (mesh.wasmPlugin === undefined) throw new Error('this mesh has no WasmPlugin')
  return {
    ...mesh,
    wasmPlugin: {
      ...mesh.wasmPlugin,
      configuration: JSON.stringify(pluginConfig),
      env: env ?? mesh.wasmPlugin.env,
    },
  }
}

/** The mesh whose VirtualService serves some more hosts: a browser on this machine asks for 127.0.0.1. */
export function withHosts(mesh: Mesh, ...hosts: readonly string[]): Mesh {
  const { virtualService } = mesh
  return { ...mesh, virtualService: { ...virtualService, hosts: [...virtualService.hosts, ...hosts] } }
}

function fullName(host: string, namespace: string): string {
  return host.includes('.') ? host : `${host}.${namespace}.svc.cluster.local`
}
