import { beforeEach, describe, expect, test } from 'vitest'

import { HostUsageError, ProxyWasmModule, systemClock, Workers } from '../../host/index.ts'
import { buildWasm, op } from './wasm-builder.ts'

const PAGE = { initial: 1, export: 'memory' }
const NAMES = ['configure', 'tick', 'done', 'delete'] as const

/** Ticks every 100 ms and logs its callbacks. */
const module = ProxyWasmModule.load(
  buildWasm({
    imports: [
      { module: 'env', name: 'proxy_log', signature: 'iii>i' },
      { module: 'env', name: 'proxy_set_tick_period_milliseconds', signature: 'i>i' },
    ],
    functions: [
      { export: 'proxy_abi_version_0_2_1', signature: '>', body: [] },
      { export: 'malloc', signature: 'i>i', body: op.i32Const(1024) },
      {
        export: 'proxy_on_configure',
        signature: 'ii>i',
        body: [...say('configure'), ...op.i32Const(100), ...op.call(1), ...op.drop, ...op.i32Const(1)],
      },
      { export: 'proxy_on_tick', signature: 'i>', body: say('tick') },
      { export: 'proxy_on_done', signature: 'i>i', body: [...say('done'), ...op.i32Const(1)] },
      { export: 'proxy_on_delete', signature: 'i>', body: say('delete') },
      {
        export: 'proxy_on_request_headers',
        signature: 'iii>i',
        body: op.unreachable,
      },
    ],
    memory: PAGE,
    data: NAMES.map((name, i) => ({ at: 16 * (i + 1), bytes: Buffer.from(name) })),
  }),
)

function say(name: (typeof NAMES)[number]): number[] {
  const at = 16 * (NAMES.indexOf(name) + 1)
  return [...op.i32Const(2), ...op.i32Const(at), ...op.i32Const(name.length), ...op.call(0), ...op.drop]
}

let said: string[]
let workers: Workers
beforeEach(() => {
  said = []
  workers = new Workers(module, {
    workers: 2,
    onLog: ({ message }) => said.push(message),
  })
})

describe('the threads of one Envoy', () => {
  test('configure once in vain, and then on each: the first attempt is never told that it ends', () => {
    const plugin = workers.startPlugin()
    expect(said).toEqual(['configure', 'configure', 'configure', 'configure'])
    said.length = 0
    plugin.stop()
    expect(said).toEqual(['done', 'delete', 'done', 'delete', 'done', 'delete'])
  })

  test('tick all at the same moments', () => {
    workers.startPlugin()
    said.length = 0
    workers.advance(250)
    expect(said).toEqual(Array.from({ length: 6 }, () => 'tick'))
    expect(workers.clock.monotonic()).toBe(1_000_250_000_000n)
  })

  test('fail one by one', () => {
    const plugin = workers.startPlugin()
    plugin.stream({ worker: 1 }).requestHeaders()
    expect(workers.vms.map((vm) => vm.isAlive)).toEqual([true, false])
    expect(workers.mainVm.isAlive).toBe(true)
  })

  test('reload one by one, each in a VM of its own that two plugins share', () => {
    const options = { failurePolicy: 'FAIL_RELOAD', reloadInterval: 10 } as const
    const first = workers.startPlugin(options)
    const second = workers.startPlugin(options)
    const [untouched, failed] = workers.vms
    workers.advance(15)
    first.stream({ worker: 1 }).requestHeaders()
    expect(failed?.isAlive).toBe(false)
    first.stream({ worker: 1 })
    second.stream({ worker: 1 })
    const [still, fresh] = workers.vms
    expect(still).toBe(untouched)
    expect([fresh?.isAlive, fresh?.openStreams, fresh?.plugins.length]).toEqual([true, 2, 2])
    expect([first.reloads, second.reloads]).toEqual([
      { success: 1, backoff: 0, failure: 0 },
      { success: 1, backoff: 0, failure: 0 },
    ])
  })

  test('say what a test does wrong', () => {
    const plugin = workers.startPlugin()
    expect(codeOf(() => plugin.stream({ worker: 2 }))).toBe('unknown_worker')
    expect(codeOf(() => new Workers(module, { workers: 0 }))).toBe('bad_worker_count')
    const ticking = new Workers(module, { clock: systemClock })
    expect(
      codeOf(() => {
        ticking.advance(1)
      }),
    ).toBe('clock_not_manual')
  })
})

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    if (error instanceof HostUsageError) return error.code
    throw error
  }
  return undefined
}
