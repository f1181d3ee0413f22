import { describe, expect, test } from 'vitest'

import { HostUsageError, type PluginRefusedError, Status } from '../../host/index.ts'
import { Driver } from './driver.ts'

/** Everything that ran since the last look. */
function ran(driver: Driver): string[] {
  return driver.callbacks.splice(0)
}

describe('a root context', () => {
  test('is created, started and configured, with the sizes of both configurations', () => {
    const driver = new Driver({ configuration: 'vm!' })
    driver.vm.startPlugin({ configuration: 'héllo' })
    expect(ran(driver)).toEqual([
      'proxy_on_context_create(1, 0)',
      'proxy_on_vm_start(1, 3)',
      'proxy_on_configure(1, 6)',
    ])
  })

  test('shares its VM with others: each is started anew, with an id of its own', () => {
    const driver = new Driver()
    driver.vm.startPlugin({ rootId: 'a' })
    ran(driver)
    driver.vm.startPlugin({ rootId: 'b' }).stream().requestHeaders()
    expect(ran(driver)).toEqual([
      'proxy_on_context_create(2, 0)',
      'proxy_on_vm_start(2, 0)',
      'proxy_on_configure(2, 0)',
      'proxy_on_context_create(3, 2)',
      'proxy_on_request_headers(3, 0, 0)',
    ])
  })

  test('is done and deleted when it is stopped, and takes no stream after that', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin()
    ran(driver)
    plugin.stop()
    expect(ran(driver)).toEqual(['proxy_on_done(1)', 'proxy_on_delete(1)'])
    expect(driver.vm.plugins).toEqual([])
    expect(() => plugin.stream()).toThrow('the plugin is stopped: it takes no new streams')
  })

  test('that is not done yet is deleted after the callback in which it calls proxy_done', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin()
    driver.on['proxy_on_configure'] = () => {
      driver.call('proxy_set_tick_period_milliseconds', 10)
      return 1
    }
    const other = driver.vm.startPlugin()
    driver.on['proxy_on_done'] = () => 0
    plugin.stop()
    ran(driver)
    const statuses: number[] = []
    driver.on['proxy_on_tick'] = () => {
      statuses.push(driver.call('proxy_done'))
      driver.call('proxy_set_effective_context', 1)
      statuses.push(driver.call('proxy_done'), driver.call('proxy_done'))
      return undefined
    }
    driver.vm.advance(10)
    expect(statuses).toEqual([Status.NotFound, Status.Ok, Status.NotFound])
    expect(ran(driver)).toEqual(['proxy_on_tick(2)', 'proxy_on_delete(1)'])
    expect(driver.vm.plugins).toEqual([other])
  })

  test('is refused when it does not start', () => {
    const driver = new Driver()
    driver.on['proxy_on_vm_start'] = () => 0
    expect(() => driver.vm.startPlugin()).toThrow(
      expect.objectContaining({
        code: 'vm_start_failed',
        phase: 'vm_start',
        message: 'proxy_on_vm_start returned false',
      }),
    )
    expect(ran(driver)).toEqual(['proxy_on_context_create(1, 0)', 'proxy_on_vm_start(1, 0)'])
  })

  test('is refused when it refuses its configuration, without done or delete', () => {
    const driver = new Driver()
    driver.on['proxy_on_configure'] = () => 0
    expect(() => driver.vm.startPlugin()).toThrow(
      expect.objectContaining<Partial<PluginRefusedError>>({
        code: 'configure_failed',
        phase: 'configure',
        message: 'proxy_on_configure returned false',
      }),
    )
    ran(driver)
    driver.vm[Symbol.dispose]()
    expect(ran(driver)).toEqual([])
    expect(driver.vm.isAlive).toBe(true)
  })
})

describe('a configuration update', () => {
  test('starts the new root before the old one is done', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin({ configuration: 'old' })
    ran(driver)
    const successor = plugin.replace({ configuration: 'newer' })
    expect(ran(driver)).toEqual([
      'proxy_on_context_create(2, 0)',
      'proxy_on_vm_start(2, 0)',
      'proxy_on_configure(2, 5)',
      'proxy_on_done(1)',
      'proxy_on_delete(1)',
    ])
    expect([plugin.isRunning, successor.isRunning]).toEqual([false, true])
  })

  test('lets open streams finish on the old root, whose done and delete come after theirs', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin()
    const streams = [plugin.stream(), plugin.stream()]
    for (const stream of streams) stream.requestHeaders()
    const successor = plugin.replace({})
    ran(driver)
    streams[0]?.responseHeaders()
    for (const stream of streams) stream.end()
    expect(ran(driver)).toEqual([
      'proxy_on_response_headers(2, 1, 0)',
      'proxy_on_log(2)',
      'proxy_on_done(2)',
      'proxy_on_delete(2)',
      'proxy_on_log(3)',
      'proxy_on_done(3)',
      'proxy_on_delete(3)',
      'proxy_on_done(1)',
      'proxy_on_delete(1)',
    ])
    expect(driver.vm.plugins).toEqual([successor])
  })

  test('that is refused leaves the old root as it was', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin()
    driver.on['proxy_on_configure'] = () => 0
    expect(() => plugin.replace({})).toThrow('proxy_on_configure returned false')
    ran(driver)
    plugin.stream().requestHeaders()
    expect(ran(driver)).toEqual(['proxy_on_context_create(3, 1)', 'proxy_on_request_headers(3, 0, 0)'])
  })
})

describe('a stream', () => {
  test('is created right before its first callback and ends with log, done, delete', () => {
    const driver = new Driver()
    const stream = driver.vm.startPlugin().stream({ headers: [[':path', '/']] })
    ran(driver)
    stream.requestHeaders({ endOfStream: true })
    stream.responseHeaders({
      headers: [
        [':status', '200'],
        ['a', 'b'],
      ],
    })
    stream.responseBody('four', { endOfStream: true })
    stream.end()
    expect(ran(driver)).toEqual([
      'proxy_on_context_create(2, 1)',
      'proxy_on_request_headers(2, 1, 1)',
      'proxy_on_response_headers(2, 2, 0)',
      'proxy_on_response_body(2, 4, 1)',
      'proxy_on_log(2)',
      'proxy_on_done(2)',
      'proxy_on_delete(2)',
    ])
  })

  test('that never reached the filter is created only to be logged, done and deleted', () => {
    const driver = new Driver()
    const stream = driver.vm.startPlugin().stream()
    ran(driver)
    stream.responseHeaders({ headers: [[':status', '400']] })
    stream.end()
    expect(ran(driver)).toEqual([
      'proxy_on_context_create(2, 1)',
      'proxy_on_log(2)',
      'proxy_on_done(2)',
      'proxy_on_delete(2)',
    ])
  })

  test('does not care what done returns', () => {
    const driver = new Driver()
    driver.on['proxy_on_done'] = () => 0
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    ran(driver)
    stream.end()
    expect(ran(driver)).toEqual(['proxy_on_log(2)', 'proxy_on_done(2)', 'proxy_on_delete(2)'])
  })

  test('ends by itself at the end of a using block, once', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin()
    {
      using stream = plugin.stream()
      stream.requestHeaders()
      using ended = plugin.stream()
      ended.end()
    }
    expect(driver.callbacks.filter((name) => name.startsWith('proxy_on_delete'))).toEqual([
      'proxy_on_delete(3)',
      'proxy_on_delete(2)',
    ])
    expect(driver.vm.openStreams).toBe(0)
  })

  test('is one of ten thousand that are open at once, and they end in any order', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin()
    const streams = Array.from({ length: 10_000 }, () => plugin.stream())
    for (const stream of streams) stream.requestHeaders()
    expect(driver.vm.openStreams).toBe(10_000)
    ran(driver)
    for (const stream of streams.reverse()) stream.end()
    expect(driver.vm.openStreams).toBe(0)
    expect(driver.callbacks[0]).toBe('proxy_on_log(10001)')
    expect(driver.callbacks.at(-1)).toBe('proxy_on_delete(2)')
  })

  test.each([
    [
      'a phase twice',
      'callback_repeated',
      'requestHeaders has run already: a stream has each of its headers and trailers once',
    ],
    ['a phase after its end', 'stream_ended', 'requestHeaders was called on stream 2, which has ended'],
  ])('refuses %s', (what, code, message) => {
    const stream = new Driver().vm.startPlugin().stream()
    stream.requestHeaders()
    if (what === 'a phase after its end') stream.end()
    expect(() => stream.requestHeaders()).toThrow(expect.objectContaining({ code, message }))
    expect(() => stream.requestHeaders()).toThrow(HostUsageError)
  })
})

describe('what a headers callback returns', () => {
  test.each([
    [0, 0],
    [1, 4],
    [2, 0],
    [3, 3],
    [4, 4],
    [5, 4],
    [0xffff_ffff, 4],
  ])('%i is taken for %i', (returned, taken) => {
    const driver = new Driver()
    driver.on['proxy_on_request_headers'] = () => returned
    driver.on['proxy_on_response_headers'] = () => returned
    const stream = driver.vm.startPlugin().stream()
    const { status, rawStatus } = stream.requestHeaders()
    expect([rawStatus, status, stream.responseHeaders().status]).toEqual([returned, taken, taken])
  })

  test('StopIteration stays itself where the configuration allows it', () => {
    const driver = new Driver()
    driver.on['proxy_on_request_headers'] = () => 1
    const plugin = driver.vm.startPlugin({ allowOnHeadersStopIteration: true })
    expect(plugin.stream().requestHeaders().status).toBe(1)
  })
})

describe('the effective context', () => {
  test('is what hostcalls act on until the callback returns; an unknown id is BadArgument', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin({ rootId: 'root' })
    const first = plugin.stream({ headers: [['x', 'first']] })
    driver.on['proxy_on_request_headers'] = () => 1
    first.requestHeaders()
    const seen: unknown[] = []
    driver.on['proxy_on_request_headers'] = () => {
      seen.push(driver.getHeader(0, 'x').value)
      seen.push(driver.call('proxy_set_effective_context', 99))
      seen.push(driver.call('proxy_set_effective_context', first.id))
      seen.push(driver.getHeader(0, 'x').value)
      seen.push(driver.call('proxy_set_effective_context', 1), driver.getHeader(0, 'x').status)
      return 0
    }
    const second = plugin.stream({ headers: [['x', 'second']] })
    second.requestHeaders()
    expect(seen).toEqual(['second', Status.BadArgument, Status.Ok, 'first', Status.Ok, Status.BadArgument])
  })
})

describe('ticks', () => {
  test('come at their period, for each root its own, while the clock is moved', () => {
    const driver = new Driver()
    const start = (period: number): void => {
      driver.on['proxy_on_configure'] = () => {
        driver.call('proxy_set_tick_period_milliseconds', period)
        return 1
      }
      driver.vm.startPlugin()
    }
    start(100)
    start(240)
    ran(driver)
    const before = driver.vm.clock.monotonic()
    driver.vm.advance(520)
    expect(ran(driver)).toEqual([
      'proxy_on_tick(1)',
      'proxy_on_tick(1)',
      'proxy_on_tick(2)',
      'proxy_on_tick(1)',
      'proxy_on_tick(1)',
      'proxy_on_tick(2)',
      'proxy_on_tick(1)',
    ])
    expect(driver.vm.clock.monotonic() - before).toBe(520_000_000n)
    expect(driver.vm.nextTickIn).toBe(80)
  })

  test('belong to the root, though a stream asks for them, and end with a period of 0', () => {
    const driver = new Driver()
    driver.on['proxy_on_request_headers'] = () => {
      driver.call('proxy_set_tick_period_milliseconds', 5)
      return 0
    }
    driver.on['proxy_on_tick'] = () => {
      driver.call('proxy_set_tick_period_milliseconds', 0)
      return undefined
    }
    driver.vm.startPlugin().stream().requestHeaders()
    ran(driver)
    driver.vm.advance(50)
    expect(ran(driver)).toEqual(['proxy_on_tick(1)'])
    expect(driver.vm.nextTickIn).toBeUndefined()
  })

  test('end with their root', () => {
    const driver = new Driver()
    driver.on['proxy_on_configure'] = () => {
      driver.call('proxy_set_tick_period_milliseconds', 5)
      return 1
    }
    driver.vm.startPlugin().stop()
    ran(driver)
    driver.vm.advance(50)
    expect(ran(driver)).toEqual([])
  })
})

describe('metadata', () => {
  test('comes with the number of its names, between the other phases, and changes nothing', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin()
    const stream = plugin.stream()
    const metadata = [
      ['tenant', 'acme'],
      ['tenant', 'again'],
      ['trace', '7'],
    ] as const
    expect(stream.requestMetadata(metadata).rawStatus).toBeUndefined() // Nothing reaches a filter before the headers.
    stream.requestHeaders()
    driver.callbacks.length = 0
    driver.on['proxy_on_request_metadata'] = () => 1
    expect(stream.requestMetadata(metadata)).toEqual({ rawStatus: 1, localReply: undefined, hostcalls: 1 })
    stream.requestMetadata([])
    stream.responseHeaders()
    stream.responseMetadata(metadata)
    expect(driver.callbacks).toEqual([
      `proxy_on_request_metadata(${stream.id}, 2)`,
      `proxy_on_request_metadata(${stream.id}, 0)`,
      expect.stringContaining('proxy_on_response_headers('),
      `proxy_on_response_metadata(${stream.id}, 2)`,
    ])
    stream.end()
    expect(() => stream.requestMetadata([])).toThrow(expect.objectContaining({ code: 'stream_ended' }))
  })

  test('in which a filter traps ends the request with 503', () => {
    const driver = new Driver()
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    driver.on['proxy_on_request_metadata'] = () => {
      driver.trap()
      return 0
    }
    expect(stream.requestMetadata([]).localReply?.status).toBe(503)
  })
})
