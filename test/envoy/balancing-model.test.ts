/**
 * The model of Envoy's hash policies and balancers against a real Envoy: one generated request, sent to Envoy and
 * computed here, must reach one host. A failure prints the smallest request that shows the difference, and its seed.
 */
import { Agent } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  generateHash,
  HashingCluster,
  type HeaderEntry,
  type Host,
  Maglev,
  RingHash,
  xxHash64,
} from '../../host/envoy/index.ts'
import { resolveClientAddress } from '../../host/gateway/client-address.ts'
import { HeaderMap } from '../../host/header-map.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import { ask, valuesOf } from '../gateway/app.ts'
import { BalancedApps } from './balanced-apps.ts'
import {
  type Balanced,
  BALANCERS,
  bootstrap,
  BOUNDED,
  hasHashableState,
  HOSTS,
  hostsOf,
  POLICIES,
  RETRIES,
  SELECTION_ATTEMPTS,
  SPLIT,
  STATE_HEADER,
} from './balancing-scenario.ts'
import { DiscoveredHosts } from './discovered-hosts.ts'
import { inEnvoy } from './in-envoy.ts'

const PROVE = process.env['PROVE'] !== undefined
const REQUESTS = PROVE ? 20_000 : 1_500
const RANDOM_REQUESTS = PROVE ? 5_000 : 600
const CROWDS = PROVE ? 200 : 15
const HEALTH_CHANGES = PROVE ? 200 : 15
const REQUESTS_BETWEEN = 20
/** Changes with every proof; the same in every ordinary run. */
const SEED = PROVE ? {} : { seed: 20_260 }
const TIMEOUT = 1_200_000

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
  places: fc.array(fc.stringMatching(/^\/?[a-z]{0,4}(\/[a-z]{0,3})?$/), { maxLength: 2 }),
  state: fc.option(fc.stringMatching(/^[a-zA-Z0-9]{1,5}$/)),
  forwarded: fc.option(
    fc.constantFrom(
      '203.0.113.1',
      '203.0.113.1, 198.51.100.2',
      '203.0.113.1,unknown',
      '2001:db8::1',
      '2001:db8::1, fe80::7:1',
      'unknown',
    ),
  ),
  query,
  /** Numbers of hosts that cut this request's connection. */
  failing: fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.subarray(['0', '1', '2', '3', '4']).map((numbers) => numbers.join('')) },
  ),
})

type Generated = typeof generated extends fc.Arbitrary<infer T> ? T : never

const CLUSTERS = Object.keys(BALANCERS).length

/** Of all hosts of a cluster: most are well, and at times none is. */
const health = fc
  .array(fc.constantFrom('h', 'h', 'd', 'u', 'u'), { minLength: HOSTS, maxLength: HOSTS })
  .map((letters) => letters.join(''))

inEnvoy(({ binary, version }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let apps: BalancedApps
  let discovery: DiscoveredHosts
  let envoy: EnvoyProcess
  let url: string
  /** The client's, of the one connection that all requests share. */
  let port = 0
  let asked = 0
  agent.on('free', (socket: { localPort?: number }) => {
    port = socket.localPort ?? 0
  })
  let clusters: ReadonlyMap<string, HashingCluster<Host>>

  beforeAll(async () => {
    apps = await BalancedApps.start(HOSTS)
    discovery = new DiscoveredHosts(apps.addresses, { ...BALANCERS, bounded: BOUNDED })
    envoy = await EnvoyProcess.start({ binary, bootstrap: bootstrap(discovery.directory, version) })
    url = `http://127.0.0.1:${await envoy.port('ingress')}`
    clusters = modelOf(BALANCERS)
    await ask(url, { agent })
  })
  afterAll(async () => {
    agent.destroy()
    await envoy.stop()
    await apps[Symbol.asyncDispose]()
    discovery.remove()
  })

  function modelOf(balancers: Readonly<Record<string, Balanced>>): ReadonlyMap<string, HashingCluster<Host>> {
    return new Map(
      Object.entries(balancers).map(([name, balanced]) => [
        name,
        new HashingCluster(hostsOf(apps.addresses, balanced), balanced.options),
      ]),
    )
  }

  /** The hosts that there are, and undefined where some hash finds none: its last two digits choose the priority. */
  function reachable(balancer: string): (string | undefined)[] {
    const cluster = clusters.get(balancer)
    const found = Array.from({ length: 100 }, (_, digits) => cluster?.chooseHost(BigInt(digits))?.address)
    const none = found.every((address) => address === undefined)
    return [...(none ? [] : apps.addresses), ...(found.includes(undefined) ? [undefined] : [])]
  }

  /** The hosts that a request reaches, one after another, and whether the last one answers. */
  function route(balancer: string, hash: bigint, failing: string): { hosts: string[]; answered: boolean } {
    const hosts: string[] = []
    for (let retry = 0; retry <= RETRIES; retry++) {
      const host = clusters.get(balancer)?.chooseHost(hash, {
        ...(retry === 0 ? {} : { rejects: ({ address }) => hosts.includes(address) }),
        maxAttempts: SELECTION_ATTEMPTS,
      })
      if (host === undefined) return { hosts, answered: false }
      hosts.push(host.address)
      if (!failing.includes(String(apps.addresses.indexOf(host.address)))) return { hosts, answered: true }
    }
    return { hosts, answered: false }
  }

  /** Sends a request to Envoy, and expects what the model says; returns its policy where it has a hash. */
  async function compare({ policy, balancer, failing, state, ...request }: Generated): Promise<string[]> {
    const path = `/${policy}/${balancer}/${request.query}`
    const sent: HeaderEntry[] = [
      ...request.users.map((value): HeaderEntry => ['x-user', value]),
      ...request.cookies.map((value): HeaderEntry => ['cookie', value]),
      ...request.places.map((value): HeaderEntry => ['x-place', value]),
      ...(state === null ? [] : [[STATE_HEADER, state] as const]),
      ...(request.forwarded === null ? [] : [['x-forwarded-for', request.forwarded] as const]),
    ]
    const received = new HeaderMap('request', [[':path', path], ...sent.map(withoutOuterBlanks)])
    const connection = { remoteAddress: `127.0.0.1:${port}`, localAddress: new URL(url).host }
    const remoteAddress = resolveClientAddress(received, connection.remoteAddress, {})
    const { hash, setCookies } = generateHash(POLICIES[policy] ?? [], {
      headers: received.toList(),
      remoteAddress,
      connection,
      filterState: new Map(
        state === null || !hasHashableState(version) ? [] : [['envoy.hashable_string', state]],
      ),
    })

    const name = String(asked++)
    const seen = await ask(url + path, { agent, headers: [...sent, ['x-ask', name], ['x-fail', failing]] })
    const reached = apps.asked.get(name) ?? []
    apps.asked.clear()
    if (hash === undefined) {
      // Envoy draws the number: it reaches a host of those that any number would, or none where one would reach none.
      if (failing === '') expect(reachable(balancer)).toContain(reached[0])
      return []
    }
    const { hosts, answered } = route(balancer, hash, failing)
    expect(reached).toEqual(hosts)
    expect(seen.status).toBe(answered ? 200 : 503)
    // Every attempt looks for the cookie anew, and so a cookie that is minted is set as often as there were attempts.
    if (answered) expect(valuesOf(seen, 'set-cookie')).toEqual(hosts.flatMap(() => setCookies))
    return [policy]
  }

  test(
    `${REQUESTS} generated requests reach the hosts, and set the cookie, that the model says`,
    async () => {
      const compared = new Set<string>()
      await fc.assert(
        fc.asyncProperty(generated, async (request) => {
          for (const policy of await compare(request)) compared.add(policy)
        }),
        { numRuns: REQUESTS, ...SEED },
      )
      const policies = Object.keys(POLICIES).filter((name) => name !== 'state' || hasHashableState(version))
      expect([...compared].sort()).toEqual(policies.sort())
    },
    TIMEOUT,
  )

  test(
    `after each of ${HEALTH_CHANGES} changes of health in all clusters requests reach the hosts that the model says`,
    async () => {
      const changed = fc.record({
        healths: fc.array(health, { minLength: CLUSTERS, maxLength: CLUSTERS }),
        requests: fc.array(generated, { minLength: REQUESTS_BETWEEN, maxLength: REQUESTS_BETWEEN }),
      })
      let compared = 0
      try {
        await fc.assert(
          fc.asyncProperty(changed, async ({ healths, requests }) => {
            const balancers = Object.fromEntries(
              Object.entries(BALANCERS).map(([name, balanced], i) => [
                name,
                { ...balanced, health: healths[i] ?? '' },
              ]),
            )
            await discovery.update(envoy, balancers)
            clusters = modelOf(balancers)
            for (const request of requests) compared += (await compare(request)).length
          }),
          { numRuns: HEALTH_CHANGES, ...SEED },
        )
      } finally {
        await discovery.update(envoy, BALANCERS)
        clusters = modelOf(BALANCERS)
      }
      expect(compared).toBeGreaterThan((HEALTH_CHANGES * REQUESTS_BETWEEN) / 2)
    },
    TIMEOUT,
  )

  test(
    `${CROWDS} crowds of requests that wait are spread as the bounds on the load say`,
    async () => {
      const model = new HashingCluster(hostsOf(apps.addresses, BOUNDED), BOUNDED.options)
      const unbounded = new HashingCluster(hostsOf(apps.addresses, BOUNDED), {
        policy: BOUNDED.options.policy,
      })
      let moved = 0
      await fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 14 }), async (users) => {
          const active = new Map<string, number>()
          const answers: Promise<unknown>[] = []
          try {
            for (const [i, user] of users.entries()) {
              const arrived = apps.nextHeld()
              const headers: HeaderEntry[] = [
                ['x-user', user],
                ['x-hold', '1'],
                ['x-ask', `crowd-${i}`],
              ]
              answers.push(ask(`${url}/bounded/`, { headers }))
              await arrived
              const host = model.chooseHost(xxHash64(user), {
                active: ({ address }) => active.get(address) ?? 0,
              })
              expect(apps.asked.get(`crowd-${i}`)).toEqual([host?.address])
              if (host !== unbounded.chooseHost(xxHash64(user))) moved++
              active.set(host?.address ?? '', (active.get(host?.address ?? '') ?? 0) + 1)
            }
          } finally {
            apps.release()
            await Promise.all(answers)
            apps.asked.clear()
            await untilIdle(envoy)
          }
        }),
        { numRuns: CROWDS, ...SEED },
      )
      expect(moved).toBeGreaterThan(0)
    },
    TIMEOUT,
  )

  describe('where Envoy draws a number', () => {
    async function countPods(path: string): Promise<Map<string, number>> {
      const pods = new Map<string, number>()
      for (let i = 0; i < RANDOM_REQUESTS; i++) {
        const [pod = ''] = valuesOf(await ask(url + path, { agent }), 'x-pod')
        pods.set(pod, (pods.get(pod) ?? 0) + 1)
      }
      apps.asked.clear()
      return pods
    }

    test.each(['ring', 'weighted-ring', 'maglev', 'weighted-maglev'])(
      'a request without a key goes to any host, by its part of the table: %s',
      async (balancer) => {
        const balanced = BALANCERS[balancer]
        if (balanced === undefined) throw new Error(`no balancer ${balancer}`)
        const hosts = hostsOf(apps.addresses, balanced)
        const { policy } = balanced.options
        const shares =
          'maglev' in policy
            ? slotShares(new Maglev(hosts, policy.maglev))
            : arcShares(new RingHash(hosts, policy.ringHash))
        const pods = await countPods(`/header/${balancer}/`)
        for (const { address } of hosts) {
          expectShare(pods.get(address) ?? 0, RANDOM_REQUESTS, shares.get(address) ?? 0)
        }
      },
      TIMEOUT,
    )

    test(
      'weights between clusters hold',
      async () => {
        const before = await envoy.stats('cluster.ring.upstream_rq_total')
        await countPods('/split/')
        const after = await envoy.stats('cluster.ring.upstream_rq_total')
        const stat = 'cluster.ring.upstream_rq_total'
        expectShare((after.get(stat) ?? 0) - (before.get(stat) ?? 0), RANDOM_REQUESTS, SPLIT / 100)
      },
      TIMEOUT,
    )
  })
})

/** Within five standard deviations: one false alarm in a million. */
function expectShare(found: number, of: number, share: number): void {
  const deviation = Math.sqrt(of * share * (1 - share))
  expect(found).toBeGreaterThanOrEqual(of * share - 5 * deviation)
  expect(found).toBeLessThanOrEqual(of * share + 5 * deviation)
}

/** How much of the circle belongs to each host: each entry has what lies between it and the entry before. */
function arcShares(ring: RingHash<Host>): Map<string, number> {
  const circle = 2n ** 64n
  const entries = [...ring.entries()]
  const shares = new Map<string, number>()
  for (const [i, { point, host }] of entries.entries()) {
    const before = entries[i === 0 ? entries.length - 1 : i - 1]?.point ?? 0n
    const arc = Number(BigInt.asUintN(64, point - before)) / Number(circle)
    shares.set(host.address, (shares.get(host.address) ?? 0) + arc)
  }
  return shares
}

function slotShares(table: Maglev<Host>): Map<string, number> {
  const slots = [...table.entries()]
  const shares = new Map<string, number>()
  for (const { address } of slots) shares.set(address, (shares.get(address) ?? 0) + 1 / slots.length)
  return shares
}

/** Envoy has seen the end of every request. */
async function untilIdle(envoy: EnvoyProcess): Promise<void> {
  const stat = 'cluster.bounded.upstream_rq_active'
  while (((await envoy.stats(stat)).get(stat) ?? 0) > 0)
    await new Promise((resolve) => setTimeout(resolve, 5))
}

/** RFC 9110, section 5.5: blanks around a value are not part of it. */
function withoutOuterBlanks([name, value]: HeaderEntry): HeaderEntry {
  return [name, value.replace(/^[ \t]+|[ \t]+$/g, '')]
}
