import { beforeEach, describe, expect, test } from 'vitest'

import { type HttpCall, HostUsageError, type Plugin, Status } from '../../host/index.ts'
import { encodePairs } from '../../host/pairs.ts'
import { Driver, MEMORY_END, OK } from './driver.ts'

const REQUEST: [string, string][] = [
  [':method', 'POST'],
  [':path', '/check?user=alice'],
  [':authority', 'auth.example.com'],
  ['X-Tenant', 'acme'],
]

let driver: Driver
let plugin: Plugin
beforeEach(() => {
  driver = new Driver({ clusters: ['auth', 'quota'] })
  plugin = driver.vm.startPlugin({ rootId: 'root' })
})

const pairs = (entries: readonly (readonly [string, string])[]): [number, number] =>
  driver.bytes(encodePairs(entries))

interface Call {
  readonly cluster?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
  readonly timeout?: number
  readonly tokenAt?: number
}

function httpCall({ cluster = 'auth', headers = REQUEST, body = '', timeout = 0, tokenAt }: Call = {}): {
  status: number
  token: number
} {
  const at = tokenAt ?? driver.room(4)
  const status = driver.call(
    'proxy_http_call',
    ...driver.bytes(cluster),
    ...pairs(headers),
    ...driver.bytes(body),
    ...pairs([]),
    timeout,
    at,
  )
  return { status, token: driver.u32(at) }
}

/** Runs something in the request callback of a stream, which then waits. */
function inRequest<T>(run: () => T): T {
  const results: T[] = []
  driver.on['proxy_on_request_headers'] = () => {
    results.push(run())
    return 1
  }
  plugin.stream({ headers: [[':path', '/']] }).requestHeaders()
  return results[0] as T
}

describe('an HTTP call', () => {
  test('reaches the test as the guest has sent it', () => {
    expect(inRequest(() => httpCall({ body: 'who?', timeout: 250 }))).toEqual({ status: OK, token: 4 })
    const call = driver.vm.callouts.http('auth')
    expect(call.headers.toList()).toEqual([
      [':method', 'POST'],
      [':path', '/check?user=alice'],
      [':authority', 'auth.example.com'],
      ['x-tenant', 'acme'],
      ['content-length', '4'],
    ])
    expect([call.cluster, String(call.body), call.token, call.timeout]).toEqual(['auth', 'who?', 4, 250])
  })

  test('is answered on the root context, where its stream can read it too', () => {
    const { token } = inRequest(() => httpCall())
    const seen: unknown[] = []
    driver.on['proxy_on_http_call_response'] = (root, ...args) => {
      const read = () => [
        driver.getHeader(6, ':status').value,
        driver.getHeader(7, 'x-end').value,
        driver.answer('proxy_get_buffer_bytes', 4, 0, 100),
      ]
      seen.push(root, args, read())
      driver.call('proxy_set_effective_context', 2)
      seen.push(read())
      driver.call('proxy_continue_stream', 0)
      return undefined
    }
    driver.vm.callouts.http().respond({
      headers: [
        [':status', '403'],
        ['x-a', '1'],
      ],
      body: 'no',
      trailers: [['x-end', 'last']],
    })
    expect(seen).toEqual([1, [token, 2, 2, 1], ['403', 'last', 'no'], ['403', 'last', 'no']])
    expect(driver.vm.callouts.pending).toEqual([])
  })

  test('lets its stream go on, or answers in its place', () => {
    driver.on['proxy_on_request_headers'] = () => {
      httpCall()
      return 1
    }
    const first = plugin.stream()
    const second = plugin.stream()
    first.requestHeaders()
    second.requestHeaders()
    driver.on['proxy_on_http_call_response'] = (_root, token) => {
      driver.call('proxy_set_effective_context', token === 4 ? first.id : second.id)
      if (token === 4) driver.call('proxy_continue_stream', 0)
      else driver.call('proxy_send_local_response', 403, ...driver.bytes(''), ...driver.bytes('no'), 0, 0, -1)
      return undefined
    }
    driver.vm.callouts.http().respond()
    driver.vm.callouts.http().respond()
    expect(first.continued.request).toBe(true)
    expect(first.localReply).toBeUndefined()
    expect(second.continued.request).toBe(false)
    expect(second.localReply).toMatchObject({ status: 403, origin: 'guest' })
  })

  test('that breaks off says so by its status alone', () => {
    inRequest(() => httpCall())
    const seen: unknown[] = []
    driver.on['proxy_on_http_call_response'] = (_root, ...args) => {
      const code = driver.room(4)
      const message = driver.answer('proxy_get_status', code)
      seen.push(args, driver.getHeader(6, ':status').status, message, driver.u32(code))
      return undefined
    }
    driver.vm.callouts.http().fail()
    expect(seen).toEqual([[4, 0, 0, 0], Status.BadArgument, 'reset', 11])
  })

  test('times out at its moment, with the answer that Envoy gives in the server’s place', () => {
    inRequest(() => httpCall({ timeout: 250 }))
    const seen: unknown[] = []
    driver.on['proxy_on_http_call_response'] = () => {
      seen.push(
        driver.getHeader(6, ':status').value,
        driver.answer('proxy_get_buffer_bytes', 4, 0, 100),
        driver.vm.clock.monotonic(),
      )
      return undefined
    }
    expect(driver.vm.nextTickIn).toBe(250)
    driver.vm.advance(249)
    expect(seen).toEqual([])
    driver.vm.advance(1000)
    expect(seen).toEqual(['504', 'upstream request timeout', 1_000_250_000_000n])
    expect(driver.vm.nextTickIn).toBeUndefined()
  })

  test.each<[string, Call, number, number]>([
    ['an unknown cluster', { cluster: 'nowhere' }, Status.BadArgument, 0],
    ['a negative timeout', { timeout: -1 }, Status.BadArgument, 0],
    ['no :path', { headers: REQUEST.filter(([name]) => name !== ':path') }, Status.BadArgument, 0],
    ['no :method', { headers: REQUEST.filter(([name]) => name !== ':method') }, Status.BadArgument, 0],
    ['no :authority', { headers: REQUEST.filter(([name]) => name !== ':authority') }, Status.BadArgument, 0],
    ['no room for its token', { tokenAt: MEMORY_END - 3 }, Status.InvalidMemoryAccess, Number.NaN],
  ])('is refused for %s', (_what, call, status, token) => {
    expect(inRequest(() => httpCall(call))).toEqual({ status, token })
    expect(driver.vm.callouts.pending).toEqual([])
  })

  test('can be answered once, while its plugin is there', () => {
    inRequest(() => [httpCall(), httpCall()])
    const first = driver.vm.callouts.http()
    const second = driver.vm.callouts.pending[1] as HttpCall
    first.timeOut()
    const over = {
      code: 'callout_over',
      message: 'HTTP call 4 to auth: POST /check?user=alice is over: it cannot be answered',
    }
    expect(
      thrownBy(() => {
        first.timeOut()
      }),
    ).toEqual(over)
    plugin.stop()
    expect(second.isPending).toBe(true)
    for (const stream of driver.vm.streams) stream.end()
    expect(second.isPending).toBe(false)
  })

  test('that a test asks for in vain says what there is', () => {
    expect(thrownBy(() => driver.vm.callouts.http())).toMatchObject({
      code: 'no_callout',
      message: 'no HttpCall is pending, only: nothing',
    })
    inRequest(() => httpCall())
    expect(thrownBy(() => driver.vm.callouts.http('quota'))).toMatchObject({
      code: 'no_callout',
      message: 'no HttpCall to "quota" is pending, only: HTTP call 4 to auth: POST /check?user=alice',
    })
  })
})

describe('gRPC', () => {
  const grpc = (target = 'auth', timeout = 0): { status: number; token: number } => {
    const at = driver.room(4)
    const status = driver.call(
      'proxy_grpc_call',
      ...driver.bytes(target),
      ...driver.bytes('acme.Auth'),
      ...driver.bytes('Check'),
      ...pairs([['x-md', '1']]),
      ...driver.bytes('ask'),
      timeout,
      at,
    )
    return { status, token: driver.u32(at) }
  }

  test('a call gets one message, or a status', () => {
    expect(inRequest(() => [grpc(), grpc()])).toEqual([
      { status: OK, token: 5 },
      { status: OK, token: 9 },
    ])
    const seen: unknown[] = []
    driver.on['proxy_on_grpc_receive'] = (_root, token) => {
      seen.push(token, driver.answer('proxy_get_buffer_bytes', 5, 0, 100))
      return undefined
    }
    driver.on['proxy_on_grpc_close'] = (_root, token, status) => {
      const code = driver.room(4)
      seen.push(token, status, driver.answer('proxy_get_status', code), driver.u32(code))
      return undefined
    }
    const call = driver.vm.callouts.grpc()
    expect([call.service, call.method, call.initialMetadata.toList(), String(call.message)]).toEqual([
      'acme.Auth',
      'Check',
      [['x-md', '1']],
      'ask',
    ])
    call.respond('yes')
    driver.vm.callouts.grpc().close(5, 'gone')
    expect(seen).toEqual([5, 'yes', 9, 5, 'gone{via_upstream}', 5])
  })

  test('a call names its cluster plainly or in a GrpcService', () => {
    const service = '\x0a\x06\x0a\x04auth'
    expect(inRequest(() => [grpc(service), grpc('\x0a\x06\x0a\x04nope'), grpc('nope')])).toEqual([
      { status: OK, token: 5 },
      { status: Status.InternalFailure, token: 0x3f3f3f3f },
      { status: Status.ParseFailure, token: 0x3f3f3f3f },
    ])
    expect(driver.vm.callouts.grpc().cluster).toBe('auth')
  })

  test('a call times out as unavailable', () => {
    inRequest(() => grpc('auth', 30))
    driver.vm.advance(30)
    expect(driver.callbacks.at(-1)).toBe('proxy_on_grpc_close(1, 5, 14)')
  })

  test('a stream takes messages both ways until it is closed', () => {
    const at = inRequest(() => {
      const token = driver.room(4)
      driver.call(
        'proxy_grpc_stream',
        ...driver.bytes('auth'),
        ...driver.bytes('acme.Auth'),
        ...driver.bytes('Watch'),
        ...pairs([]),
        token,
      )
      return [
        driver.u32(token),
        driver.call('proxy_grpc_send', 6, ...driver.bytes('a'), 0),
        driver.call('proxy_grpc_send', 6, ...driver.bytes('b'), 1),
        driver.call('proxy_grpc_close', 6),
        driver.call('proxy_grpc_send', 5, ...driver.bytes('b'), 1),
        driver.call('proxy_grpc_send', 10, ...driver.bytes('b'), 1),
      ]
    })
    expect(at).toEqual([6, OK, OK, OK, Status.BadArgument, Status.NotFound])
    const stream = driver.vm.callouts.grpcStream()
    expect(stream.sent.map(({ message, endOfStream }) => [String(message), endOfStream])).toEqual([
      ['a', false],
      ['b', true],
    ])
    expect(stream.isHalfClosed).toBe(true)
    const seen: unknown[] = []
    driver.on['proxy_on_grpc_receive_initial_metadata'] = (_root, _token, elements) => {
      seen.push(elements, driver.getHeader(4, 'x-md').value)
      return undefined
    }
    driver.on['proxy_on_grpc_receive_trailing_metadata'] = (_root, _token, elements) => {
      seen.push(elements, driver.getHeader(5, 'x-md').value)
      return undefined
    }
    stream.sendInitialMetadata([['x-md', 'first']])
    stream.send('message')
    stream.sendTrailingMetadata([['x-md', 'last']])
    stream.close(0)
    expect(seen).toEqual([1, 'first', 1, 'last'])
    expect(driver.callbacks.slice(-4)).toEqual([
      'proxy_on_grpc_receive_initial_metadata(1, 6, 1)',
      'proxy_on_grpc_receive(1, 6, 7)',
      'proxy_on_grpc_receive_trailing_metadata(1, 6, 1)',
      'proxy_on_grpc_close(1, 6, 0)',
    ])
  })

  test('a cancelled call is gone', () => {
    inRequest(() => grpc())
    const call = driver.vm.callouts.grpc()
    driver.on['proxy_on_tick'] = () => driver.call('proxy_grpc_cancel', call.token)
    inRequest(() => driver.call('proxy_grpc_cancel', call.token))
    expect(call.isPending).toBe(false)
    expect(inRequest(() => driver.call('proxy_grpc_cancel', call.token))).toBe(Status.NotFound)
  })
})

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    if (error instanceof HostUsageError) return { code: error.code, message: error.message }
    throw error
  }
  return undefined
}
