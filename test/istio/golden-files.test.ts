/** What Istio made of the manifests, read from the golden files. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { connectionManager, filterNames, MODULE_PATH, readGolden } from './golden.ts'

const AFTER = ['envoy.filters.http.grpc_stats', 'envoy.filters.http.fault', 'envoy.filters.http.cors']
const ROUTER = 'envoy.filters.http.router'
const WAYPOINT = 'inbound-vip|8080|http|test2-bwce-srv.shop.svc.cluster.local'

const BREAKERS = 'breakers'
const sets = readdirSync('test/istio/golden')
  .filter((name) => name !== BREAKERS)
  .sort()

test('there is a golden file for each set that names a proxy', () => {
  const declared = parse(readFileSync('test/istio/sets.yaml', 'utf8')) as { name: string; proxy?: string }[]
  expect(sets).toEqual(
    declared
      .filter(({ proxy }) => proxy !== undefined)
      .map(({ name }) => name)
      .sort(),
  )
})

test('and one for each side of each breaker', () => {
  const declared = parse(readFileSync(`test/istio/${BREAKERS}/sets.yaml`, 'utf8')) as {
    code: string
    elsewhere?: string
  }[]
  const sides = declared.flatMap(({ code, elsewhere }) =>
    ['wrong', 'right', ...(elsewhere === undefined ? [] : ['wrong-elsewhere', 'right-elsewhere'])].map(
      (side) => join(code, side, 'envoy.json'),
    ),
  )
  const files = readdirSync(`test/istio/golden/${BREAKERS}`, { recursive: true, encoding: 'utf8' })
  expect(files.filter((file) => file.endsWith('envoy.json')).sort()).toEqual(sides.sort())
})

test('every directory of manifests is in a set', () => {
  const declared = parse(readFileSync('test/istio/sets.yaml', 'utf8')) as { manifests: string[] }[]
  const used = new Set<string>()
  const use = (directory: string) => {
    if (used.has(directory) || !existsSync(join(directory, 'kustomization.yaml'))) return
    used.add(directory)
    const { resources = [], components = [] } = parse(
      readFileSync(join(directory, 'kustomization.yaml'), 'utf8'),
    ) as { resources?: string[]; components?: string[] }
    for (const path of [...resources, ...components]) use(join(directory, path))
  }
  for (const { manifests } of declared) manifests.forEach(use)
  const there = readdirSync('manifests', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('kustomization.yaml'))
    .map((file) => join('manifests', dirname(file)))
  expect(there.filter((directory) => !used.has(directory))).toEqual([])
})

test('every file outside of those is in a set too, or is run by a test of its own', () => {
  const declared = readFileSync('test/istio/sets.yaml', 'utf8')
  const alone = readdirSync('manifests', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join('manifests', name))
    .filter(
      (directory) =>
        !readdirSync(directory, { recursive: true }).some(
          (file) => basename(String(file)) === 'kustomization.yaml',
        ),
    )
    .flatMap((directory) => readdirSync(directory).map((file) => join(directory, file)))
  expect(alone.length).toBeGreaterThan(6)
  expect(alone.filter((file) => !declared.includes(file))).toEqual(['manifests/envoy/envoy.yaml'])
})

describe('the plugin stands where the order of filters needs it', () => {
  test.each([
    ['seed', ['istio-system.mooring', ...AFTER, ROUTER]],
    [
      'by-user',
      ['envoy.filters.http.jwt_authn', 'istio-system.mooring', 'envoy.filters.http.rbac', ...AFTER, ROUTER],
    ],
    ['gateway-api', ['istio-ingress.mooring', ...AFTER, ROUTER]],
    ['sidecars', ['shop.mooring', ...AFTER, ROUTER]],
    ['mesh-override', ['shop.mooring-shop', 'istio-system.mooring-mesh', ...AFTER, ROUTER]],
    ['mesh-default-signed', ['istio-system.mooring', 'istio-system.mooring-mesh', ...AFTER, ROUTER]],
    ['one-gateway', ['istio-system.mooring-canary', 'istio-system.mooring', ...AFTER, ROUTER]],
    ['one-gateway-others', ['istio-system.mooring', ...AFTER, ROUTER]],
  ])('%s', (set, expected) => {
    expect(filterNames(connectionManager(readGolden(set)))).toEqual(expected)
  })

  test('waypoint', () => {
    expect(filterNames(connectionManager(readGolden('waypoint'), WAYPOINT))).toEqual([
      'shop.mooring-waypoint',
      ...AFTER,
      'waypoint_upstream_peer_metadata',
      ROUTER,
    ])
  })
})

describe('the plugin gets its root id, its failure policy and its environment', () => {
  const pluginOf = (set: string, chain?: string) =>
    connectionManager(readGolden(set), chain).http_filters.flatMap(({ typed_config: { config } }) =>
      config === undefined ? [] : [config],
    )
  const ON_BAD = { MOORING_ON_BAD_CONFIG: 'passThrough' }

  test.each([
    ['seed', 'FAIL_OPEN', { key_values: ON_BAD }],
    ['fail-close', 'FAIL_CLOSED', { key_values: ON_BAD }],
    ['fail-reload', 'FAIL_RELOAD', { key_values: ON_BAD }],
    ['reject-bad-configuration', 'FAIL_OPEN', { key_values: { MOORING_ON_BAD_CONFIG: 'reject' } }],
    ['by-user', 'FAIL_OPEN', { key_values: ON_BAD, host_env_keys: ['MOORING_HASH_SECRET'] }],
    [
      'signed',
      'FAIL_OPEN',
      { key_values: ON_BAD, host_env_keys: ['MOORING_SIGNING_1', 'MOORING_SIGNING_2'] },
    ],
    [
      'mcp',
      'FAIL_OPEN',
      {
        key_values: ON_BAD,
        host_env_keys: ['MOORING_SIGNING_1', 'MOORING_SIGNING_2', 'MOORING_HASH_SECRET'],
      },
    ],
  ])('%s', (set, policy, environment) => {
    const [config] = pluginOf(set)
    expect(config?.root_id).toBe('mooring')
    expect(config?.failure_policy).toBe(policy)
    expect(config?.vm_config.environment_variables).toEqual(environment)
    expect(config?.vm_config.code).toEqual({ local: { filename: MODULE_PATH } })
  })

  test('every plugin of every set has the root id mooring', () => {
    const ids = sets.flatMap((set) => pluginOf(set, set === 'waypoint' ? WAYPOINT : undefined))
    expect(ids.length).toBeGreaterThan(sets.length - 4)
    expect(new Set(ids.map(({ root_id }) => root_id))).toEqual(new Set(['mooring']))
  })
})

describe('the route hashes what the DestinationRule says', () => {
  test.each([
    ['seed', [{ cookie: { name: 'ISTIOID', ttl: '60s' } }]],
    ['hash-cookie-without-ttl', [{ cookie: { name: 'ISTIOID' } }]],
    ['hash-header', [{ header: { header_name: 'x-mooring-key' } }]],
    ['hash-query-parameter', [{ query_parameter: { name: 'user' } }]],
    ['hash-source-ip', [{ connection_properties: { source_ip: true } }]],
    ['gateway-api', [{ header: { header_name: 'x-mooring-key' } }]],
    ['sidecars', [{ header: { header_name: 'x-mooring-key' } }]],
    ['mesh-override', [{ header: { header_name: 'x-mooring-key' } }]],
    ['waypoint', [{ header: { header_name: 'x-mooring-key' } }]],
    ['mcp', [{ header: { header_name: 'x-mooring-key' } }]],
  ])('%s', (set, policy) => {
    const manager = connectionManager(readGolden(set), set === 'waypoint' ? WAYPOINT : undefined)
    expect(manager.route_config.virtual_hosts[0]?.routes[0]?.route?.hash_policy).toEqual(policy)
  })
})

describe('a module that cannot be fetched leaves', () => {
  const RBAC = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC'
  test.each([
    ['unfetched-fail-open', { '@type': RBAC, rules_stat_prefix: 'wasm-default-allow' }],
    ['unfetched-fail-close', { '@type': RBAC, rules: {}, rules_stat_prefix: 'wasm-default-deny' }],
    ['unfetched-fail-reload', { '@type': RBAC, rules: {}, rules_stat_prefix: 'wasm-default-deny' }],
  ])("%s: the agent's substitute", (set, substitute) => {
    const [first] = connectionManager(readGolden(set)).http_filters
    expect(first?.typed_config).toEqual(substitute)
  })
})

describe('a TrafficExtension becomes what its WasmPlugin becomes, but for its name', () => {
  test.each([
    ['ingress-gateway', 'hash-header'],
    ['gateway-api', 'gateway-api'],
    ['sidecars', 'sidecars'],
    ['mesh-override', 'mesh-override'],
  ])('%s', (twin, set) => {
    const text = (name: string) =>
      readFileSync(`test/istio/golden/${name}/envoy.json`, 'utf8').replaceAll(
        '~istio-translated-wasmplugin',
        '',
      )
    expect(text(`traffic-extension-${twin}`)).toBe(text(set))
  })
})
