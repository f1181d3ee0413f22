/** What mooring explain makes of Istio's objects. */
import { describe, expect, test } from 'vitest'
import type { HashPolicy, LoadBalancerPolicy } from '../../host/envoy/index.ts'
import { type Destination, destinationRuleIn, readDestination } from '../../cli/explain/destination.ts'
import { type Manifest, manifestsIn, readManifests } from '../../cli/explain/manifests.ts'
import { pluginIn } from '../../cli/explain/plugin.ts'
import { podsGiven } from '../../cli/explain/pods.ts'
import { wayIn } from '../../cli/explain/way.ts'
import { connectionManager, readGolden } from '../istio/golden.ts'
import { destinationRule, HOST } from './explained.ts'

function manifests(...items: readonly object[]): readonly Manifest[] {
  return manifestsIn('mesh.yaml', JSON.stringify({ kind: 'List', items }))
}

function destination(items: readonly object[], host?: string, port?: number): Destination {
  const chosen = destinationRuleIn(manifests(...items), host)
  if (chosen === undefined) throw new Error('no DestinationRule')
  return readDestination(chosen, port)
}

describe("a DestinationRule becomes what Istio's own generator makes of it", () => {
  test.each([
    ['seed', 'seed/destination-rule.yaml'],
    ['hash-header', 'destination-rules/http-header-name.yaml'],
    ['hash-cookie-without-ttl', 'destination-rules/http-cookie-without-ttl.yaml'],
    ['hash-query-parameter', 'destination-rules/http-query-parameter-name.yaml'],
    ['hash-source-ip', 'destination-rules/use-source-ip.yaml'],
    ['ring-hash', 'destination-rules/ring-hash.yaml'],
    ['maglev', 'destination-rules/maglev.yaml'],
  ])('%s', (set, file) => {
    const chosen = destinationRuleIn(readManifests([`manifests/${file}`]), undefined)
    if (chosen === undefined) throw new Error(file)
    const { host, hashing } = readDestination(chosen, undefined)
    if (hashing === undefined) throw new Error(`${file} hashes nothing`)
    const golden = readGolden(set)
    const manager = connectionManager(golden) as unknown as {
      route_config: { virtual_hosts: { routes: { route: { cluster: string; hash_policy: unknown } }[] }[] }
    }
    const route = manager.route_config.virtual_hosts[0]?.routes[0]?.route
    expect(route?.cluster).toBe(`outbound|8080||${host}`)
    expect(route?.hash_policy).toEqual([inEnvoysWords(hashing.policy, hashing.mints)])
    const { clusters } = golden.static_resources as unknown as { clusters: Record<string, unknown>[] }
    expect(clusters.find(({ name }) => name === route?.cluster)).toMatchObject(balancerOf(hashing.balancer))
  })
})

function inEnvoysWords(policy: HashPolicy, mints: boolean): object {
  if ('header' in policy) return { header: { header_name: policy.header.headerName } }
  if ('queryParameter' in policy) return { query_parameter: policy.queryParameter }
  // The ttl itself decides nothing but the cookie's life: the seed's is 60s.
  if ('cookie' in policy) return { cookie: { ...policy.cookie, ...(mints ? { ttl: '60s' } : {}) } }
  return { connection_properties: { source_ip: true } }
}

function balancerOf(balancer: LoadBalancerPolicy): object {
  if (typeof balancer === 'string') throw new Error(balancer)
  return 'maglev' in balancer
    ? { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: String(balancer.maglev.tableSize) } }
    : {
        lb_policy: 'RING_HASH',
        ring_hash_lb_config: { minimum_ring_size: String(balancer.ringHash.minimumRingSize) },
      }
}

describe('the size of ring and table', () => {
  test.each<[string, object, object]>([
    ['a number in quotes', { ringHash: { minimumRingSize: '64' } }, { ringHash: { minimumRingSize: 64 } }],
    ['an empty ringHash', { ringHash: {} }, { ringHash: { minimumRingSize: 1024 } }],
    ['the deprecated field', { minimumRingSize: 77 }, { ringHash: { minimumRingSize: 77 } }],
    ['nothing', {}, { ringHash: { minimumRingSize: 1024 } }],
    ['maglev', { maglev: { tableSize: 1009 } }, { maglev: { tableSize: 1009 } }],
  ])('%s', (_, fields, balancer) => {
    const consistentHash = { httpHeaderName: 'x-a', ...fields }
    expect(destination([destinationRule({ loadBalancer: { consistentHash } })]).hashing?.balancer).toEqual(
      balancer,
    )
  })

  test('that Envoy refuses leaves the pod unknown', () => {
    const consistentHash = { httpHeaderName: 'x-a', maglev: { tableSize: 1000 } }
    const way = wayIn(manifests(destinationRule({ loadBalancer: { consistentHash } })), {
      host: undefined,
      port: undefined,
      pods: podsGiven(['10.0.0.1:80']),
    })
    expect(way.placement).toEqual({
      missing: 'Envoy refuses the balancer: tableSize is 1000, but must be a prime, as 65537 is',
    })
  })
})

describe('which DestinationRule', () => {
  const rule = (name: string, host: string): object => ({
    kind: 'DestinationRule',
    metadata: { name, namespace: 'shop' },
    spec: { host, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: name } } } },
  })
  const rules = [rule('exact', 'cart'), rule('some', '*.shop.svc.cluster.local'), rule('all', '*.local')]

  test.each([
    [HOST, 'exact'],
    ['cart', 'exact'],
    ['web.shop.svc.cluster.local', 'some'],
    ['web.other.svc.cluster.local', 'all'],
  ])('of %s: %s', (host, name) => {
    expect(destination(rules, host).hashing?.what).toBe(`the header ${name}`)
  })

  test.each<[string, readonly object[], string | undefined, string]>([
    [
      'several hosts',
      rules.slice(0, 2),
      undefined,
      'several DestinationRules, choose with --destination HOST: cart.shop.svc.cluster.local by DestinationRule shop/exact (mesh.yaml), *.shop.svc.cluster.local by DestinationRule shop/some (mesh.yaml)',
    ],
    [
      'one host twice',
      [rule('a', 'cart'), rule('b', 'cart')],
      undefined,
      'several DestinationRules for one host, leave in one: cart.shop.svc.cluster.local by DestinationRule shop/a (mesh.yaml), cart.shop.svc.cluster.local by DestinationRule shop/b (mesh.yaml)',
    ],
    [
      'none of it',
      rules.slice(0, 1),
      'web',
      '--destination web: no DestinationRule for it; there is: cart.shop.svc.cluster.local by DestinationRule shop/exact (mesh.yaml)',
    ],
    [
      'a pattern',
      rules.slice(1, 2),
      undefined,
      'DestinationRule shop/some (mesh.yaml) is for every host of *.shop.svc.cluster.local: choose one with --destination HOST',
    ],
  ])('is an error with %s', (_, items, host, message) => {
    expect(() => destinationRuleIn(manifests(...items), host)).toThrow(message)
  })

  test('settings of a port replace those above them', () => {
    const policy = {
      loadBalancer: { consistentHash: { httpHeaderName: 'x-a' } },
      portLevelSettings: [
        { port: { number: 80 }, loadBalancer: { consistentHash: { httpHeaderName: 'x-b' } } },
        { port: { number: 81 }, connectionPool: {} },
      ],
    }
    const at = (port?: number) => destination([destinationRule(policy)], undefined, port)
    expect(at(80).hashing?.what).toBe('the header x-b')
    expect(at(81).hashing).toBeUndefined()
    expect(at(82).hashing?.what).toBe('the header x-a')
    expect(at(82).notes).toEqual([])
    expect(at().notes).toEqual(['the DestinationRule has portLevelSettings: --port says which of them apply'])
  })

  test("a subset's own policy lies over that of the host, and settings of its port take the place of both", () => {
    const policy = {
      loadBalancer: { consistentHash: { httpHeaderName: 'x-host' } },
      portLevelSettings: [{ port: { number: 81 }, connectionPool: {} }],
    }
    const hash = (httpHeaderName: string) => ({ loadBalancer: { consistentHash: { httpHeaderName } } })
    const subsets = [
      { name: 'plain' },
      { name: 'own', trafficPolicy: hash('x-own') },
      { name: 'ports', trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, ...hash('x-port') }] } },
      { name: 'simple', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } },
    ]
    const items = manifests(destinationRule(policy, { subsets }))
    const hashed = (name: string, port: number) => {
      const chosen = destinationRuleIn(items, HOST)
      return chosen && readDestination(chosen, port, name).hashing?.what.replace('the header ', '')
    }
    expect(['plain', 'own', 'ports', 'simple'].map((name) => hashed(name, 80))).toEqual([
      'x-host',
      'x-own',
      'x-port',
      undefined,
    ])
    expect(['plain', 'own', 'ports', 'simple'].map((name) => hashed(name, 81))).toEqual([
      undefined,
      'x-own',
      undefined,
      undefined,
    ])
  })

  test('what is not worked out is said', () => {
    const policy = { loadBalancer: { consistentHash: { useSourceIp: true } }, outlierDetection: {} }
    const subsets = [{ name: 'v1', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } }, { name: 'v2' }]
    expect(destination([destinationRule(policy, { subsets })]).notes).toEqual([
      'subset v1 has a load balancer of its own: this is for a route without subset',
      'outlierDetection takes pods off the ring that fail: this is for all of them in place',
      'outlierDetection turns locality failover on: a proxy has a ring of the pods of its own zone while those are well, and this is for all pods in one zone; localityLbSetting: {enabled: false} leaves one ring for everybody',
    ])
    const notes = (localityLbSetting: object) =>
      destination([
        destinationRule({
          loadBalancer: { consistentHash: { useSourceIp: true }, localityLbSetting },
          outlierDetection: {},
        }),
      ]).notes
    expect(notes({ enabled: false })).toEqual([
      'outlierDetection takes pods off the ring that fail: this is for all of them in place',
    ])
    expect(notes({ distribute: [] }).at(-1)).toBe(
      'localityLbSetting.distribute gives zones shares of the ring: this is for all pods in one zone',
    )
  })
})

describe('which plugin', () => {
  const plugin = (kind: string, name: string, spec: object): object => ({
    kind,
    metadata: { name, namespace: 'ns' },
    spec,
  })
  const wasm = plugin('WasmPlugin', 'a', {
    pluginConfig: { session: {} },
    vmConfig: {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', valueFrom: 'HOST' },
        { name: 'C', value: '3' },
      ],
    },
  })
  const sources = { files: new Map<string, string>(), own: { A: 'x', B: '2', D: '4' } }

  test('a WasmPlugin, with the environment that its proxy has', () => {
    expect(pluginIn(manifests(wasm), undefined, sources)).toEqual({
      label: 'WasmPlugin ns/a (mesh.yaml)',
      namespace: 'ns',
      isBeforeClaims: false,
      configuration: { session: {} },
      environment: { A: '1', B: '2', C: '3' },
    })
  })

  test('a TrafficExtension of Istio 1.30', () => {
    const twin = plugin('TrafficExtension', 't', { phase: 'AUTHN', wasm: { pluginConfig: { session: {} } } })
    expect(pluginIn(manifests(twin), 't', sources)).toMatchObject({
      label: 'TrafficExtension ns/t (mesh.yaml)',
      isBeforeClaims: true,
      configuration: { session: {} },
    })
  })

  test('a pluginConfig by itself, with the variables that it names', () => {
    const bare = manifestsIn(
      'config.yaml',
      'session: {}\nkey: {hashSecret: {env: B}, from: [{header: x-a}]}\n',
    )
    expect(pluginIn(bare, undefined, sources)).toMatchObject({
      label: 'pluginConfig (config.yaml)',
      namespace: '',
      environment: { B: '2' },
    })
  })

  test.each<[string, readonly object[], string | undefined, string]>([
    ['none', [], undefined, 'no WasmPlugin, no TrafficExtension and no pluginConfig in the manifests'],
    [
      'several',
      [wasm, plugin('WasmPlugin', 'b', {})],
      undefined,
      'several plugins, choose with --plugin NAMESPACE/NAME: WasmPlugin ns/a (mesh.yaml), WasmPlugin ns/b (mesh.yaml)',
    ],
    [
      'no such',
      [wasm],
      'ns/b',
      '--plugin ns/b: no such plugin in the manifests; there is: WasmPlugin ns/a (mesh.yaml)',
    ],
  ])('is an error with %s', (_, items, wanted, message) => {
    expect(() => pluginIn(manifests(...items), wanted, sources)).toThrow(message)
  })
})
