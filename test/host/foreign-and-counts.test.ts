import { describe, expect, test } from 'vitest'

import { Status } from '../../host/index.ts'
import { configuring, Driver, MEMORY_END } from './driver.ts'

const { Ok, NotFound, BadArgument, ParseFailure, InvalidMemoryAccess } = Status

describe('callouts, in an Envoy without clusters', () => {
  test('fail before they start, as for an unknown cluster', () => {
    const driver = new Driver()
    const seen = configuring(driver, () => {
      const token = driver.room(4)
      const cluster = driver.bytes('cluster')
      return [
        driver.call('proxy_http_call', ...cluster, 0, 0, 0, 0, 0, 0, 1000, token),
        driver.u32(token),
        driver.call('proxy_http_call', ...cluster, 0, 0, 0, 0, 0, 0, 1000, MEMORY_END),
        driver.call('proxy_http_call', ...cluster, 0, 0, MEMORY_END, 1, 0, 0, 1000, token),
        driver.call('proxy_grpc_call', ...cluster, 0, 0, 0, 0, 0, 0, 0, 0, 1000, token),
        driver.call('proxy_grpc_stream', ...cluster, 0, 0, 0, 0, 0, 0, token),
        driver.call('proxy_grpc_send', 2, 0, 0, 0),
        driver.call('proxy_grpc_send', 1, 0, 0, 0),
        driver.call('proxy_grpc_close', 2),
        driver.call('proxy_grpc_cancel', 2),
      ]
    })
    expect(seen).toEqual([
      BadArgument,
      0,
      InvalidMemoryAccess,
      InvalidMemoryAccess,
      ParseFailure,
      ParseFailure,
      NotFound,
      BadArgument,
      NotFound,
      NotFound,
    ])
  })
})

describe('foreign functions', () => {
  test('an unknown one is NotFound and leaves the out parameters alone', () => {
    const driver = new Driver()
    const seen = configuring(driver, () =>
      driver.fetch('proxy_call_foreign_function', ...driver.bytes('no_such'), 0, 0),
    )
    expect(seen).toEqual({ status: NotFound, value: undefined })
  })

  test('a test adds its own; the outputs are written whatever it answers, each where it is wanted', () => {
    const foreignFunctions = {
      shout: (argument: Uint8Array) => ({
        status: Ok,
        result: Buffer.from(Buffer.from(argument).toString().toUpperCase()),
      }),
      refuse: () => ({ status: Status.InternalFailure }),
    }
    const driver = new Driver({ foreignFunctions })
    const seen = configuring(driver, () => {
      const out = driver.room(8)
      return [
        driver.fetch('proxy_call_foreign_function', ...driver.bytes('shout'), ...driver.bytes('hey')),
        driver.call('proxy_call_foreign_function', ...driver.bytes('refuse'), 0, 0, out, out + 4),
        driver.u32(out),
        driver.u32(out + 4),
        driver.call('proxy_call_foreign_function', ...driver.bytes('shout'), ...driver.bytes('hey'), 0, out),
        driver.u32(out),
        driver.call('proxy_call_foreign_function', ...driver.bytes('shout'), 0, 0, MEMORY_END, 0),
      ]
    })
    expect(seen).toEqual([
      { status: Ok, value: 'HEY' },
      Status.InternalFailure,
      0,
      0,
      Ok,
      3,
      InvalidMemoryAccess,
    ])
  })

  test('compress and uncompress undo each other', () => {
    const driver = new Driver()
    const seen = configuring(driver, () => {
      const packed = driver.fetch(
        'proxy_call_foreign_function',
        ...driver.bytes('compress'),
        ...driver.bytes('aaaa'),
      )
      return [
        driver.fetch(
          'proxy_call_foreign_function',
          ...driver.bytes('uncompress'),
          ...driver.bytes(packed.value ?? ''),
        ),
        driver.foreign('uncompress', 'not packed'),
      ]
    })
    expect(seen).toEqual([{ status: Ok, value: 'aaaa' }, Status.SerializationFailure])
  })
})

describe('what a test can count and read', () => {
  test('hostcalls by name, in all, and per phase', () => {
    const driver = new Driver()
    driver.on['proxy_on_request_headers'] = () => {
      driver.getHeader(0, 'x')
      driver.getHeader(0, 'y')
      return 0
    }
    const stream = driver.vm.startPlugin().stream()
    driver.vm.hostcalls.reset()
    const { hostcalls } = stream.requestHeaders()
    // The driver asks the test by one foreign call for each of its two callbacks.
    expect([
      hostcalls,
      driver.vm.hostcalls.of('proxy_get_header_map_value'),
      driver.vm.hostcalls.total,
    ]).toEqual([4, 2, 4])
    expect(driver.vm.hostcalls.all()).toEqual({
      proxy_get_header_map_value: 2,
      proxy_call_foreign_function: 2,
    })
    expect(() => driver.vm.hostcalls.of('proxy_nothing')).toThrow(
      'no guest can call "proxy_nothing": it is no hostcall',
    )
  })

  test('the journal tells everything in its order, and is not kept unless it is asked for', () => {
    const driver = new Driver({ journal: true })
    driver.on['proxy_on_log'] = () => {
      driver.call('proxy_log', 2, ...driver.bytes('bye'))
      driver.call('proxy_done')
      driver.trap()
      return undefined
    }
    const stream = driver.vm.startPlugin().stream()
    driver.vm.journal?.clear()
    stream.end()
    expect(String(driver.vm.journal)).toBe(
      [
        'proxy_on_context_create(2, 1)',
        '  proxy_call_foreign_function(96, 6, 32, 12, 0, 0) -> 0',
        '  return',
        'proxy_on_log(2)',
        '  [Info] bye',
        '  proxy_log(2, 1024, 3) -> 0',
        '  proxy_done() -> 1',
        '  proxy_call_foreign_function(96, 6, 32, 8, 0, 0) -> 0',
        '  trap in proxy_on_log: Function: proxy_on_log failed: Uncaught RuntimeError: unreachable',
      ].join('\n'),
    )
    expect(new Driver().vm.journal).toBeUndefined()
  })
})
