import { describe, expect, test } from 'vitest'
import { startAnsweringEnvoy } from '../../bench/conditions/answering-envoy.ts'
import { h2loadVersion } from '../../bench/conditions/h2load.ts'
import { CONNECTIONS } from '../../bench/conditions/load-tool.ts'
import { loadTool } from '../../bench/conditions/load-tools.ts'
import type { EnvoyProcess } from '../../tools/envoy-process.ts'
import { inEnvoy } from './in-envoy.ts'

const VISIT = { path: '/carts/7', headers: { host: 'test.com', cookie: 'ISTIOID=ABEiM0RVZneImaq7zN3u_w' } }
const RATE = 160

const h2load = await h2loadVersion()
const tools = h2load.found ? (['h2load', 'undici'] as const) : (['undici'] as const)

test('h2load sends where it is there, else undici; where it is asked for and not there, that is an error', async () => {
  const { name } = await loadTool()
  expect(name).toMatch(h2load.found ? /^h2load nghttp2\/\d/ : /^undici \d/)
  expect((await loadTool('undici')).name).toMatch(/^undici \d+\.\d+\.\d+$/)
  const asked = loadTool('h2load')
  if (h2load.found) expect(await asked).toMatchObject({ name })
  else await expect(asked).rejects.toThrow('--load h2load: there is none, Debian has it in nghttp2-client: ')
})

inEnvoy(({ binary }) => {
  describe.each(tools)('%s', (wanted) => {
    test('sends no more than its rate, or as much as is answered, and both give the same record', async () => {
      const { send } = await loadTool(wanted)
      const { port, envoy } = await startAnsweringEnvoy(binary)
      try {
        const before = await answered(envoy)
        const atRate = await send(port, VISIT, 1, RATE)
        const between = await answered(envoy)
        // What opens a connection is no part of it.
        expect(between - before - atRate.requests).toBeLessThanOrEqual(CONNECTIONS)
        expect(atRate.requests).toBeLessThanOrEqual(RATE + CONNECTIONS)
        const saturated = await send(port, VISIT, 1)
        for (const { requests, rate, p50, p99, p999 } of [atRate, saturated]) {
          expect(requests).toBeGreaterThanOrEqual(CONNECTIONS)
          expect(rate).toBeGreaterThan(0)
          expect(p50).toBeGreaterThan(0)
          expect([p50, p99, p999]).toEqual([p50, p99, p999].sort((a, b) => a - b))
        }
      } finally {
        await envoy.stop()
      }
    })

    test('measures nothing where a request is not answered 200', async () => {
      const { send } = await loadTool(wanted)
      const { port, envoy } = await startAnsweringEnvoy(binary, 503)
      try {
        await expect(send(port, VISIT, 1, RATE)).rejects.toThrow('expected status 200')
      } finally {
        await envoy.stop()
      }
    })
  })
})

async function answered(envoy: EnvoyProcess): Promise<number> {
  const name = 'http.upstream.downstream_rq_completed'
  return (await envoy.stats(name)).get(name) ?? 0
}
