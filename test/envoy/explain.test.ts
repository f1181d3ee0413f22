/**
 * What mooring explain says of generated requests, against what a real Envoy with the same filter does with them: the same
 * rule, sources and fingerprint in its debug header, and the same pod. A failure prints the smallest request that differs.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Explainer, type Explanation } from '../../cli/explain/explain.ts'
import { Journeys } from '../../cli/explain/journey.ts'
import { manifestsIn } from '../../cli/explain/manifests.ts'
import { placementOver } from '../../cli/explain/placement.ts'
import { pluginIn } from '../../cli/explain/plugin.ts'
import { podsGiven } from '../../cli/explain/pods.ts'
import { requestOf } from '../../cli/explain/request.ts'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap, INGRESS_LISTENER } from '../../demo/envoy-bootstrap.ts'
import { loopbackAddresses } from '../../demo/loopback.ts'
import { readMesh, withHosts, withPluginConfig } from '../../demo/mesh.ts'
import { xxHash64 } from '../../host/envoy/index.ts'
import { ProxyWasmModule } from '../../host/index.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import { ask, type Seen, valuesOf } from '../gateway/app.ts'
import { ENVIRONMENT } from '../session/keys.ts'
import { BalancedApps } from './balanced-apps.ts'
import {
  type Asked,
  CLAIMS,
  PODS,
  requests,
  type Scenario,
  SCENARIOS,
  tokensAt,
} from './explain-scenarios.ts'
import { inEnvoy } from './in-envoy.ts'
import { createIssuer } from './jwt-authn.ts'

const PROVE = process.env['PROVE'] !== undefined
/** For each scenario. */
const REQUESTS = PROVE ? 3_000 : 150
const SEED = PROVE ? Math.trunc(Math.random() * 2 ** 31) : 20_261
/** Answers that must have named a pod and found it right, all scenarios together. */
const LEAST_PODS = 4 * REQUESTS
const TIMEOUT = 1_200_000

const DEBUG_TOKEN = Buffer.alloc(32, 0x41).fill(0x42, 16).toString('base64')
const VARIABLES = { ...ENVIRONMENT, MOORING_DEBUG_TOKEN: DEBUG_TOKEN }
const module = ProxyWasmModule.load(readFileSync(BUILT_FILTER))

inEnvoy(({ binary }) => {
  let apps: BalancedApps
  let clients: readonly string[]
  let bearers: readonly (string | undefined)[]
  let issuer: Awaited<ReturnType<typeof createIssuer>>
  const counts = { pod: 0, any_pod: 0, unforeseeable: 0, answered: 0, unknown: 0, drawn: 0 }

  beforeAll(async () => {
    apps = await BalancedApps.start(PODS)
    clients = await loopbackAddresses(4)
    issuer = await createIssuer()
    bearers = await Promise.all(
      CLAIMS.map(async (claims) => (claims === undefined ? undefined : issuer.sign(claims))),
    )
  })
  afterAll(async () => {
    await apps[Symbol.asyncDispose]()
  })

  function explainerOf(scenario: Scenario): Explainer {
    const { weights } = scenario
    const manifests = manifestsIn('mesh.yaml', JSON.stringify(manifestsOf(scenario, apps.addresses)))
    const plugin = pluginIn(manifests, undefined, { files: new Map(), own: VARIABLES })
    // Pods of one weight in another order than Envoy has them: it does not matter. With weights it does.
    const pods = weights === undefined ? podsGiven([[...apps.addresses].reverse().join(',')]) : undefined
    const journeys = new Journeys(manifests, { host: undefined, port: undefined, pods })
    const explainer = Explainer.of(module, plugin, 'istio-system', journeys)
    if ('refused' in explainer) throw new Error(explainer.refused.join('\n'))
    return explainer
  }

  async function startEnvoy(scenario: Scenario): Promise<EnvoyProcess> {
    const mesh = withHosts(withPluginConfig(readMesh(), configurationOf(scenario), VARIABLES), 'api.test.com')
    const ports = apps.addresses.map((address) => Number(address.split(':')[1]))
    const bootstrap = envoyBootstrap(mesh, {
      wasm: BUILT_FILTER,
      replicas: ports,
      jwtAuthn: issuer.jwtAuthn,
      connectionManager: { normalize_path: true },
    })
    return EnvoyProcess.start({ binary, bootstrap: hashing(bootstrap, scenario) })
  }

  describe.each(SCENARIOS)('$name', (scenario) => {
    let envoy: EnvoyProcess
    let url: string
    let explainer: Explainer

    beforeAll(async () => {
      envoy = await startEnvoy(scenario)
      url = `http://127.0.0.1:${await envoy.port(INGRESS_LISTENER)}`
      explainer = explainerOf(scenario)
    })
    afterAll(async () => {
      await envoy.stop()
    })

    function explained(
      { method, host, target, headers, client }: Asked,
      bearer: string | undefined,
    ): Explanation {
      const authorization = bearer === undefined ? [] : [['authorization', `Bearer ${bearer}`] as const]
      const request = requestOf(method, `http://${host}${target}`, [...headers, ...authorization])
      return explainer.explain(request, { sourceAddress: `${clients[client] ?? ''}:0`, time: new Date() })
    }

    async function asked(
      { method, host, target, headers, client }: Asked,
      bearer: string | undefined,
    ): Promise<Seen> {
      return ask(url + target, {
        method,
        path: target,
        localAddress: clients[client],
        headers: [
          ['host', host],
          ...headers,
          ...(bearer === undefined ? [] : [['authorization', `Bearer ${bearer}`] as const]),
          ['x-mooring-explain', DEBUG_TOKEN],
        ],
      })
    }

    test(
      `${REQUESTS} generated requests, seed ${SEED}`,
      async () => {
        const tokens = tokensAt(Math.floor(Date.now() / 1000))
        await fc.assert(
          fc.asyncProperty(requests(tokens, clients.length), async (request) => {
            const bearer = bearers[request.claims]
            const explanation = explained(request, bearer)
            const seen = await asked(request, bearer)
            apps.asked.clear()
            const { outcome } = explanation
            counts[outcome.kind]++
            const [debug = ''] = valuesOf(seen, 'x-mooring-debug')
            expect(debugText(explanation, debug)).toBe(debug)
            const [pod] = valuesOf(seen, 'x-pod')
            switch (outcome.kind) {
              case 'pod':
                expect(pod).toBe(outcome.pod)
                return
              case 'answered':
                expect([seen.status, pod]).toEqual([outcome.status, undefined])
                return
              case 'any_pod':
                expect(apps.addresses).toContain(pod)
                return
              case 'unforeseeable': {
                // It sticks: with the cookie that was set, the pod can be told, and is the same.
                const again = { ...request, headers: withCookies(request, valuesOf(seen, 'set-cookie')) }
                expect(explained(again, bearer).outcome).toMatchObject({ kind: 'pod', pod })
                expect(valuesOf(await asked(again, bearer), 'x-pod')).toEqual([pod])
                return
              }
              case 'unknown':
                expect.unreachable(outcome.reason)
                return
              case 'drawn':
                expect.unreachable('no route of these has weights')
            }
          }),
          { numRuns: REQUESTS, seed: SEED },
        )
      },
      TIMEOUT,
    )
  })

  test('where it says that the order of the pods counts, it does, and as it says', async () => {
    await using many = await BalancedApps.start(75)
    const hosts = many.addresses.map((address) => ({ address }))
    const balancer = { ringHash: { minimumRingSize: 1024 } }
    const given = placementOver(hosts, balancer)
    const turned = placementOver([...hosts].reverse(), balancer)
    expect(given.orderMatters).toBe(true)
    // How many fall where it counts is for the pods' ports to say, which are free ones: some runs look further than others.
    const users: { readonly user: string; readonly pod: string | undefined }[] = []
    for (let i = 0; users.length < 5 && i < 2_000_000; i += 1) {
      const user = `user-${i}`
      const hash = xxHash64(user)
      const pod = given.place(hash)?.pod
      if (pod !== turned.place(hash)?.pod) users.push({ user, pod })
    }
    expect(users).toHaveLength(5)
    const bootstrap = envoyBootstrap(readMesh({ filter: false }), {
      wasm: BUILT_FILTER,
      replicas: many.addresses.map((address) => Number(address.split(':')[1])),
    })
    const scenario = { name: '', pluginConfig: {}, consistentHash: { httpHeaderName: 'x-user' } }
    await using envoy = await EnvoyProcess.start({ binary, bootstrap: hashing(bootstrap, scenario) })
    const url = `http://127.0.0.1:${await envoy.port(INGRESS_LISTENER)}`
    for (const { user, pod } of users) {
      const headers: [string, string][] = [
        ['host', 'test.com'],
        ['x-user', user],
      ]
      expect(valuesOf(await ask(url, { headers }), 'x-pod')).toEqual([pod])
    }
  })

  test(`at least ${LEAST_PODS} of them named the pod`, () => {
    expect(counts.pod).toBeGreaterThanOrEqual(LEAST_PODS)
    expect(counts.any_pod).toBeGreaterThan(0)
    expect(counts.unforeseeable).toBeGreaterThan(0)
    expect(counts.answered).toBeGreaterThan(0)
    expect(counts.unknown).toBe(0)
  })
})

function configurationOf({ pluginConfig }: Scenario): object {
  return { ...pluginConfig, observe: { debugHeader: { env: 'MOORING_DEBUG_TOKEN' } } }
}

function manifestsOf(scenario: Scenario, addresses: readonly string[]): object {
  const env = Object.keys(VARIABLES).map((name) => ({ name, valueFrom: 'HOST' }))
  const metadata = { name: 'mooring', namespace: 'istio-system' }
  const host = 'test2-bwce-srv.shop.svc.cluster.local'
  const plugin = {
    kind: 'WasmPlugin',
    metadata,
    spec: { vmConfig: { env }, pluginConfig: configurationOf(scenario) },
  }
  const rule = {
    kind: 'DestinationRule',
    metadata: { name: 'sticky', namespace: 'shop' },
    spec: { host, trafficPolicy: { loadBalancer: { consistentHash: scenario.consistentHash } } },
  }
  const entry = {
    kind: 'ServiceEntry',
    metadata: { name: 'external', namespace: 'shop' },
    spec: {
      hosts: [host],
      resolution: 'STATIC',
      ports: [{ number: 8080, name: 'http' }],
      endpoints: addresses.map((address, i) => ({
        address: address.split(':')[0],
        ports: { http: Number(address.split(':')[1]) },
        weight: scenario.weights?.[i] ?? 1,
      })),
    },
  }
  return { kind: 'List', items: [plugin, rule, entry] }
}

interface Translatable {
  readonly static_resources: {
    readonly listeners: readonly {
      readonly filter_chains: readonly {
        readonly filters: readonly {
          readonly typed_config: {
            readonly route_config: {
              readonly virtual_hosts: readonly {
                readonly routes: readonly { readonly route: Record<string, unknown> }[]
              }[]
            }
          }
        }[]
      }[]
    }[]
    readonly clusters: readonly (Record<string, unknown> & {
      readonly load_assignment: {
        readonly endpoints: readonly { readonly lb_endpoints: readonly Record<string, unknown>[] }[]
      }
    })[]
  }
}

/** The bootstrap with what Istio makes of the scenario's `consistentHash`, written here in Envoy's words. */
function hashing(
  bootstrap: Readonly<Record<string, unknown>>,
  { consistentHash, weights }: Scenario,
): Record<string, unknown> {
  const copy = structuredClone(bootstrap) as unknown as Translatable & Record<string, unknown>
  const hash = consistentHash as Record<
    string,
    { name: string; ttl?: string; minimumRingSize?: number; tableSize?: number }
  >
  const [listener] = copy.static_resources.listeners
  const [cluster] = copy.static_resources.clusters
  const route =
    listener?.filter_chains[0]?.filters[0]?.typed_config.route_config.virtual_hosts[0]?.routes[0]?.route
  if (route === undefined || cluster === undefined) throw new Error('the bootstrap has another form')
  const { httpCookie, maglev, ringHash } = hash
  route['hash_policy'] = [
    'httpHeaderName' in hash
      ? { header: { header_name: hash['httpHeaderName'] } }
      : 'httpQueryParameterName' in hash
        ? { query_parameter: { name: hash['httpQueryParameterName'] } }
        : httpCookie === undefined
          ? { connection_properties: { source_ip: true } }
          : { cookie: httpCookie },
  ]
  delete cluster['ring_hash_lb_config']
  Object.assign(
    cluster,
    maglev === undefined
      ? {
          lb_policy: 'RING_HASH',
          ring_hash_lb_config: { minimum_ring_size: ringHash?.minimumRingSize ?? 1024 },
        }
      : { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: maglev.tableSize } },
  )
  for (const [i, endpoint] of (cluster.load_assignment.endpoints[0]?.lb_endpoints ?? []).entries()) {
    endpoint['load_balancing_weight'] = weights?.[i] ?? 1
  }
  return copy
}

/** What Envoy's debug header should say, in its form; kinds of sources are taken from it, since names are told instead. */
function debugText(explanation: Explanation, debug: string): string {
  const { rule = '-', shadow, session, key, sources, fingerprint } = explanation
  const shown = new Map(debug.split('; ').map((field) => field.split('=') as [string, string]))
  const kinds = (shown.get('tried') ?? '').split(',').map((trial) => trial.split(':')[0] ?? '')
  const tried = sources
    .filter(({ outcome }) => outcome !== 'not_tried')
    .map(({ outcome }, i) => `${kinds[i] ?? ''}:${outcome}`)
  return [
    `rule=${rule}`,
    ...(shadow ? ['mode=shadow'] : []),
    ...(session === undefined ? [] : [`session=${session}`]),
    ...(key === undefined ? [] : [`key=${key}`]),
    ...(tried.length === 0 ? [] : [`tried=${tried.join(',')}`]),
    // A random session has another one each time.
    ...(key === undefined || key === 'none'
      ? []
      : [`fingerprint=${fingerprint ?? shown.get('fingerprint') ?? ''}`]),
  ].join('; ')
}

/** The request's headers with the cookies that an answer sets in the place of its own of that name. */
function withCookies({ headers }: Asked, lines: readonly string[]): readonly (readonly [string, string])[] {
  const set = lines.map((line) => line.split(';')[0] ?? '')
  const names = set.map((cookie) => cookie.slice(0, cookie.indexOf('=')))
  const kept = headers
    .filter(([name]) => name === 'cookie')
    .flatMap(([, value]) => value.split('; '))
    .filter((cookie) => !names.includes(cookie.replace(/=.*/s, '')))
  return [...headers.filter(([name]) => name !== 'cookie'), ['cookie', [...kept, ...set].join('; ')]]
}
