/**
 * The model of Envoy's hash policies and balancers against a real Envoy: one generated request, sent to Envoy and
 * computed here, must reach one host. A failure prints the smallest request that shows the difference, and its seed.
 */
import { createServer, Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createLoadBalancer,
  generateHash,
  type HashPolicy,
  type HeaderEntry,
  type Host,
  type LoadBalancerPolicy,
} from '../../host/envoy/index.ts'
import { resolveClientAddress } from '../../host/gateway/client-address.ts'
import { HeaderMap } from '../../host/header-map.ts'
import { type Bootstrap, EnvoyProcess } from '../../tools/envoy-process.ts'
import { ask, valuesOf } from '../gateway/app.ts'
import { inEnvoy } from './in-envoy.ts'

const REQUESTS = process.env['PROVE'] === undefined ? 1_000 : 20_000
const TIMEOUT = 600_000
const TYPE = 'type.googleapis.com/envoy'

/** A route's policies, in the model's words and in Envoy's. */
const POLICIES: Readonly<Record<string, readonly HashPolicy[]>> = {
  header: [{ header: { headerName: 'x-user' } }],
  cookie: [{ cookie: { name: 'sid' } }],
  minted: [
    { cookie: { name: 'sid', ttl: 60, path: '/shop', attributes: [{ name: 'SameSite', value: 'Lax' }] } },
  ],
  session: [{ cookie: { name: 'sid', ttl: 0 } }],
  query: [{ queryParameter: { name: 'user' } }],
  source: [{ connectionProperties: { sourceIp: true } }],
  combined: [
    { header: { headerName: 'x-user' } },
    { cookie: { name: 'sid' } },
    { queryParameter: { name: 'user' } },
  ],
  terminal: [
    { cookie: { name: 'sid' }, terminal: true },
    { header: { headerName: 'x-user' } },
    { queryParameter: { name: 'user' }, terminal: true },
    { connectionProperties: { sourceIp: true } },
  ],
}

interface Balanced {
  readonly policy: LoadBalancerPolicy
  readonly config: Readonly<Record<string, unknown>>
  /** By host, in order; all 1 when absent. */
  readonly weights?: readonly number[]
  readonly hashKeys?: readonly string[]
}

const WEIGHTS = [1, 5, 2, 1, 3]

/** A cluster's balancer, in the model's words and in Envoy's. */
const BALANCERS: Readonly<Record<string, Balanced>> = {
  ring: { policy: { ringHash: {} }, config: { lb_policy: 'RING_HASH' } },
  'small-ring': {
    policy: { ringHash: { minimumRingSize: 7, maximumRingSize: 23 } },
    config: { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: 7, maximum_ring_size: 23 } },
    weights: WEIGHTS,
  },
  'weighted-ring': {
    policy: { ringHash: { minimumRingSize: 100 } },
    config: { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: 100 } },
    weights: WEIGHTS,
  },
  'murmur-ring': {
    policy: { ringHash: { hashFunction: 'murmurHash2' } },
    config: { lb_policy: 'RING_HASH', ring_hash_lb_config: { hash_function: 'MURMUR_HASH_2' } },
  },
  maglev: { policy: { maglev: {} }, config: { lb_policy: 'MAGLEV' } },
  'weighted-maglev': {
    policy: { maglev: { tableSize: 251 } },
    config: { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: 251 } },
    weights: WEIGHTS,
    hashKeys: ['pod-e', 'pod-b', 'pod-d', 'pod-a', 'pod-c'],
  },
}

const word = fc.string({
  unit: fc.constantFrom('a', 'b', 'X', '0', '-', '.', '~', '%', '"', '=', '\u00e9', '\u00ff'),
  maxLength: 6,
})

/** A Cookie line made of everything that a parser may stumble over. */
const cookieLine = fc
  .array(
    fc.tuple(
      fc.constantFrom('', ' ', '  ', '\t'),
      fc.oneof(
        word.map((value) => `sid=${value}`),
        fc.constantFrom(
          'sid=',
          'sid',
          'sid =x',
          'SID=x',
          'sid="q"',
          'sid="',
          'sid=""',
          'sid= x',
          '=x',
          '',
          'a=1',
        ),
      ),
      fc.constantFrom('', ' '),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.map((part) => part.join('')).join(';'))

const query = fc
  .array(
    fc.oneof(
      fc.stringMatching(/^user=[a-z0-9%=?]{0,5}$/),
      fc.constantFrom('user', 'User=x', '', 'a=1', 'user='),
    ),
    { maxLength: 3 },
  )
  .map((parts) => (parts.length === 0 ? '' : `?${parts.join('&')}`))

const generated = fc.record({
  policy: fc.constantFrom(...Object.keys(POLICIES)),
  balancer: fc.constantFrom(...Object.keys(BALANCERS)),
  users: fc.array(word, { maxLength: 3 }),
  cookies: fc.array(cookieLine, { maxLength: 3 }),
  forwarded: fc.option(
    fc.constantFrom(
      '203.0.113.1',
      '203.0.113.1, 198.51.100.2',
      '203.0.113.1,unknown',
      '2001:db8::1',
      'unknown',
    ),
  ),
  query,
})

inEnvoy(({ binary }) => {
  const apps: { readonly address: string; readonly close: () => void }[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let envoy: EnvoyProcess
  let url: string

  beforeAll(async () => {
    for (let i = 0; i < WEIGHTS.length; i++) {
      const server = createServer((request, response) => {
        response.setHeader('x-pod', `127.0.0.1:${request.socket.localPort ?? 0}`)
        response.setHeader('x-client-port', request.headers['x-client-port'] ?? '')
        response.end()
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const close = () => {
        server.close()
        server.closeAllConnections()
      }
      apps.push({ address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close })
    }
    envoy = await EnvoyProcess.start({ binary, bootstrap: bootstrap(apps) })
    url = `http://127.0.0.1:${await envoy.port('ingress')}`
  })
  afterAll(async () => {
    agent.destroy()
    await envoy.stop()
    for (const app of apps) app.close()
  })

  test(
    `${REQUESTS} generated requests reach the host, and set the cookie, that the model says`,
    async () => {
      const balancers = new Map(
        Object.entries(BALANCERS).map(([name, balanced]) => [
          name,
          createLoadBalancer(hostsOf(apps, balanced), balanced.policy, () => {
            throw new Error('only requests with a hash are balanced here')
          }),
        ]),
      )
      let port = 0
      agent.on('free', (socket: { localPort?: number }) => {
        port = socket.localPort ?? 0
      })
      await ask(url, { agent })
      const compared = new Map<string, number>()

      await fc.assert(
        fc.asyncProperty(generated, async ({ policy, balancer, users, cookies, forwarded, query }) => {
          const path = `/${policy}/${balancer}/${query}`
          const sent: HeaderEntry[] = [
            ...users.map((value): HeaderEntry => ['x-user', value]),
            ...cookies.map((value): HeaderEntry => ['cookie', value]),
            ...(forwarded === null ? [] : [['x-forwarded-for', forwarded] as const]),
          ]
          const received = new HeaderMap('request', [[':path', path], ...sent.map(withoutOuterBlanks)])
          const connection = { remoteAddress: `127.0.0.1:${port}`, localAddress: new URL(url).host }
          const remoteAddress = resolveClientAddress(received, connection.remoteAddress, {})
          const { hash, setCookies } = generateHash(POLICIES[policy] ?? [], {
            headers: received.toList(),
            remoteAddress,
            connection,
          })

          const seen = await ask(url + path, { agent, headers: sent })
          expect(seen.status).toBe(200)
          expect(valuesOf(seen, 'set-cookie')).toEqual(setCookies)
          if (hash === undefined) return
          compared.set(policy, (compared.get(policy) ?? 0) + 1)
          expect(valuesOf(seen, 'x-pod')).toEqual([balancers.get(balancer)?.chooseHost(hash)?.address])
        }),
        { numRuns: REQUESTS, ...(process.env['PROVE'] === undefined ? { seed: 20_260 } : {}) },
      )
      expect([...compared.keys()].sort()).toEqual(Object.keys(POLICIES).sort())
    },
    TIMEOUT,
  )
})

/** RFC 9110, section 5.5: blanks around a value are not part of it. */
function withoutOuterBlanks([name, value]: HeaderEntry): HeaderEntry {
  return [name, value.replace(/^[ \t]+|[ \t]+$/g, '')]
}

function hostsOf(apps: readonly { readonly address: string }[], { weights, hashKeys }: Balanced): Host[] {
  return apps.map(({ address }, i) => ({ address, weight: weights?.[i] ?? 1, hashKey: hashKeys?.[i] ?? '' }))
}

function bootstrap(apps: readonly { readonly address: string }[]): Bootstrap {
  const routes = Object.entries(POLICIES).flatMap(([policy, hashPolicies]) =>
    Object.keys(BALANCERS).map((balancer) => ({
      match: { prefix: `/${policy}/${balancer}/` },
      route: { cluster: balancer, hash_policy: hashPolicies.map(inEnvoysWords) },
    })),
  )
  const manager = {
    '@type': `${TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'ingress',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [
      { name: 'router', typed_config: { '@type': `${TYPE}.extensions.filters.http.router.v3.Router` } },
    ],
  }
  return {
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    static_resources: {
      listeners: [
        {
          name: 'ingress',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
      clusters: Object.entries(BALANCERS).map(([name, balanced]) => ({
        name,
        type: 'STATIC',
        ...balanced.config,
        load_assignment: {
          cluster_name: name,
          endpoints: [{ lb_endpoints: hostsOf(apps, balanced).map(endpoint) }],
        },
      })),
    },
  }
}

function endpoint({ address, weight, hashKey }: Host): Record<string, unknown> {
  const [ip, port] = address.split(':')
  return {
    endpoint: { address: { socket_address: { address: ip, port_value: Number(port) } } },
    load_balancing_weight: weight,
    ...(hashKey === '' ? {} : { metadata: { filter_metadata: { 'envoy.lb': { hash_key: hashKey } } } }),
  }
}

function inEnvoysWords(policy: HashPolicy): Record<string, unknown> {
  const terminal = policy.terminal ?? false
  if ('header' in policy) return { terminal, header: { header_name: policy.header.headerName } }
  if ('queryParameter' in policy) return { terminal, query_parameter: policy.queryParameter }
  if ('connectionProperties' in policy) return { terminal, connection_properties: { source_ip: true } }
  const { ttl, ...cookie } = policy.cookie
  return { terminal, cookie: { ...cookie, ...(ttl === undefined ? {} : { ttl: `${ttl}s` }) } }
}
