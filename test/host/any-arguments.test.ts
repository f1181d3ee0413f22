import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { LogLevel } from '../../host/index.ts'
import { importSignature } from '../../host/imports.ts'
import { Driver, MEMORY_END, DRIVEN_HOSTCALLS } from './driver.ts'

const RUNS = process.env['PROVE'] === undefined ? 1_000 : 100_000
const SCRATCH = 1024

const PHASES = [
  'configure',
  'tick',
  'request_headers',
  'request_body',
  'response_headers',
  'log',
  'done',
  'delete',
]

/** Numbers that a hostcall may take for a pointer, a length, a type or an id: mostly such as are almost right. */
const i32 = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 100, -1, -(2 ** 31), 2 ** 31 - 1),
  fc.integer({ min: SCRATCH, max: SCRATCH + 64 }),
  fc.integer({ min: MEMORY_END - 16, max: MEMORY_END + 16 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

/** The driver itself is called by a foreign function, and would call itself. */
const calls = DRIVEN_HOSTCALLS.filter((name) => name !== 'proxy_call_foreign_function').map((name) => {
  const signature = importSignature('env', name, '0.2.1') ?? importSignature('wasi_unstable', name, '0.2.1')
  const [parameters = ''] = (signature ?? '').split('>')
  return fc.tuple(
    fc.constant(name),
    fc.tuple(...parameters.split('').map((type) => (type === 'I' ? i64 : i32))),
  )
})

describe('whatever a guest passes', () => {
  test(
    `a hostcall answers it, in every phase, and the VM lives (${RUNS} sequences of calls)`,
    { timeout: 1_200_000 },
    () => {
      const driver = new Driver({ onHeaderViolation: 'record', logLevel: LogLevel.Critical })
      const properties = fc.tuple(
        fc.constantFrom(...PHASES),
        fc.array(fc.oneof(...calls), { minLength: 1, maxLength: 4 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
      )
      fc.assert(
        fc.property(properties, ([phase, sequence, scratch]) => {
          const statuses: number[] = []
          driver.on[`proxy_on_${phase}`] = () => {
            driver.vm.memory.write(SCRATCH, scratch)
            for (const [name, args] of sequence) statuses.push(driver.call(name, ...args))
            return 1
          }
          const plugin = driver.vm.startPlugin({ configuration: 'x' })
          const stream = plugin.stream({
            headers: [
              [':path', '/'],
              ['cookie', 'a=1'],
            ],
          })
          stream.requestHeaders()
          stream.requestBody('body', { endOfStream: true })
          if (stream.localReply === undefined) stream.responseHeaders()
          driver.vm.advance(5)
          stream.end()
          plugin.stop()
          driver.on[`proxy_on_${phase}`] = undefined
          expect(statuses.every((status) => Number.isInteger(status))).toBe(true)
          expect(statuses.length).toBeGreaterThanOrEqual(phase === 'tick' ? 0 : sequence.length)
          expect([driver.vm.isAlive, driver.vm.plugins.length, driver.vm.openStreams]).toEqual([true, 0, 0])
          driver.callbacks.length = 0
        }),
        { numRuns: RUNS },
      )
    },
  )
})
