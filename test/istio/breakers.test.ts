/**
 * What breaks affinity in silence, run by real Envoys: breakers/CODE/wrong.yaml does not stick, right.yaml does. Istio's
 * CRDs, validators and analyzers accept all of them without a warning: `make istio`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { oneConnection } from '../../demo/client.ts'
import { Replicas } from '../../demo/replica.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { createIssuer } from '../envoy/jwt-authn.ts'
import { rawRequest, seen } from '../envoy/raw-request.ts'
import { type Golden, type RunningSet, runSet } from './golden.ts'
import { retriedPods } from './retries.ts'
import { visitBeforeSidecars } from './sidecar-behind.ts'
import { verifyFor } from './verified-tokens.ts'
import {
  CLIENTS,
  expectMinted,
  expectScattered,
  expectSticky,
  podsOf,
  SERVICE,
  setCookies,
  SIGNED,
  UNSIGNED,
  type Visit,
  visit,
  type Visits,
} from './visits.ts'
import { onPlainListener } from './waypoint.ts'

/** The gateway mints, and the session never decides. */
const MINTED_IN_VAIN = [
  'cookie_not_minted',
  'hashed_cookie_hidden',
  'header_not_written',
  'key_header_removed',
  'key_not_hashed',
  'not_exported',
  'port_not_in_route',
  'port_policy_overrides',
  'subset_policy_overrides',
  'two_rules_for_host',
  'weighted_routes',
]
/** The plugin is not among the waypoint's filters. */
const NOT_ON_THE_WAYPOINT = ['selector_on_waypoint', 'waypoint_match']
/** A retry leaves the session's pod. */
const LEFT_BY_RETRIES = { retries_leave_host: 'test.com', retries_by_default: SERVICE }
/** Two gateways, each in a zone, have each a ring of its zone. */
const EACH_ZONE_ALONE = ['traffic_distribution', 'zones_differ']
/** The caller's choice of an address is the choice of the pod. */
const DIALLED = {
  headless_service: SERVICE,
  resolution_none: 'partner.example.com:8080',
}
const ALONE = [
  'claim_before_authn',
  'hidden_cookie_minted_anew',
  'match_missing',
  'order_reversed',
  'other_cookie_minted',
  'persistent_session',
  'persistent_session_cookie',
  'shadow_read',
  'source_before_session',
  'tcp_service',
  'two_minters',
]
/** Look as wrong as the others, and break nothing: the cookie as it is minted. */
const HARMLESS = { plugin_twice: SIGNED, tcp_port: UNSIGNED }

type Side = 'wrong' | 'right'

const session = (client: number) => ({ cookie: `ISTIOID=${client}` })

test('each directory is shown here', () => {
  const directories = readdirSync('test/istio/breakers', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  expect(directories.sort()).toEqual(
    [
      ...MINTED_IN_VAIN,
      ...NOT_ON_THE_WAYPOINT,
      ...Object.keys(LEFT_BY_RETRIES),
      ...EACH_ZONE_ALONE,
      ...Object.keys(DIALLED),
      ...ALONE,
      ...Object.keys(HARMLESS),
    ].sort(),
  )
})

test('what is harmless is said to be', () => {
  const declared = parse(readFileSync('test/istio/breakers/sets.yaml', 'utf8')) as {
    code: string
    harmless?: boolean
  }[]
  expect(declared.filter(({ harmless }) => harmless).map(({ code }) => code)).toEqual(Object.keys(HARMLESS))
})

inEnvoy(({ binary }) => {
  interface How {
    readonly adjust?: (golden: Golden) => void
    readonly visit?: (set: RunningSet) => Visit
    /** For plugins that notice each other within seconds: docs/instances.md. */
    readonly settled?: (port: number) => Promise<boolean>
  }

  const visitsOf = async (code: string, side: Side, { adjust, visit: how, settled }: How = {}) => {
    await using set = await runSet({
      binary,
      set: `breakers/${code}/${side}`,
      ...(adjust === undefined ? {} : { adjust }),
    })
    if (settled !== undefined) {
      await expect.poll(() => settled(set.port), { timeout: 30_000 }).toBe(true)
    }
    return await visit(set, how?.(set))
  }

  describe('every session has its cookie, and each request goes to any pod', () => {
    test.each(MINTED_IN_VAIN)('%s', async (code) => {
      const wrong = await visitsOf(code, 'wrong')
      expectScattered(wrong)
      expectMinted(wrong)
      const right = await visitsOf(code, 'right')
      expectSticky(right)
      expectMinted(right)
    })
  })

  test('shadow_read: nobody has a cookie or a key', async () => {
    const wrong = await visitsOf('shadow_read', 'wrong')
    expectScattered(wrong)
    expect(setCookies(wrong)).toEqual([])
    const right = await visitsOf('shadow_read', 'right')
    expectSticky(right)
    expectMinted(right)
  })

  describe('a waypoint never runs the plugin', () => {
    test.each(NOT_ON_THE_WAYPOINT)('%s', async (code) => {
      const how = { adjust: onPlainListener, visit: () => ({ host: SERVICE, headers: session }) }
      expectScattered(await visitsOf(code, 'wrong', how))
      expectSticky(await visitsOf(code, 'right', how))
    })
  })

  describe('a sidecar connects to the address that the application has resolved', () => {
    // Without iptables no connection has an original destination, so a header tells it in its place.
    const HEADER = 'x-dialled'
    const takeFromHeader = ({ static_resources }: Golden) => {
      for (const cluster of static_resources.clusters.filter(({ type }) => type === 'ORIGINAL_DST')) {
        Object.assign(cluster, {
          original_dst_lb_config: { use_http_header: true, http_header_name: HEADER },
        })
      }
    }
    test.each(Object.entries(DIALLED))('%s', async (code, host) => {
      const how: How = {
        adjust: takeFromHeader,
        // As DNS does for a name with several addresses: each time another one.
        visit: ({ replicas: { ports } }) => ({
          host,
          headers: (client, request) => ({
            ...session(client),
            [HEADER]: `127.0.0.1:${ports[(client + request) % ports.length] ?? 0}`,
          }),
        }),
      }
      const wrong = await visitsOf(code, 'wrong', how)
      expectScattered(wrong)
      // Three addresses in turn are three pods, for everybody.
      expect(wrong.map((exchanges) => podsOf(exchanges).size)).toEqual(wrong.map(() => 3))
      expectSticky(await visitsOf(code, 'right', how))
    })
  })

  test('tcp_service: a sidecar hands bytes on, each connection to any pod', async () => {
    const how: How = { visit: () => ({ host: SERVICE, headers: session, agent: () => new Agent() }) }
    const wrong = await visitsOf('tcp_service', 'wrong', how)
    expectScattered(wrong)
    expect(
      wrong.flat().filter(({ echo }) => echo?.headers.some(([name]) => name === 'x-mooring-key')),
    ).toEqual([])
    expectSticky(await visitsOf('tcp_service', 'right', how))
  })

  describe("a retry leaves the session's pod", () => {
    test.each(Object.entries(LEFT_BY_RETRIES))('%s', async (code, host) => {
      const pods = (side: Side) => retriedPods({ binary, set: `breakers/${code}/${side}`, host })
      // Envoy gives up looking for another pod after some attempts.
      expect(Math.max(...(await pods('wrong')))).toBeGreaterThan(1)
      expect(new Set(await pods('right'))).toEqual(new Set([1]))
    })
  })

  test('claim_before_authn: the claim is not verified yet, and gives no key', async () => {
    const issuer = await createIssuer()
    const tokens = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => issuer.sign({ sub: `user-${index}` })),
    )
    const how: How = {
      adjust: (golden) => {
        verifyFor(issuer, golden)
      },
      visit: () => ({ headers: (client) => ({ authorization: `Bearer ${tokens[client] ?? ''}` }) }),
    }
    expectScattered(await visitsOf('claim_before_authn', 'wrong', how))
    expectSticky(await visitsOf('claim_before_authn', 'right', how))
  })

  test('source_before_session: whoever logs in moves', async () => {
    const how: How = {
      visit: () => ({
        headers: (client, request): Record<string, string> =>
          request < 2 ? {} : { 'x-user-id': `user-${client}` },
      }),
    }
    const wrong = await visitsOf('source_before_session', 'wrong', how)
    expectScattered(wrong)
    // Before and after they stay.
    for (const exchanges of wrong) {
      expect([podsOf(exchanges.slice(0, 2)).size, podsOf(exchanges.slice(2)).size]).toEqual([1, 1])
    }
    expectSticky(await visitsOf('source_before_session', 'right', how))
  })

  test("order_reversed: the mesh's plugin acts, and a tenant's sessions are on several pods", async () => {
    const how = (oneKey: boolean): How => ({
      visit: () => ({
        host: SERVICE,
        headers: (client, request) => ({
          'x-tenant': `tenant-${client}`,
          cookie: `ISTIOID=${client}-${request}`,
        }),
      }),
      settled: async (port) => {
        const keys = await Promise.all(
          ['one', 'other'].map(async (id) => {
            const headers = ['x-tenant', 'acme', 'cookie', `ISTIOID=${id}`]
            return seen(await rawRequest(port, headers, { host: SERVICE }), 'x-mooring-key').join()
          }),
        )
        return (keys[0] === keys[1]) === oneKey
      },
    })
    expectScattered(await visitsOf('order_reversed', 'wrong', how(false)))
    expectSticky(await visitsOf('order_reversed', 'right', how(true)))
  })

  test("two_minters: Envoy's cookie beside that of the plugin, which a browser sends first", async () => {
    // Envoy's has no Path, and so that of the request.
    const how: How = {
      visit: () => ({ path: (_, request) => (request % 2 === 0 ? '/static/logo.svg' : '/') }),
    }
    const linesOf = (visits: Visits) =>
      visits.map((exchanges) => exchanges.map(({ setCookie }) => setCookie.length))
    // Nothing is promised for the first request to a path that is skipped.
    const afterFirst = (visits: Visits) => visits.map(([, ...rest]) => rest)

    const wrong = await visitsOf('two_minters', 'wrong', how)
    expect(linesOf(wrong)).toEqual(wrong.map(() => [1, 1, 0, 0]))
    for (const [first] of wrong) {
      expect(first?.setCookie).toEqual([
        expect.stringMatching(/^ISTIOID="[0-9a-f]{16}"; Max-Age=60; HttpOnly$/),
      ])
    }
    expectScattered(afterFirst(wrong))

    const right = await visitsOf('two_minters', 'right', how)
    expect(linesOf(right)).toEqual(right.map(() => [0, 1, 0, 0]))
    expectSticky(afterFirst(right))
  })

  test('hidden_cookie_minted_anew: Envoy finds no cookie and sets its own with every answer', async () => {
    // Its value is made of the connection's addresses.
    const how: How = { visit: () => ({ agent: () => new Agent() }) }
    const linesOf = (visits: Visits) =>
      visits.map((exchanges) => exchanges.map(({ setCookie }) => setCookie.length))
    const wrong = await visitsOf('hidden_cookie_minted_anew', 'wrong', how)
    expectScattered(wrong)
    expect(linesOf(wrong)).toEqual(wrong.map(() => [2, 1, 1, 1]))
    const right = await visitsOf('hidden_cookie_minted_anew', 'right', how)
    expectSticky(right)
    expectMinted(right)
  })

  test("match_missing: the pod's sidecar mints too, for each request another session", async () => {
    const visitsThrough = (side: Side) =>
      visitBeforeSidecars(binary, {
        gateway: `breakers/match_missing/${side}`,
        sidecar: `breakers/match_missing/${side}-elsewhere`,
      })
    const wrong = await visitsThrough('wrong')
    expectScattered(wrong)
    // The gateway's and the sidecar's, then each time the sidecar's, which the gateway takes for its own.
    expect(wrong.map((exchanges) => exchanges.map(({ setCookie }) => setCookie.length))).toEqual(
      wrong.map(() => [2, 1, 1, 1]),
    )
    const right = await visitsThrough('right')
    expectSticky(right)
    expectMinted(right, SIGNED)
  })

  test('other_cookie_minted: two cookies, and whoever shares a connection shares a pod', async () => {
    const how = (): How => {
      const shared = oneConnection()
      return { visit: () => ({ agent: () => shared }) }
    }
    const wrong = await visitsOf('other_cookie_minted', 'wrong', how())
    expect(podsOf(wrong.flat()).size).toBe(1)
    const envoys = setCookies(wrong).filter((line) => line.startsWith('ISTIO_ID='))
    expect([envoys.length, new Set(envoys).size]).toEqual([CLIENTS, 1])
    expect(setCookies(wrong).length).toBe(2 * CLIENTS)
    const right = await visitsOf('other_cookie_minted', 'right', how())
    expectSticky(right)
    expectMinted(right)
  })

  test("persistent_session: sticks, and the cookie shows the pod's address", async () => {
    const wrong = await visitsOf('persistent_session', 'wrong')
    expectSticky(wrong)
    for (const [first] of wrong) {
      const [, value = ''] = /^sticky="(.*)"; Path=\/; HttpOnly$/.exec(first?.setCookie[0] ?? '') ?? []
      expect(Buffer.from(value, 'base64').toString('latin1')).toMatch(/127\.0\.0\.1:\d+$/)
    }
    const right = await visitsOf('persistent_session', 'right')
    expectSticky(right)
    expectMinted(right)
  })

  test("persistent_session_cookie: Envoy overwrites the session's cookie, and what comes back is taken for forged", async () => {
    const wrong = await visitsOf('persistent_session_cookie', 'wrong')
    expectScattered(wrong)
    // A session at the first request, Envoy's at the second, and so another session at the third.
    expect(wrong.map((exchanges) => exchanges.map(({ setCookie }) => setCookie.length))).toEqual(
      wrong.map(() => [2, 1, 2, 1]),
    )
    const right = await visitsOf('persistent_session_cookie', 'right')
    expectSticky(right)
    expectMinted(right, SIGNED)
  })

  describe('two gateways, each in a zone, have each a ring of its zone', () => {
    /** How many pods each session meets through both. */
    const podsThroughBoth = async (code: string, side: Side) => {
      const replicas = await Replicas.start()
      await using here = await runSet({ binary, set: `breakers/${code}/${side}`, replicas })
      await using there = await runSet({ binary, set: `breakers/${code}/${side}-elsewhere`, replicas })
      const both = [await visit(here, { headers: session }), await visit(there, { headers: session })]
      for (const exchanges of both.flat()) expect(podsOf(exchanges).size).toBe(1)
      return both[0]?.map((exchanges, client) => podsOf([...exchanges, ...(both[1]?.[client] ?? [])]).size)
    }

    test.each(EACH_ZONE_ALONE)('%s', async (code) => {
      expect(await podsThroughBoth(code, 'wrong')).toEqual(Array.from({ length: CLIENTS }, () => 2))
      expect(await podsThroughBoth(code, 'right')).toEqual(Array.from({ length: CLIENTS }, () => 1))
    })
  })

  describe('breaks nothing', () => {
    test.each(Object.entries(HARMLESS))('%s', async (code, minted) => {
      for (const side of ['wrong', 'right'] as const) {
        const visits = await visitsOf(code, side, {
          settled: async (port) => (await rawRequest(port, [])).setCookie.length === 1,
        })
        expectSticky(visits)
        expectMinted(visits, minted)
      }
    })
  })
})
