import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Gateway } from '../../host/gateway/index.ts'
import { ask, startApp } from './app.ts'

const ROUTES = [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app' }] }]

/** A port that nothing listens on: one that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const stat = (gateway: Gateway, name: string): string | undefined =>
  gateway.stats().find((line) => line.startsWith(`cluster.app.${name}: `))

test('a host that accepts no connections gets no requests, until it does', async () => {
  await using app = await startApp()
  const port = await freePort()
  await using gateway = await Gateway.start({
    virtualHosts: ROUTES,
    clusters: [
      {
        name: 'app',
        endpoints: [{ address: `127.0.0.1:${port}` }, { address: app.address }],
        healthyPanicThreshold: 0,
        healthCheck: { interval: 20, timeout: 1_000 },
      },
    ],
  })
  expect(stat(gateway, 'membership_healthy')).toBe('cluster.app.membership_healthy: 1')
  for (let i = 0; i < 4; i++) expect((await ask(gateway.url)).status).toBe(200)
  expect(app.received.length).toBe(4)

  const late = createServer((_request, response) => response.end('late'))
  await new Promise<void>((resolve) => late.listen(port, '127.0.0.1', resolve))
  while (stat(gateway, 'membership_healthy') !== 'cluster.app.membership_healthy: 2') {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const bodies = [await ask(gateway.url), await ask(gateway.url)].map(({ body }) => body)
  expect(bodies.sort()).toEqual(['late', 'ok'])
  late.close()
  late.closeAllConnections()
  while (stat(gateway, 'membership_healthy') !== 'cluster.app.membership_healthy: 1') {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect((await ask(gateway.url)).body).toBe('ok')
  const [, failures = ''] = stat(gateway, 'health_check.failure')?.split(': ') ?? []
  expect(Number(failures)).toBeGreaterThan(0)
})

test('a cluster whose hosts are all out has none', async () => {
  await using gateway = await Gateway.start({
    virtualHosts: ROUTES,
    clusters: [
      {
        name: 'app',
        endpoints: [{ address: `127.0.0.1:${await freePort()}` }],
        healthyPanicThreshold: 0,
        healthCheck: {},
      },
    ],
  })
  expect(await ask(gateway.url)).toMatchObject({ status: 503, body: 'no healthy upstream' })
})
