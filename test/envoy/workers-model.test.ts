/** Threads and failure policies of the host against a real Envoy: a filter that traps, and counts its configurations. */
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, test } from 'vitest'
import { type FailurePolicy, ProxyWasmModule, Workers } from '../../host/index.ts'
import { compileGuest } from '../conformance/guest.ts'
import { ask, startApp } from '../gateway/app.ts'
import { inEnvoy } from './in-envoy.ts'
import { WasmEnvoy } from './wasm-envoy.ts'

const guest = await compileGuest('trap')
const WORKERS = 3

/** Milliseconds to wait, then one request, which traps or not. */
type Step = readonly [wait: number, what: 'trap' | 'pass']

/** Longer than any backoff: one and a half seconds at most. */
const LATER = 1_600
const STEPS: readonly Step[] = [
  [LATER, 'pass'],
  [0, 'trap'],
  // The VM is old enough: under FAIL_RELOAD a new one is there at once, and a young one is not replaced so soon.
  [0, 'pass'],
  [0, 'trap'],
  [0, 'pass'],
  [LATER, 'pass'],
]

const headersFor = (what: Step[1]): [string, string][] => (what === 'trap' ? [['x-trap', '1']] : [])

function inHost(failurePolicy: FailurePolicy): { statuses: number[]; reloads: unknown } {
  const workers = new Workers(ProxyWasmModule.load(guest), { workers: 1 })
  const plugin = workers.startPlugin({ failurePolicy })
  const statuses = STEPS.map(([wait, what]) => {
    workers.advance(wait)
    const stream = plugin.stream({ headers: headersFor(what) })
    const { localReply } = stream.requestHeaders()
    stream.end()
    return localReply?.status ?? 200
  })
  return { statuses, reloads: plugin.reloads }
}

test('the host knows the three policies', () => {
  expect(inHost('FAIL_CLOSED').statuses).toEqual([200, 503, 503, 503, 503, 503])
  expect(inHost('FAIL_OPEN').statuses).toEqual([200, 503, 200, 200, 200, 200])
  expect(inHost('FAIL_RELOAD')).toEqual({
    statuses: [200, 503, 200, 503, 503, 200],
    reloads: { success: 2, backoff: 1, failure: 0 },
  })
})

inEnvoy(({ binary }) => {
  // Each waits for seconds, in an Envoy of its own.
  test.concurrent.each<FailurePolicy>(['FAIL_CLOSED', 'FAIL_OPEN', 'FAIL_RELOAD'])(
    'a trap costs here what it costs in the host: %s',
    async (failurePolicy) => {
      await using app = await startApp()
      await using gateway = await WasmEnvoy.start({
        binary,
        wasm: guest,
        clusters: { app: Number(app.address.split(':')[1]) },
        plugin: { failure_policy: failurePolicy },
      })
      const statuses: number[] = []
      for (const [wait, what] of STEPS) {
        await sleep(wait)
        const { status } = await ask(`http://127.0.0.1:${gateway.port}/`, { headers: headersFor(what) })
        statuses.push(status)
      }
      expect(statuses).toEqual(inHost(failurePolicy).statuses)
    },
  )

  test('a configuration is read by two more VMs than there are workers', async () => {
    await using app = await startApp()
    await using gateway = await WasmEnvoy.start({
      binary,
      wasm: guest,
      clusters: { app: Number(app.address.split(':')[1]) },
      concurrency: WORKERS,
    })
    const stats = await gateway.envoy.stats('wasmcustom.configured')
    const workers = new Workers(ProxyWasmModule.load(guest), { workers: WORKERS })
    workers.startPlugin()
    expect(Number(workers.metrics.counter('configured'))).toBe(WORKERS + 2)
    expect(stats.get('wasmcustom.configured')).toBe(WORKERS + 2)
  })
})
