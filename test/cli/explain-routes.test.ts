/** mooring explain and routes: where they lead, what it says of several destinations, and what is missing. */
import { describe, expect, test } from 'vitest'
import { Journeys } from '../../cli/explain/journey.ts'
import { type Manifest, manifestsIn } from '../../cli/explain/manifests.ts'
import { podsGiven } from '../../cli/explain/pods.ts'
import { runMooring } from './run-mooring.ts'

const BREAKERS = 'test/istio/breakers'
const HOST = 'test2-bwce-srv.shop.svc.cluster.local'

function explain(...args: readonly string[]) {
  return runMooring(['explain', ...args])
}

const manifests = (...items: readonly object[]): readonly Manifest[] =>
  manifestsIn('mesh.yaml', JSON.stringify({ kind: 'List', items }))
const metadata = { name: 'cart', namespace: 'shop' }
const rule = {
  kind: 'DestinationRule',
  metadata,
  spec: {
    host: 'cart',
    trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-mooring-key' } } },
    subsets: [{ name: 'v1', labels: { version: 'v1' } }, { name: 'all' }],
  },
}
const virtualService = (...http: readonly object[]): object => ({
  kind: 'VirtualService',
  metadata,
  spec: { hosts: ['test.com', '*.test.com'], http },
})
const to = (destination: object, weight?: number): object => ({ destination, weight })
const wanted = { host: undefined, port: undefined, pods: podsGiven(['10.0.0.1:80']) }
const request = (authority: string) => [
  [':method', 'GET'] as const,
  [':path', '/'] as const,
  [':authority', authority] as const,
]

test('a directory may hold what is no object: patches, values of a chart', () => {
  const args = [
    '--manifests',
    'manifests',
    '--plugin',
    'shop/mooring-waypoint',
    '--destination',
    'test2-bwce-srv.shop.svc.cluster.local',
  ]
  const { stderr } = explain(...args, 'http://test.com/')
  // It gets as far as to the objects.
  expect(stderr).toMatch(/^mooring: several plugins, choose with --plugin NAMESPACE\/NAME: /)
})

test('a route with weights: each destination, its part, and its pod', () => {
  const pods = ['--pods', 'v1=10.0.0.1:8080,10.0.0.2:8080', '--pods', 'v2=10.0.0.3:8080']
  const args = [
    '--manifests',
    `${BREAKERS}/weighted_routes/wrong.yaml`,
    ...pods,
    '-b',
    'ISTIOID=abc',
    'http://test.com/',
  ]
  expect(explain(...args)).toEqual({
    status: 0,
    stdout: `\
GET http://test.com/
plugin      WasmPlugin istio-system/mooring (test/istio/breakers/weighted_routes/wrong.yaml), in a proxy of namespace istio-system
rule        none, the top level decides
session     valid: the session cookie counts
sources     from[0]  session  yielded
key         from session, in x-mooring-key
fingerprint N2KcaKaN
route       http[0] of VirtualService shop/test-vs (test/istio/breakers/weighted_routes/wrong.yaml)
to          test2-bwce-srv.shop.svc.cluster.local, subset v1: 50 % of requests, drawn for each anew
hashed      the header x-mooring-key, by DestinationRule shop/default-sticky-dr (test/istio/breakers/weighted_routes/wrong.yaml)
hash        0xf32a74dcc2ff8b91
position    entry 978 of 1024 on the ring, at 0xf462bf1932db5d29
pod         10.0.0.2:8080
to          test2-bwce-srv.shop.svc.cluster.local, subset v2: 50 % of requests, drawn for each anew
hashed      the header x-mooring-key, by DestinationRule shop/default-sticky-dr (test/istio/breakers/weighted_routes/wrong.yaml)
hash        0xf32a74dcc2ff8b91
position    entry 961 of 1024 on the ring, at 0xf337a34d1bdbc7cd
pod         10.0.0.3:8080
`,
    stderr: '',
  })
  const { stdout } = explain('--format', 'json', ...args)
  expect(JSON.parse(stdout)).toMatchObject({
    route: `http[0] of VirtualService shop/test-vs (${BREAKERS}/weighted_routes/wrong.yaml)`,
    destination: null,
    outcome: {
      kind: 'drawn',
      draws: [
        {
          share: 0.5,
          destination: { host: HOST, subset: 'v1' },
          outcome: { kind: 'pod', pod: '10.0.0.2:8080' },
        },
        {
          share: 0.5,
          destination: { host: HOST, subset: 'v2' },
          outcome: { kind: 'pod', pod: '10.0.0.3:8080' },
        },
      ],
    },
  })
})

test("a match by header: the subset's pods, by the labels of the Pods that EndpointSlices refer to", () => {
  const files = [
    `${BREAKERS}/weighted_routes/right.yaml`,
    'test/istio/world/versions.yaml',
    'manifests/app/service.yaml',
  ]
  const pod = (...more: readonly string[]) => {
    const { status, stdout } = explain(
      '--manifests',
      files.join(),
      '-b',
      'ISTIOID=abc',
      ...more,
      'http://test.com/',
    )
    expect(status).toBe(0)
    return stdout.slice(stdout.indexOf('\npod '))
  }
  expect(pod('-H', 'x-beta: 1')).toBe('\npod         127.0.0.13:8080\n')
  expect(pod()).toMatch(/^\npod {9}127\.0\.0\.1[12]:8080\n$/)
})

describe('where a route leads', () => {
  const journey = (authority: string, ...http: readonly object[]) =>
    new Journeys(manifests(rule, virtualService(...http)), wanted).of(request(authority))
  const shares = (...route: readonly object[]) =>
    journey('test.com', { route }).ways.map(({ share, way }) => [way.destination?.host, share])

  test('the parts of weights; one without a weight gets nothing beside others', () => {
    expect(shares(to({ host: 'cart' }, 1), to({ host: 'web' }, 3), to({ host: 'none' }))).toEqual([
      ['cart.shop.svc.cluster.local', 0.25],
      ['web.shop.svc.cluster.local', 0.75],
    ])
    expect(shares(to({ host: 'cart' }))).toEqual([['cart.shop.svc.cluster.local', 1]])
  })

  test('a host without a DestinationRule hashes nothing', () => {
    expect(journey('test.com', { route: [to({ host: 'web', port: { number: 81 } })] }).ways).toMatchObject([
      {
        way: {
          cluster: 'outbound|81||web.shop.svc.cluster.local',
          destination: { rule: undefined, hashing: undefined },
        },
      },
    ])
  })

  test.each<[string, readonly object[], string]>([
    [
      'nothing fits',
      [{ match: [{ uri: { exact: '/x' } }], route: [to({ host: 'cart' })] }],
      'no route of VirtualService shop/cart (mesh.yaml) fits: the proxy answers 404',
    ],
    [
      'no destination',
      [{ redirect: {} }],
      'http[0] of VirtualService shop/cart (mesh.yaml) leads to no service: it redirects, delegates or answers itself',
    ],
  ])('is missing with %s', (_, http, missing) => {
    expect(journey('test.com', ...http)).toMatchObject({ ways: [], missing })
  })

  test.each([
    ['v3', 'DestinationRule shop/cart (mesh.yaml) has no subset v3: the proxy answers 503'],
    ['v1', 'whether 10.0.0.1:80 is of subset v1 is not told: give its Pod, or --pods v1=ADDRESSES'],
  ])('has no pods of subset %s', (subset, missing) => {
    expect(journey('test.com', { route: [to({ host: 'cart', subset })] }).ways[0]?.way.placement).toEqual({
      missing,
    })
  })

  test('a subset without labels has all pods', () => {
    const [first] = journey('test.com', { route: [to({ host: 'cart', subset: 'all' })] }).ways
    expect(first && 'place' in first.way.placement && first.way.placement.place(1n)?.pod).toBe('10.0.0.1:80')
  })

  test('what a request does not tell is taken to fit, and what a route does to headers is said', () => {
    const http = {
      match: [{ sourceLabels: { app: 'web' } }],
      headers: { request: { remove: ['x-mooring-key'] } },
      route: [to({ host: 'cart' })],
    }
    expect(journey('test.com', http).notes).toEqual([
      'the route asks for sourceLabels, which a request does not tell: it is taken to fit',
      'the route changes headers of requests before they are hashed: that is not worked out',
    ])
  })

  test('the longest name wins, and without any the only DestinationRule', () => {
    const http = { route: [to({ host: 'cart' })] }
    const named = {
      ...virtualService({ route: [to({ host: 'web' })] }),
      metadata: { ...metadata, name: 'api' },
    }
    Object.assign(named, {
      spec: { hosts: ['api.test.com', 'shop'], http: [{ route: [to({ host: 'web' })] }] },
    })
    const journeys = new Journeys(manifests(rule, virtualService(http), named), wanted)
    const hostOf = (authority: string) => journeys.of(request(authority)).ways[0]?.way.destination?.host
    expect(['API.test.com:443', 'www.test.com', 'shop.shop'].map(hostOf)).toEqual([
      'web.shop.svc.cluster.local',
      'cart.shop.svc.cluster.local',
      'web.shop.svc.cluster.local',
    ])
    expect(journeys.of(request('other.com'))).toMatchObject({
      route: undefined,
      ways: [{ share: 1 }],
      notes: ['no route of the manifests is for the host of the request'],
    })
  })

  test('two VirtualServices for one host are an error', () => {
    const twin = { ...virtualService(), metadata: { name: 'twin', namespace: 'shop' } }
    expect(() =>
      new Journeys(manifests(rule, virtualService(), twin), wanted).of(request('test.com')),
    ).toThrow(
      'several routes for test.com, leave in one, or choose with --destination: VirtualService shop/cart (mesh.yaml), VirtualService shop/twin (mesh.yaml)',
    )
  })

  test('a regex that only RE2 reads is an error', () => {
    const named = { match: [{ uri: { regex: '(?P<a>/)' } }], route: [to({ host: 'cart' })] }
    expect(() => journey('test.com', named)).toThrow(
      'the regex of a route cannot be worked out here, choose with --destination: (?P<a>/)',
    )
  })
})

test.each([
  [['--subset', 'v1', 'test.com'], '--subset is for --destination: a route names its own'],
  [
    ['--pods', 'v1=10.0.0.1', 'test.com'],
    '--pods: 10.0.0.1 has no port, and a ring is made of addresses with ports',
  ],
])('the command line %j is refused', (args, message) => {
  const { status, stderr } = explain('--manifests', 'manifests/route', ...args)
  expect(status).toBe(2)
  expect(stderr).toContain(message)
})
