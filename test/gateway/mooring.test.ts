import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HashPolicy, HeaderEntry } from '../../host/envoy/index.ts'
import { Gateway } from '../../host/gateway/index.ts'
import { type App, ask, type Seen, startApp, valuesOf } from './app.ts'

const MINTED = /^ISTIOID=([A-Za-z0-9_-]{22}); Path=\/; HttpOnly; SameSite=Lax$/

const module = readFileSync('build/mooring.wasm')
const configuration = JSON.stringify({
  version: 1,
  session: { cookie: { name: 'ISTIOID' } },
  key: { from: ['session'] },
})

const apps: App[] = []
beforeAll(async () => {
  for (const pod of ['a', 'b', 'c']) {
    apps.push(await startApp((_request, response) => response.setHeader('x-pod', pod).end()))
  }
})
afterAll(async () => {
  for (const app of apps) await app[Symbol.asyncDispose]()
})

function moored(hashPolicy: HashPolicy) {
  const route = { match: { prefix: '/' }, cluster: 'app', hashPolicy: [hashPolicy] }
  return Gateway.start({
    filters: [{ name: 'mooring', module, configuration, failurePolicy: 'FAIL_OPEN' }],
    virtualHosts: [{ name: 'test', domains: ['*'], routes: [route] }],
    clusters: [{ name: 'app', endpoints: apps, loadBalancer: { ringHash: {} } }],
  })
}

const podOf = (seen: Seen) => valuesOf(seen, 'x-pod').join()

describe.each<[string, HashPolicy]>([
  ['the key header', { header: { headerName: 'x-mooring-key' } }],
  ['the cookie, which Envoy would generate', { cookie: { name: 'ISTIOID', ttl: 60 } }],
  ['the cookie, which Envoy would not generate', { cookie: { name: 'ISTIOID' } }],
])('behind the filter, with a hash policy on %s', (_name, hashPolicy) => {
  test('a client stays on the pod of its first request, and gets its cookie once', async () => {
    await using gateway = await moored(hashPolicy)
    const ids = new Set<string>()
    const pods = new Set<string>()
    for (let client = 0; client < 24; client++) {
      const first = await ask(gateway.url)
      const [setCookie = ''] = valuesOf(first, 'set-cookie')
      expect(valuesOf(first, 'set-cookie')).toEqual([expect.stringMatching(MINTED)])
      ids.add(MINTED.exec(setCookie)?.[1] ?? '')
      pods.add(podOf(first))

      const cookie: HeaderEntry = ['cookie', setCookie.split(';')[0] ?? '']
      const later = await ask(gateway.url, { headers: [cookie] })
      expect(podOf(later)).toBe(podOf(first))
      expect(valuesOf(later, 'set-cookie')).toEqual([])
    }
    expect(ids.size).toBe(24)
    expect(pods.size).toBeGreaterThan(1)
  })

  test('a client cannot choose its pod by a key header of its own', async () => {
    await using gateway = await moored(hashPolicy)
    const [setCookie = ''] = valuesOf(await ask(gateway.url), 'set-cookie')
    const cookie: HeaderEntry = ['cookie', setCookie.split(';')[0] ?? '']
    const pods = new Set<string>()
    for (const key of ['', '1', '2', '3', '4', '5', '6', '7']) {
      pods.add(podOf(await ask(gateway.url, { headers: [cookie, ['x-mooring-key', key]] })))
    }
    expect(pods.size).toBe(1)
  })
})
