import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { envoyBootstrap } from '../../demo/envoy-bootstrap.ts'
import { ManifestError } from '../../demo/manifest-field.ts'
import { readMesh, withHosts, withPluginConfig } from '../../demo/mesh.ts'
import { packageRoot } from '../../tools/package-root.ts'

const options = { wasm: '/filter.wasm', replicas: [9081, 9082] }

interface Route {
  readonly route: { readonly cluster: string; readonly hash_policy: readonly unknown[] }
}

interface Translated {
  readonly static_resources: {
    readonly listeners: readonly [
      {
        readonly filter_chains: readonly [
          {
            readonly filters: readonly [
              {
                readonly typed_config: {
                  readonly route_config: {
                    readonly virtual_hosts: readonly [
                      { readonly domains: readonly string[]; readonly routes: readonly [Route] },
                    ]
                  }
                  readonly http_filters: readonly { readonly name: string; readonly typed_config: unknown }[]
                }
              },
            ]
          },
        ]
      },
    ]
    readonly clusters: readonly [Readonly<Record<string, unknown>>]
  }
}

function translate(destinationRule = 'seed/destination-rule.yaml', filter = true) {
  const bootstrap = envoyBootstrap(readMesh({ destinationRule, filter }), options) as unknown as Translated
  const manager = bootstrap.static_resources.listeners[0].filter_chains[0].filters[0].typed_config
  return {
    filters: manager.http_filters,
    virtualHost: manager.route_config.virtual_hosts[0],
    route: manager.route_config.virtual_hosts[0].routes[0].route,
    cluster: bootstrap.static_resources.clusters[0],
  }
}

describe("the seed's manifests", () => {
  test('say what the seed says', () => {
    const { gateway, virtualService, destinationRule } = readMesh()
    expect(gateway).toEqual({
      name: 'default-gw',
      namespace: 'istio-system',
      selector: { istio: 'ingressgateway' },
      port: 80,
      hosts: ['*'],
    })
    expect(virtualService).toEqual({
      name: 'test-vs',
      namespace: 'shop',
      hosts: ['test.com'],
      gateways: ['istio-system/default-gw'],
      prefix: '/',
      destination: { host: 'test2-bwce-srv', port: 8080 },
    })
    expect(destinationRule).toEqual({
      name: 'default-sticky-dr',
      namespace: 'shop',
      host: 'test2-bwce-srv',
      key: { kind: 'httpCookie', name: 'ISTIOID', ttlSeconds: 60 },
      algorithm: { kind: 'ringHash', minimumRingSize: 1024 },
    })
  })

  test('run Mooring where claims can be read, open on failure, and say what bad configuration does', () => {
    expect(readMesh().wasmPlugin).toEqual({
      name: 'mooring',
      namespace: 'istio-system',
      selector: { istio: 'ingressgateway' },
      phase: 'AUTHZ',
      failStrategy: 'FAIL_OPEN',
      pluginName: 'mooring',
      env: { MOORING_ON_BAD_CONFIG: 'passThrough' },
      configuration: JSON.stringify({
        session: {
          cookie: { name: 'ISTIOID', path: '/', secure: 'auto', httpOnly: true, sameSite: 'Lax' },
        },
        key: { header: 'x-mooring-key', from: ['session'] },
      }),
    })
  })
})

describe('a DestinationRule becomes the hash policy and the balancer that Istio makes of it', () => {
  const ring = { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: 1024 } }

  test.each([
    ['seed/destination-rule.yaml', { cookie: { name: 'ISTIOID', ttl: '60s' } }, ring],
    ['destination-rules/http-cookie-without-ttl.yaml', { cookie: { name: 'ISTIOID' } }, ring],
    ['destination-rules/http-header-name.yaml', { header: { header_name: 'x-mooring-key' } }, ring],
    ['destination-rules/http-query-parameter-name.yaml', { query_parameter: { name: 'user' } }, ring],
    ['destination-rules/use-source-ip.yaml', { connection_properties: { source_ip: true } }, ring],
    [
      'destination-rules/ring-hash.yaml',
      { header: { header_name: 'x-mooring-key' } },
      { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: 4096 } },
    ],
    [
      'destination-rules/maglev.yaml',
      { header: { header_name: 'x-mooring-key' } },
      { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: 65537 } },
    ],
  ])('%s', (file, policy, balancer) => {
    const { route, cluster } = translate(file)
    expect(route.hash_policy).toEqual([policy])
    expect(cluster).toMatchObject({ ...balancer, name: route.cluster, type: 'STATIC' })
    expect(route.cluster).toBe('outbound|8080||test2-bwce-srv.shop.svc.cluster.local')
  })
})

test('a WasmPlugin becomes a filter before the router, and nothing without it', () => {
  const { filters } = translate()
  expect(filters.map(({ name }) => name)).toEqual([
    'extensions.istio.io/wasmplugin/istio-system.mooring',
    'envoy.filters.http.router',
  ])
  expect(filters[0]?.typed_config).toEqual({
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm',
    config: {
      name: 'istio-system.mooring',
      root_id: 'mooring',
      failure_policy: 'FAIL_OPEN',
      vm_config: {
        runtime: 'envoy.wasm.runtime.v8',
        code: { local: { filename: '/filter.wasm' } },
        environment_variables: { key_values: { MOORING_ON_BAD_CONFIG: 'passThrough' } },
      },
      configuration: {
        '@type': 'type.googleapis.com/google.protobuf.StringValue',
        value: readMesh().wasmPlugin?.configuration,
      },
    },
  })
  expect(translate('seed/destination-rule.yaml', false).filters.map(({ name }) => name)).toEqual([
    'envoy.filters.http.router',
  ])
})

test('another pluginConfig replaces the configuration, and its environment only when given', () => {
  const changed = withPluginConfig(readMesh(), { session: {} })
  expect(changed.wasmPlugin).toMatchObject({
    configuration: '{"session":{}}',
    env: { MOORING_ON_BAD_CONFIG: 'passThrough' },
  })
  expect(withPluginConfig(readMesh(), {}, {}).wasmPlugin?.env).toEqual({})
})

test('more hosts are added to those of the VirtualService', () => {
  expect(withHosts(readMesh(), 'localhost').virtualService.hosts).toEqual(['test.com', 'localhost'])
})

describe('manifests that do not fit are refused, with the place', () => {
  let directory = ''

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mooring-manifests-'))
    cpSync(join(packageRoot, 'manifests'), directory, { recursive: true })
  })

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true })
  })

  function damage(file: string, from: string, to: string): ManifestError {
    const path = join(directory, file)
    const text = readFileSync(path, 'utf8')
    expect(text).toContain(from)
    writeFileSync(path, text.replace(from, to))
    try {
      readMesh({ directory })
    } catch (error) {
      if (error instanceof ManifestError) return error
      throw error
    }
    throw new Error('the manifests were accepted')
  }

  test.each([
    [
      'route/virtual-service.yaml',
      'istio-system/default-gw',
      'istio-system/other-gw',
      'manifest_reference',
      'virtual-service.yaml: spec.gateways: expected istio-system/default-gw, the Gateway in gateway.yaml',
    ],
    [
      'seed/destination-rule.yaml',
      'host: test2-bwce-srv',
      'host: other-srv',
      'manifest_reference',
      'seed/destination-rule.yaml: spec.host: expected test2-bwce-srv.shop.svc.cluster.local, ' +
        'the destination in virtual-service.yaml',
    ],
    [
      'ingress-gateway/wasm-plugin.yaml',
      'namespace: istio-system',
      'namespace: shop',
      'manifest_reference',
      "wasm-plugin.yaml: metadata.namespace: expected istio-system, where the gateway's pods are",
    ],
    [
      'seed/destination-rule.yaml',
      'ttl: 60s',
      'ttl: 60',
      'manifest_field',
      'destination-rule.yaml: spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.ttl: ' +
        'expected a string, found 60',
    ],
    [
      'seed/destination-rule.yaml',
      'ttl: 60s',
      'tll: 60s',
      'manifest_field',
      'destination-rule.yaml: spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.tll: ' +
        'the demo does not translate this field; it knows name, path, ttl',
    ],
    [
      'route/gateway.yaml',
      'number: 80,',
      'number: http,',
      'manifest_field',
      'gateway.yaml: spec.servers[0].port.number: expected a whole number, found "http"',
    ],
  ])('%s: %s becomes %s', (file, from, to, code, message) => {
    const error = damage(file, from, to)
    expect(error.code).toBe(code)
    expect(error.message).toBe(message)
  })

  test('a file that is no YAML', () => {
    expect(damage('route/gateway.yaml', 'kind: Gateway', 'kind: [').code).toBe('manifest_unreadable')
  })
})
