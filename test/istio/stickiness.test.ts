/** What Istio generated from the manifests, run by real Envoys: who stays on which pod. */
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../../demo/loopback.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { createIssuer } from '../envoy/jwt-authn.ts'
import { rawRequest, seen } from '../envoy/raw-request.ts'
import { runSet } from './golden.ts'
import { retriedPods } from './retries.ts'
import { verifyFor } from './verified-tokens.ts'
import {
  CLIENTS,
  expectMinted,
  expectScattered,
  expectSticky,
  podsOf,
  SERVICE,
  setCookies,
  visit,
} from './visits.ts'
import { onPlainListener } from './waypoint.ts'

inEnvoy(({ binary }) => {
  describe('a session that the gateway mints stays on its pod', () => {
    test.each([
      'seed',
      'hash-header',
      'hash-cookie-without-ttl',
      'ring-hash',
      'maglev',
      'retries',
      'gateway-api',
      'mesh-default-gateway',
      'one-gateway',
      'everywhere',
      'fail-close',
      'fail-reload',
      'reject-bad-configuration',
      'pinned',
    ])('%s', async (name) => {
      await using set = await runSet({ binary, set: name })
      const visits = await visit(set)
      expectSticky(visits)
      expectMinted(visits)
    })
  })

  test('hash-query-parameter: the same parameter, the same pod', async () => {
    await using set = await runSet({ binary, set: 'hash-query-parameter' })
    expectSticky(await visit(set, { path: (client) => `/?user=${client}` }))
  })

  test('hash-source-ip: the same address, the same pod', async () => {
    const addresses = await loopbackAddresses(CLIENTS)
    await using set = await runSet({ binary, set: 'hash-source-ip' })
    const visits = await visit(set, { from: (client) => addresses[client % addresses.length] ?? '127.0.0.1' })
    expect(visits.map((exchanges) => podsOf(exchanges).size)).toEqual(visits.map(() => 1))
    if (addresses.length === CLIENTS) expectSticky(visits)
  })

  describe('a sidecar reads the session that the application passes on, and mints none', () => {
    test.each(['sidecars', 'mesh-default-sidecar'])('%s', async (name) => {
      await using set = await runSet({ binary, set: name })
      const visits = await visit(set, {
        host: SERVICE,
        headers: (client) => ({ cookie: `ISTIOID=${client}` }),
      })
      expectSticky(visits)
      expect(setCookies(visits)).toEqual([])
      const without = await visit(set, { host: SERVICE })
      expectScattered(without)
      expect(setCookies(without)).toEqual([])
    })
  })

  test('waypoint: the same, on the chain that Istio makes for the service', async () => {
    await using set = await runSet({ binary, set: 'waypoint', adjust: onPlainListener })
    const visits = await visit(set, { host: SERVICE, headers: (client) => ({ cookie: `ISTIOID=${client}` }) })
    expectSticky(visits)
    expect(setCookies(visits)).toEqual([])
  })

  test('by-user: a user has one pod on every device, everybody else a session', async () => {
    const issuer = await createIssuer()
    await using set = await runSet({
      binary,
      set: 'by-user',
      adjust: (golden) => {
        verifyFor(issuer, golden)
      },
    })
    const tokens = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => issuer.sign({ sub: `user-${index % (CLIENTS / 2)}` })),
    )
    const visits = await visit(set, {
      headers: (client) => ({ authorization: `Bearer ${tokens[client] ?? ''}` }),
    })
    expectSticky(visits)
    const devices = visits
      .slice(0, CLIENTS / 2)
      .map((exchanges, user) => [...exchanges, ...(visits[user + CLIENTS / 2] ?? [])])
    expect(devices.map((exchanges) => podsOf(exchanges).size)).toEqual(devices.map(() => 1))
    const sessions = await visit(set)
    expectSticky(sessions)
    expectMinted(sessions)
  })

  describe('in shadow nothing changes on the wire', () => {
    test.each(['shadow', 'one-gateway-others'])('%s', async (name) => {
      await using set = await runSet({ binary, set: name })
      const visits = await visit(set)
      expectScattered(visits)
      expect(setCookies(visits)).toEqual([])
      expect(seen(await rawRequest(set.port, ['x-mooring-key', 'kept']), 'x-mooring-key')).toEqual(['kept'])
    })
  })

  describe('a retry', () => {
    test("goes to the session's pod again", async () => {
      expect(new Set(await retriedPods({ binary, set: 'retries-key-kept' }))).toEqual(new Set([1]))
    })

    test('goes anywhere once the route has removed the key: what retries.yaml warns of', async () => {
      expect(Math.max(...(await retriedPods({ binary, set: 'retries-key-removed' })))).toBeGreaterThan(1)
    })
  })

  test('counters carry the name of the configuration as a label', async () => {
    await using set = await runSet({ binary, set: 'one-gateway' })
    await visit(set)
    const text = async () => await set.envoy.admin('/stats/prometheus?filter=mooring_session_minted')
    await expect
      .poll(text, { timeout: 10_000 })
      .toContain(`\nmooring_session_minted{wasm_filter="canary"} ${CLIENTS}\n`)
    expect(await text()).toContain('\nmooring_session_minted{wasm_filter="shadow"} 0\n')
  })
})
