import { readFileSync } from 'node:fs'
import type { HashPolicy, LoadBalancerPolicy } from '../host/envoy/index.ts'
import type { GatewayConfig, WasmFilterConfig } from '../host/gateway/index.ts'
import type { IngressOptions } from './ingress.ts'
import { clusterOf, type Mesh } from './mesh.ts'
import type { HashAlgorithm, HashKey, WasmPlugin } from './resources.ts'

/** Translates a mesh for the embedded host: the same as `envoyBootstrap`, in the gateway's own words. */
export function gatewayConfig(mesh: Mesh, options: IngressOptions): GatewayConfig {
  const { virtualService, destinationRule, wasmPlugin } = mesh
  const cluster = clusterOf(mesh)
  return {
    listener: { host: '127.0.0.1', port: options.port ?? 0 },
    useRemoteAddress: true,
    ignorePortInHostMatching: true,
    filters: wasmPlugin === undefined ? [] : [wasmFilter(wasmPlugin, options.wasm, mesh.gateway.namespace)],
    virtualHosts: [
      {
        name: `${virtualService.hosts[0] ?? ''}:${mesh.gateway.port}`,
        domains: virtualService.hosts,
        routes: [
          {
            match: { prefix: virtualService.prefix },
            cluster,
            hashPolicy: [hashPolicy(destinationRule.key)],
          },
        ],
      },
    ],
    clusters: [
      {
        name: cluster,
        endpoints: options.replicas.map((port) => ({ address: `127.0.0.1:${port}` })),
        loadBalancer: loadBalancer(destinationRule.algorithm),
        healthyPanicThreshold: 0,
      },
    ],
  }
}

function hashPolicy(key: HashKey): HashPolicy {
  switch (key.kind) {
    case 'httpHeaderName':
      return { header: { headerName: key.name } }
    case 'httpCookie':
      return {
        cookie: {
          name: key.name,
          ...(key.ttlSeconds === undefined ? {} : { ttl: key.ttlSeconds }),
          ...(key.path === undefined ? {} : { path: key.path }),
        },
      }
    case 'httpQueryParameterName':
      return { queryParameter: { name: key.name } }
    case 'useSourceIp':
      return { connectionProperties: { sourceIp: true } }
  }
}

function loadBalancer(algorithm: HashAlgorithm): LoadBalancerPolicy {
  switch (algorithm.kind) {
    case 'ringHash':
      return { ringHash: { minimumRingSize: algorithm.minimumRingSize } }
    case 'maglev':
      return { maglev: { tableSize: algorithm.tableSize } }
  }
}

const FAILURE_POLICY = {
  FAIL_CLOSE: 'FAIL_CLOSED',
  FAIL_OPEN: 'FAIL_OPEN',
  FAIL_RELOAD: 'FAIL_RELOAD',
} as const

function wasmFilter(plugin: WasmPlugin, wasm: string, proxyNamespace: string): WasmFilterConfig {
  return {
    name: `${plugin.namespace}.${plugin.name}`,
    module: readFileSync(wasm),
    rootId: plugin.pluginName,
    environment: plugin.env,
    properties: { xds: { node: { metadata: { NAMESPACE: proxyNamespace } } } },
    failurePolicy: FAILURE_POLICY[plugin.failStrategy],
    ...(plugin.configuration === undefined ? {} : { configuration: plugin.configuration }),
  }
}
