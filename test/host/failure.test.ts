import { describe, expect, test } from 'vitest'

import { LogLevel, type Plugin, Status, type Stream } from '../../host/index.ts'
import { ALLOCATOR, Driver, MEMORY_END } from './driver.ts'

function trapsIn(driver: Driver, callback: string): void {
  driver.on[callback] = () => {
    driver.trap()
    return 0
  }
}

/** What the client of a stream gets instead of an answer of the upstream. */
function reply(stream: Pick<Stream, 'localReply'>): unknown {
  if (stream.localReply === undefined) return undefined
  const { status, headers, body, details, grpcStatus, origin } = stream.localReply
  return { status, headers: headers.toList(), body: body.length, details, grpcStatus, origin }
}

const FAILED = {
  status: 503,
  headers: [[':status', '503']],
  body: 0,
  details: 'wasm_fail_stream',
  grpcStatus: 14,
  origin: 'failure',
}

describe('a trap', () => {
  test('costs its own request a 503 without a body, and says why', () => {
    const driver = new Driver()
    trapsIn(driver, 'proxy_on_request_headers')
    const stream = driver.vm.startPlugin({ rootId: 'root' }).stream()
    const { status, rawStatus } = stream.requestHeaders()
    expect({ status, rawStatus, reply: reply(stream) }).toEqual({
      status: 4,
      rawStatus: undefined,
      reply: FAILED,
    })
    expect(driver.vm.isAlive).toBe(false)
    expect(driver.vm.failure).toMatchObject({
      callback: 'proxy_on_request_headers',
      message: 'Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable',
    })
    expect(driver.vm.logs.messages(LogLevel.Error)).toEqual([driver.vm.failure?.message])
  })

  test('kills every stream and every plugin of the VM: nothing runs any more', () => {
    const driver = new Driver()
    const other = driver.vm.startPlugin()
    const open = other.stream()
    open.requestHeaders()
    const plugin = driver.vm.startPlugin()
    trapsIn(driver, 'proxy_on_log')
    plugin.stream().end()
    driver.callbacks.length = 0
    expect(open.responseHeaders().status).toBe(4)
    open.end()
    other.stop()
    driver.vm.advance(1000)
    expect(driver.callbacks).toEqual([])
    expect(reply(open)).toEqual(FAILED)
    expect(() => driver.vm.startPlugin()).toThrow(
      'the VM is dead (Function: proxy_on_log failed: Uncaught RuntimeError: unreachable): make a new one',
    )
  })

  test('in a body callback drops the data', () => {
    const driver = new Driver()
    trapsIn(driver, 'proxy_on_request_body')
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    const { status, body } = stream.requestBody('data')
    expect([status, body.length, reply(stream)]).toEqual([3, 0, FAILED])
  })

  test('in the response callback replaces the answer', () => {
    const driver = new Driver()
    trapsIn(driver, 'proxy_on_response_headers')
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    stream.responseHeaders({ headers: [[':status', '200']] })
    expect(reply(stream)).toEqual(FAILED)
  })

  test('comes before a reply that the guest had asked for', () => {
    const driver = new Driver()
    driver.on['proxy_on_request_headers'] = () => {
      driver.call('proxy_send_local_response', 403, 0, 0, 0, 0, 0, 0, -1)
      driver.trap()
      return 0
    }
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    expect(reply(stream)).toEqual(FAILED)
  })

  test.each(['proxy_on_context_create', 'proxy_on_vm_start', 'proxy_on_configure'])(
    'in %s refuses the plugin',
    (name) => {
      const driver = new Driver()
      trapsIn(driver, name)
      expect(() => driver.vm.startPlugin()).toThrow(
        expect.objectContaining({
          code: 'trap',
          phase: name.replace('proxy_on_', ''),
          message: `Function: ${name} failed: Uncaught RuntimeError: unreachable`,
        }),
      )
    },
  )
})

describe('after a trap, the failure policy', () => {
  function dead(failurePolicy: 'FAIL_CLOSED' | 'FAIL_OPEN'): Plugin {
    const driver = new Driver()
    trapsIn(driver, 'proxy_on_request_headers')
    const plugin = driver.vm.startPlugin({ failurePolicy })
    const first = plugin.stream()
    first.requestHeaders()
    expect(reply(first)).toEqual(FAILED)
    return plugin
  }

  test('FAIL_CLOSED answers 503 to every later request', () => {
    const stream = dead('FAIL_CLOSED').stream()
    expect(stream.requestHeaders().status).toBe(4)
    expect(reply(stream)).toEqual(FAILED)
    stream.end()
  })

  test('FAIL_OPEN lets every later request pass without the filter', () => {
    const stream = dead('FAIL_OPEN').stream({ headers: [['x', '1']] })
    const request = stream.requestHeaders()
    const body = stream.requestBody('data')
    const response = stream.responseHeaders({ headers: [[':status', '200']] })
    expect([request.status, request.headers.toList(), Buffer.from(body.body).toString()]).toEqual([
      0,
      [['x', '1']],
      'data',
    ])
    expect([response.status, response.localReply]).toEqual([0, undefined])
    expect(stream.end()).toBe(0)
  })
})

describe('inside malloc', () => {
  test('a trap makes the hostcall fail, the guest goes on, and only then the VM is dead', () => {
    const driver = new Driver()
    const statuses: number[] = []
    driver.on['proxy_on_request_headers'] = () => {
      driver.allocator = ALLOCATOR.trap
      statuses.push(driver.getHeader(0, 'x').status)
      statuses.push(driver.call('proxy_add_header_map_value', 0, ...driver.bytes('y'), ...driver.bytes('2')))
      return 0
    }
    const stream = driver.vm.startPlugin().stream({ headers: [['x', '1']] })
    stream.requestHeaders()
    expect(statuses).toEqual([Status.InvalidMemoryAccess, Status.Ok])
    expect(stream.request.toList()).toEqual([
      ['x', '1'],
      ['y', '2'],
    ])
    expect(driver.vm.failure?.message).toBe('Function: malloc failed: Uncaught RuntimeError: unreachable')
    expect(reply(stream)).toEqual(FAILED)
  })

  test('a hostcall that is not allowed there traps', () => {
    const driver = new Driver()
    let status: number | undefined
    driver.on['proxy_on_request_headers'] = () => {
      driver.allocator = ALLOCATOR.getProperty
      status = driver.getHeader(0, 'x').status
      return 0
    }
    driver.vm
      .startPlugin()
      .stream({ headers: [['x', '1']] })
      .requestHeaders()
    expect(status).toBe(Status.InvalidMemoryAccess)
    expect(driver.vm.failure?.message).toBe(
      'Function: malloc failed: Uncaught Error: restricted_callback: proxy_get_property',
    )
  })

  test('the context is the VM itself, and the effective context of the callback comes back after it', () => {
    const driver = new Driver()
    driver.on['proxy_on_request_headers'] = () => 1
    const plugin = driver.vm.startPlugin({ rootId: 'root' })
    const first = plugin.stream({ headers: [['x', 'first']] })
    first.requestHeaders()
    const seen: unknown[] = []
    driver.on['proxy_on_request_headers'] = () => {
      driver.call('proxy_set_effective_context', first.id)
      driver.allocator = ALLOCATOR.log
      seen.push(driver.getHeader(0, 'x').value, driver.getHeader(0, 'x').value)
      return 0
    }
    plugin.stream({ headers: [['x', 'second']] }).requestHeaders()
    expect(seen).toEqual(['first', 'first'])
    expect(driver.vm.logs.entries.map(({ rootId }) => rootId)).toEqual(['', ''])
  })

  test('the log is allowed', () => {
    const driver = new Driver()
    let value: unknown
    driver.on['proxy_on_request_headers'] = () => {
      driver.allocator = ALLOCATOR.log
      value = driver.getHeader(0, 'x').value
      return 0
    }
    driver.vm
      .startPlugin()
      .stream({ headers: [['x', '1']] })
      .requestHeaders()
    expect([value, driver.vm.logs.messages(), driver.vm.isAlive]).toEqual(['1', ['driver'], true])
  })
})

describe('an injected fault', () => {
  test('answers every call of a hostcall, out parameters untouched, until it is taken back', () => {
    const driver = new Driver()
    driver.vm.inject({ hostcall: 'proxy_get_header_map_value', status: Status.InternalFailure })
    const seen: unknown[] = []
    driver.on['proxy_on_request_headers'] = () => {
      seen.push(driver.getHeader(0, 'x'), driver.getHeader(0, 'x').status)
      driver.vm.clearFaults()
      seen.push(driver.getHeader(0, 'x').value)
      return 0
    }
    driver.vm
      .startPlugin()
      .stream({ headers: [['x', '1']] })
      .requestHeaders()
    expect(seen).toEqual([{ status: Status.InternalFailure, value: undefined }, Status.InternalFailure, '1'])
  })

  test('answers the nth call only, counted from when it was asked for', () => {
    const driver = new Driver()
    driver.vm.inject({ hostcall: 'random_get', nth: 2, status: 29 })
    const statuses: number[] = []
    driver.on['proxy_on_request_headers'] = () => {
      for (let i = 0; i < 3; i++) statuses.push(driver.call('random_get', driver.room(8), 8))
      return 0
    }
    driver.vm.startPlugin().stream().requestHeaders()
    expect(statuses).toEqual([0, 29, 0])
  })

  test('lets malloc answer what a test likes', () => {
    const driver = new Driver()
    driver.vm.inject({ hostcall: 'malloc', nth: 1, status: 0 })
    const seen: unknown[] = []
    driver.on['proxy_on_request_headers'] = () => {
      seen.push(driver.getHeader(0, 'x').status, driver.getHeader(0, 'x').value)
      return 0
    }
    driver.vm
      .startPlugin()
      .stream({ headers: [['x', '1']] })
      .requestHeaders()
    expect([seen, driver.vm.isAlive]).toEqual([[Status.InvalidMemoryAccess, '1'], true])
  })

  test('lets malloc answer an address that is not all inside the memory: the hostcall fails', () => {
    const driver = new Driver()
    driver.vm.inject({ hostcall: 'malloc', status: MEMORY_END - 1 })
    const seen: unknown[] = []
    driver.on['proxy_on_request_headers'] = () => {
      seen.push(driver.getHeader(0, 'one'), driver.getHeader(0, 'two'))
      return 0
    }
    const headers = [
      ['one', '1'],
      ['two', '12'],
    ] as const
    driver.vm.startPlugin().stream({ headers }).requestHeaders()
    expect(seen).toEqual([
      { status: Status.Ok, value: '1' },
      { status: Status.InvalidMemoryAccess, value: undefined },
    ])
  })

  test('of a hostcall that does not exist is a mistake in the test', () => {
    expect(() => {
      new Driver().vm.inject({ hostcall: 'proxy_get_headers', status: 1 })
    }).toThrow('no guest can call "proxy_get_headers": it is no hostcall')
  })
})
