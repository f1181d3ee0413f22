/** Where mooring explain finds the pods of a service. */
import { describe, expect, test } from 'vitest'
import { type Manifest, manifestsIn } from '../../cli/explain/manifests.ts'
import { onlyPortOf, podsGiven, podsIn } from '../../cli/explain/pods.ts'
import { wayIn } from '../../cli/explain/way.ts'
import { destinationRule, HOST } from './explained.ts'

function manifests(...items: readonly object[]): readonly Manifest[] {
  return manifestsIn('mesh.yaml', JSON.stringify({ kind: 'List', items }))
}

describe('the pods', () => {
  const metadata = { name: 'cart', namespace: 'shop' }
  const http = { name: 'http', port: 80, targetPort: 'web' }
  const service = (...ports: object[]): object => ({
    kind: 'Service',
    metadata,
    spec: { selector: { app: 'cart' }, ports },
  })
  const slice = (
    name: string,
    endpoints: object[],
    ports: object[] = [{ name: 'http', port: 8080 }],
  ): object => ({
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'cart' } },
    endpoints,
    ports,
  })
  const pod = (ip: string, more: { ready?: string; app?: string; deleted?: boolean } = {}): object => ({
    kind: 'Pod',
    metadata: {
      name: `cart-${ip}`,
      namespace: 'shop',
      labels: { app: more.app ?? 'cart' },
      ...(more.deleted === true ? { deletionTimestamp: '2027-01-01T00:00:00Z' } : {}),
    },
    spec: {
      containers: [
        { ports: [{ name: 'admin', containerPort: 9 }] },
        { ports: [{ name: 'web', containerPort: 8080 }] },
      ],
    },
    status: { podIP: ip, conditions: [{ type: 'Ready', status: more.ready ?? 'True' }] },
  })
  const workload = (address: string, fields: object = {}): object => ({
    kind: 'WorkloadEntry',
    metadata: { name: `vm-${address}`, namespace: 'shop' },
    spec: { address, labels: { app: 'cart' }, ...fields },
  })
  const entry = (spec: object): object => ({
    kind: 'ServiceEntry',
    metadata,
    spec: { hosts: [HOST], resolution: 'STATIC', ports: [{ number: 80, name: 'http' }], ...spec },
  })
  const found = (items: readonly object[], port?: number): unknown => {
    const pods = podsIn(manifests(...items), HOST, port)
    return 'missing' in pods ? pods.missing : pods.hosts.map(({ address, weight }) => [address, weight ?? 1])
  }

  test.each<[string, readonly object[], readonly (readonly [string, number])[]]>([
    [
      'ready ones of EndpointSlices, each once',
      [
        slice('a', [
          { addresses: ['10.0.0.1'], conditions: { ready: true } },
          { addresses: ['10.0.0.2'], conditions: { ready: false } },
        ]),
        slice('b', [{ addresses: ['10.0.0.3'] }, { addresses: ['10.0.0.1'] }]),
        slice('c', [{ addresses: ['fd00::1'] }]),
      ],
      [
        ['10.0.0.1:8080', 1],
        ['10.0.0.3:8080', 1],
        ['[fd00::1]:8080', 1],
      ],
    ],
    [
      'of the port that the Service has that name for',
      [
        service(http),
        slice(
          'a',
          [{ addresses: ['10.0.0.1'] }],
          [
            { name: 'admin', port: 9 },
            { name: 'http', port: 8081 },
          ],
        ),
      ],
      [['10.0.0.1:8081', 1]],
    ],
    [
      'of Endpoints',
      [
        {
          kind: 'Endpoints',
          metadata,
          subsets: [
            {
              addresses: [{ ip: '10.0.0.4' }],
              notReadyAddresses: [{ ip: '10.0.0.5' }],
              ports: [{ port: 8080 }],
            },
          ],
        },
      ],
      [['10.0.0.4:8080', 1]],
    ],
    [
      'ready Pods and workloads that the Service selects',
      [
        service(http),
        pod('10.0.0.1'),
        pod('10.0.0.2', { ready: 'False' }),
        pod('10.0.0.3', { app: 'web' }),
        pod('10.0.0.4', { deleted: true }),
        workload('10.1.0.1', { ports: { http: 7000 }, weight: 3 }),
      ],
      [
        ['10.0.0.1:8080', 1],
        ['10.1.0.1:7000', 3],
      ],
    ],
    [
      'by the number of the targetPort, or of the port',
      [service({ port: 80, targetPort: 8088 }), pod('10.0.0.1')],
      [['10.0.0.1:8088', 1]],
    ],
    [
      'of a ServiceEntry, before all others',
      [
        service(http),
        pod('10.0.0.1'),
        workload('10.1.0.1'),
        entry({
          endpoints: [
            { address: '192.0.2.1', weight: 2 },
            { address: '192.0.2.2', ports: { http: 8443 } },
          ],
          workloadSelector: { labels: { app: 'cart' } },
        }),
      ],
      [
        ['192.0.2.1:80', 2],
        ['192.0.2.2:8443', 1],
        ['10.1.0.1:80', 1],
      ],
    ],
  ])('%s', (_, items, addresses) => {
    expect(found(items)).toEqual(addresses)
  })

  test('of one port of several', () => {
    const items = [service(http, { name: 'admin', port: 90, targetPort: 9 }), pod('10.0.0.1')]
    expect(found(items, 80)).toEqual([['10.0.0.1:8080', 1]])
    expect(found(items, 90)).toEqual([['10.0.0.1:9', 1]])
    expect(found(items)).toBe('the Service cart has several ports: --port')
    expect(found(items, 91)).toBe('the Service cart has no port 91')
    expect(onlyPortOf(manifests(service(http)), HOST)).toBe(80)
    expect(onlyPortOf(manifests(...items), HOST)).toBeUndefined()
  })

  test.each<[string, readonly object[], string]>([
    [
      'nothing',
      [],
      'no pods: give --pods, or the EndpointSlices of cart.shop.svc.cluster.local, or its Service and Pods',
    ],
    ['a Service alone', [service(http)], 'no ready Pod in the manifests that the Service cart selects'],
    [
      'nobody ready',
      [slice('a', [{ addresses: ['10.0.0.1'], conditions: { ready: false } }])],
      'no ready address in the EndpointSlices',
    ],
    [
      'two ports without a Service',
      [slice('a', [], [{ port: 1 }, { port: 2 }])],
      'which port of the EndpointSlice is meant is not clear: --port',
    ],
    [
      'resolution NONE',
      [entry({ resolution: 'NONE' })],
      'the ServiceEntry cart has resolution NONE: requests go where the client says, and nothing is hashed',
    ],
    [
      'resolution DNS',
      [entry({ resolution: 'DNS' })],
      'the ServiceEntry cart has resolution DNS: the proxy looks the addresses up, give them by --pods',
    ],
    ['no endpoints', [entry({})], 'the ServiceEntry cart tells no address'],
    [
      "another namespace's pods",
      [
        {
          ...slice('a', [{ addresses: ['10.0.0.1'] }]),
          metadata: { name: 'a', namespace: 'web', labels: { 'kubernetes.io/service-name': 'cart' } },
        },
      ],
      'no pods: give --pods, or the EndpointSlices of cart.shop.svc.cluster.local, or its Service and Pods',
    ],
  ])('are not known with %s', (_, items, missing) => {
    expect(found(items)).toBe(missing)
  })

  describe('in an order that counts', () => {
    const ORDER =
      'the order of the pods decides who has an odd entry of the ring: here it is theirs as given, and a proxy may have another'
    const notes = (consistentHash: object, endpoints: readonly object[]): readonly string[] =>
      wayIn(manifests(destinationRule({ loadBalancer: { consistentHash } }), entry({ endpoints })), {
        host: undefined,
        port: undefined,
        pods: undefined,
      }).notes
    const ring = { httpHeaderName: 'x-a' }
    const several = (count: number): object[] =>
      Array.from({ length: count }, (_, i) => ({ address: `192.0.2.${i + 1}` }))

    test.each<[string, object, readonly object[], readonly string[]]>([
      ['not with few pods', ring, several(3), []],
      ['with weights', ring, [{ address: '192.0.2.9', weight: 2 }, ...several(1)], [ORDER]],
      // 14 entries for each; the sum of their shares, as a double, leaves one of them 15.
      ['with 75 pods on a ring of 1024', ring, several(75), [ORDER]],
      ['not with 74 of them', ring, several(74), []],
      ['never in a Maglev table', { ...ring, maglev: { tableSize: 1009 } }, several(75), []],
    ])('%s', (_, consistentHash, endpoints, expected) => {
      expect(notes(consistentHash, endpoints)).toEqual(expected)
    })
  })

  test('that are given', () => {
    expect(podsGiven(['10.0.0.1:80, [fd00::1]:80', '10.0.0.2:80'])).toEqual({
      hosts: [{ address: '10.0.0.1:80' }, { address: '[fd00::1]:80' }, { address: '10.0.0.2:80' }],
      from: '--pods',
    })
  })
})
