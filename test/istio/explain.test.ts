/**
 * mooring explain beside Istio's generator and real Envoys: which route takes a request, which pods a subset has, and the pod
 * of each destination that a route draws among. A failure prints the smallest request that differs.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Explainer } from '../../cli/explain/explain.ts'
import { Journeys } from '../../cli/explain/journey.ts'
import { type Manifest, manifestsIn } from '../../cli/explain/manifests.ts'
import { pluginIn } from '../../cli/explain/plugin.ts'
import { podsGiven, podsIn } from '../../cli/explain/pods.ts'
import { podsOfSubset } from '../../cli/explain/pod-set.ts'
import { requestOf } from '../../cli/explain/request.ts'
import { routeOf } from '../../cli/explain/routes.ts'
import { ProxyWasmModule } from '../../host/index.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { rawRequest } from '../envoy/raw-request.ts'
import { readGolden, type RunningSet, runSet } from './golden.ts'

const PROVE = process.env['PROVE'] !== undefined
const REQUESTS = PROVE ? 5_000 : 400
const SEED = PROVE ? Math.trunc(Math.random() * 2 ** 31) : 20_261
const SERVICE = 'test2-bwce-srv.shop.svc.cluster.local'

const manifestsOf = (...paths: readonly string[]): readonly Manifest[] =>
  paths.flatMap((path) => manifestsIn(path, readFileSync(path, 'utf8')))

describe('the pods of a subset are those that Istio gives its cluster', () => {
  const world = manifestsOf('manifests/app/service.yaml', 'test/istio/world/versions.yaml')
  const { clusters } = readGolden('breakers/weighted_routes/right').static_resources

  test.each(['v1', 'v2'])('%s', (version) => {
    const pods = podsIn(world, SERVICE, 8080)
    if ('missing' in pods) throw new Error(pods.missing)
    const own = podsOfSubset(pods, version, { version })
    const cluster = clusters.find(({ name }) => name === `outbound|8080|${version}|${SERVICE}`)
    const addresses = cluster?.load_assignment?.endpoints?.flatMap(({ lb_endpoints }) =>
      lb_endpoints.map(({ endpoint: { address } }) => {
        const { address: ip, port_value } = address.socket_address
        return `${ip}:${port_value}`
      }),
    )
    expect('hosts' in own && own.hosts.map(({ address }) => address)).toEqual(addresses)
  })
})

const word = fc.constantFrom('alice', 'bob', 'al', '1', 'a-z', 'az', '')
const requests = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'),
  host: fc.constantFrom('test.com', 'test.com:80', 'api.test.com', 'API.test.com'),
  path: fc.constantFrom(
    '/',
    '/exact',
    '/exact/',
    '/cart',
    '/cart/',
    '/cart/7',
    '/carts',
    '/c12',
    '/c12/x',
    '/case',
    '/CaSe/9',
  ),
  query: fc.option(
    word.map((user) => `?x=1&user=${user}`),
    { nil: '' },
  ),
  headers: fc.record({ beta: fc.array(word, { maxLength: 1 }), user: fc.array(word, { maxLength: 1 }) }),
})

inEnvoy(({ binary }) => {
  describe.each([
    ['routes', 'test/istio/overlays/routes/virtual-service.yaml'],
    ['gateway-api-routes', 'test/istio/overlays/routes/http-route.yaml'],
  ])('the route that takes a request: %s', (name, path) => {
    let set: RunningSet
    beforeAll(async () => {
      set = await runSet({ binary, set: name })
    })
    afterAll(async () => {
      await set[Symbol.asyncDispose]()
    })

    test(`${REQUESTS} generated requests, seed ${SEED}`, async () => {
      const manifests = manifestsOf(path)
      const taken = new Set<string>()
      await fc.assert(
        fc.asyncProperty(requests, async ({ method, host, path: target, query, headers }) => {
          const lines = [
            ...headers.beta.map((value) => ['x-beta', value] as const),
            ...headers.user.map((value) => ['x-user', value] as const),
          ]
          const pseudo = [
            [':method', method],
            [':scheme', 'http'],
            [':authority', host],
            [':path', target + query],
          ] as const
          const route = routeOf(manifests, [...pseudo, ...lines])
          if (route === undefined || 'missing' in route) throw new Error(route?.missing ?? 'no object')
          const [, number] = /\[(\d+)\]/.exec(route.label) ?? []
          const seen = await rawRequest(set.port, lines.flat(), { method, host, path: target + query })
          expect(number).toBe(seen.headers['x-route'])
          taken.add(number ?? '')
        }),
        { numRuns: REQUESTS, seed: SEED },
      )
      expect(taken.size).toBeGreaterThan(6)
    })
  })

  test('each destination that a route draws among, with the pod that a session has there', async () => {
    await using set = await runSet({ binary, set: 'breakers/weighted_routes/wrong' })
    const addresses = set.replicas.ports.map((port) => `127.0.0.1:${port}`)
    const manifests = manifestsOf('test/istio/breakers/weighted_routes/wrong.yaml')
    const pods = podsGiven([`v1=${addresses.slice(0, 2).join()}`, `v2=${addresses[2] ?? ''}`])
    const plugin = pluginIn(manifests, undefined, { files: new Map(), own: {} })
    const journeys = new Journeys(manifests, { host: undefined, port: undefined, pods })
    const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))
    const explainer = Explainer.of(module, plugin, 'istio-system', journeys)
    if ('refused' in explainer) throw new Error(explainer.refused.join())
    for (let client = 0; client < 24; client += 1) {
      const cookie = `ISTIOID=client-${client}`
      const { outcome } = explainer.explain(requestOf('GET', 'http://test.com/', [['cookie', cookie]]), {
        time: new Date(),
      })
      if (outcome.kind !== 'drawn') throw new Error(outcome.kind)
      expect(outcome.draws.map(({ share, destination }) => [share, destination?.subset?.name])).toEqual([
        [0.5, 'v1'],
        [0.5, 'v2'],
      ])
      const foretold = outcome.draws.map(({ outcome: end }) => (end.kind === 'pod' ? end.pod : end.kind))
      const met = new Set<string>()
      for (let request = 0; request < 60 && met.size < 2; request += 1) {
        const { echo } = await rawRequest(set.port, ['cookie', cookie])
        met.add(addresses[set.replicas.all.findIndex(({ name }) => name === echo?.pod)] ?? '')
      }
      expect([...met].sort()).toEqual([...foretold].sort())
    }
  })
})
