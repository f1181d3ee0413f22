/** How long what filters leave with a stream lives. The same steps run in real Envoys: test/guests/conformance/spans.ts. */
import { describe, expect, test } from 'vitest'

import { Connection, type Plugin, Status, type Stream, type StreamOptions } from '../../host/index.ts'
import { writeFields } from '../../host/protobuf.ts'
import { Driver } from './driver.ts'

const { Ok, BadArgument } = Status
const SPANS = ['of chain', 'of request', 'of connection'] as const
const STATE = 'envoy.string'

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const varint = (field: number, value: number): string => String.fromCharCode(field * 8, value)

/** A root that has declared one property of each life span, and a hand in its streams. */
function declared(readOnly = false): { driver: Driver; plugin: Plugin; within: typeof within } {
  const driver = new Driver()
  driver.on['proxy_on_configure'] = () => {
    for (const [span, name] of SPANS.entries()) {
      const argument = latin1(writeFields([[1, name]])) + varint(2, readOnly ? 1 : 0) + varint(5, span)
      expect(driver.foreign('declare_property', argument)).toBe(Ok)
    }
    return 1
  }
  const plugin = driver.vm.startPlugin()
  function within(options: StreamOptions, run: () => void): Stream {
    driver.on['proxy_on_request_headers'] = () => {
      run()
      return 0
    }
    const stream = plugin.stream(options)
    stream.requestHeaders()
    return stream
  }
  return { driver, plugin, within }
}

describe('a declared property', () => {
  const seen = (driver: Driver): unknown[] => SPANS.map((name) => driver.getProperty(name).value)

  test('is there for the next filter chain, the same request, or the same connection', () => {
    const { driver, within } = declared()
    const connection = new Connection()
    const values: unknown[] = []
    const first = within({ connection }, () => {
      for (const name of SPANS) expect(driver.setProperty(name, 'set')).toBe(Ok)
      values.push(seen(driver))
    })
    first.end()
    const look = (): void => {
      values.push(seen(driver))
    }
    within({ info: first.info.redirected() }, look)
    within({ connection }, look)
    within({ connection: new Connection() }, look)
    within({}, look)
    const nothing = undefined
    expect(values).toEqual([
      ['set', 'set', 'set'],
      [nothing, 'set', 'set'],
      [nothing, nothing, 'set'],
      [nothing, nothing, nothing],
      [nothing, nothing, nothing],
    ])
  })

  test('is overwritten by a later request of the connection, unless it is read-only', () => {
    const run = (readOnly: boolean): unknown[] => {
      const { driver, within } = declared(readOnly)
      const connection = new Connection()
      const statuses: unknown[] = []
      for (const value of ['first', 'second']) {
        within({ connection }, () => statuses.push(driver.setProperty('of connection', value))).end()
      }
      within({ connection }, () => statuses.push(driver.getProperty('of connection').value))
      return statuses
    }
    expect(run(false)).toEqual([Ok, Ok, 'second'])
    expect(run(true)).toEqual([Ok, BadArgument, 'first'])
  })
})

describe('an object of set_envoy_filter_state', () => {
  function steps(spans: readonly number[]): unknown[] {
    const { driver, within } = declared()
    const values: unknown[] = []
    within({}, () => {
      for (const [i, span] of spans.entries()) {
        const argument =
          latin1(
            writeFields([
              [1, STATE],
              [2, `step ${i}`],
            ]),
          ) + varint(3, span)
        expect(driver.foreign('set_envoy_filter_state', argument)).toBe(Ok)
        values.push(driver.getProperty(`filter_state\0${STATE}`).value)
      }
    })
    return values
  }

  test('is replaced under its own life span', () => {
    for (const span of [0, 1, 2]) expect(steps([span, span])).toEqual(['step 0', 'step 1'])
  })

  test('stays as it is when it is set under another one, and the guest is told Ok', () => {
    for (const [first, second] of [
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 2],
      [2, 0],
      [2, 1],
    ] as const) {
      expect(steps([first, second, first]), `${first} then ${second}`).toEqual(['step 0', 'step 0', 'step 2'])
    }
  })

  test('lives as long as the filter chain when its life span is none that Envoy knows', () => {
    expect(steps([0, 3])).toEqual(['step 0', 'step 1'])
    expect(steps([2, 3])).toEqual(['step 0', 'step 0'])
  })
})
