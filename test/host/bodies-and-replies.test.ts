import { describe, expect, test } from 'vitest'

import { BufferType, Status } from '../../host/index.ts'
import { encodePairs } from '../../host/pairs.ts'
import { Driver, MEMORY_END } from './driver.ts'

const { HttpRequestBody, HttpCallResponseBody, VmConfiguration, PluginConfiguration, CallData } = BufferType
const { Ok, NotFound, BadArgument, InvalidMemoryAccess } = Status

const text = (data: Uint8Array): string => Buffer.from(data).toString('latin1')

describe('configurations', () => {
  test("the plugin's is there while its root is created and configured, the VM's always", () => {
    const driver = new Driver({ configuration: 'vm' })
    const seen: unknown[] = []
    const look = (name: string): void => {
      driver.on[name] = () => {
        const read = (type: number): unknown => driver.answer('proxy_get_buffer_bytes', type, 0, 0xffff)
        seen.push([read(VmConfiguration), read(PluginConfiguration)])
        return 1
      }
    }
    for (const name of ['context_create', 'vm_start', 'configure', 'request_headers'])
      look(`proxy_on_${name}`)
    driver.vm.startPlugin({ configuration: 'é' }).stream().requestHeaders()
    const own = '\xc3\xa9'
    expect(seen).toEqual([
      ['vm', own],
      ['vm', NotFound],
      ['vm', own],
      ['vm', NotFound],
      ['vm', NotFound],
    ])
  })

  test('are read in pieces: a start beyond the end is Ok and empty, a length is cut', () => {
    const driver = new Driver()
    let seen: unknown
    driver.on['proxy_on_configure'] = () => {
      const read = (start: number, length: number): unknown =>
        driver.fetch('proxy_get_buffer_bytes', PluginConfiguration, start, length)
      seen = [read(1, 3), read(4, 9), read(6, 1), read(99, 1), read(0, 0), read(0, -1)]
      return 1
    }
    driver.vm.startPlugin({ configuration: '012345' })
    expect(seen).toEqual(['123', '45', null, null, null, '012345'].map((value) => ({ status: Ok, value })))
  })

  test('answer in the order type, buffer, out parameters', () => {
    const driver = new Driver()
    let statuses: unknown
    driver.on['proxy_on_configure'] = () => {
      const read = (type: number, out: number): number =>
        driver.call('proxy_get_buffer_bytes', type, 0, 1, out, out + 4)
      statuses = [
        read(CallData + 1, MEMORY_END),
        read(HttpCallResponseBody, MEMORY_END),
        read(PluginConfiguration, MEMORY_END),
        driver.call('proxy_set_buffer_bytes', PluginConfiguration, 0, 0, MEMORY_END, 1),
        driver.call('proxy_set_buffer_bytes', PluginConfiguration, 0, 0, 0, 0),
      ]
      return 1
    }
    driver.vm.startPlugin({ configuration: 'x' })
    expect(statuses).toEqual([BadArgument, NotFound, InvalidMemoryAccess, InvalidMemoryAccess, BadArgument])
  })

  test('a body that is not there reads as empty, not as NotFound', () => {
    const driver = new Driver()
    let seen: unknown
    driver.on['proxy_on_request_headers'] = () => {
      seen = [
        driver.fetch('proxy_get_buffer_bytes', HttpRequestBody, 0, 10),
        driver.fetch('proxy_get_buffer_status', HttpRequestBody).status,
        driver.call('proxy_set_buffer_bytes', HttpRequestBody, 0, 0, ...driver.bytes('x')),
      ]
      return 0
    }
    driver.vm.startPlugin().stream().requestHeaders()
    expect(seen).toEqual([{ status: Ok, value: null }, Ok, BadArgument])
  })
})

describe('bodies', () => {
  /** Sends chunks through a guest that returns these statuses; what it saw, and what left. */
  function send(chunks: string[], statuses: number[]): { seen: unknown[]; left: string[] } {
    const driver = new Driver()
    const seen: unknown[] = []
    driver.on['proxy_on_request_body'] = () => {
      seen.push(driver.fetch('proxy_get_buffer_bytes', HttpRequestBody, 0, 100).value)
      return statuses.shift() ?? 0
    }
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    const left = chunks.map((chunk, i) =>
      text(stream.requestBody(chunk, { endOfStream: i === chunks.length - 1 }).body),
    )
    return { seen, left }
  }

  test('Continue lets each chunk go on', () => {
    expect(send(['a', 'b'], [0, 0])).toEqual({ seen: ['a', 'b'], left: ['a', 'b'] })
  })

  test('StopIterationAndBuffer shows all that was held, and lets all go on together', () => {
    expect(send(['a', 'b', 'c'], [1, 1, 0])).toEqual({ seen: ['a', 'ab', 'abc'], left: ['', '', 'abc'] })
  })

  test('StopIterationAndWatermark holds too, but shows only what is new', () => {
    expect(send(['a', 'b'], [2, 0])).toEqual({ seen: ['a', 'b'], left: ['', 'ab'] })
  })

  test('StopIterationNoBuffer, and a status that does not exist, drop the chunk', () => {
    expect(send(['a', 'b', 'c'], [3, 7, 0])).toEqual({ seen: ['a', 'b', 'c'], left: ['', '', 'c'] })
  })

  test('are written once, though a part of them was held before', () => {
    const driver = new Driver()
    const { HttpRequestBody } = BufferType
    const replace = (data: string) =>
      driver.call('proxy_set_buffer_bytes', HttpRequestBody, 0, 100, ...driver.bytes(data))
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    driver.on['proxy_on_request_body'] = () => 1
    stream.requestBody('hello')
    driver.on['proxy_on_request_body'] = () => {
      replace('HELLO')
      return 0
    }
    expect(text(stream.requestBody('', { endOfStream: true }).body)).toBe('HELLO')
  })

  test('are written at the front or at the end, never in the middle', () => {
    const driver = new Driver()
    const statuses: number[] = []
    driver.on['proxy_on_response_body'] = () => {
      const set = (start: number, length: number, data: string): number =>
        driver.call(
          'proxy_set_buffer_bytes',
          BufferType.HttpResponseBody,
          start,
          length,
          ...driver.bytes(data),
        )
      statuses.push(set(0, 2, 'AB'), set(99, 0, '!'), set(2, 1, 'x'), set(0, 0, '<'))
      return 0
    }
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    stream.responseHeaders()
    const { body } = stream.responseBody('abcd')
    expect([statuses, text(body)]).toEqual([[Ok, Ok, BadArgument, Ok], '<ABcd!'])
  })
})

describe('a local reply', () => {
  const replying = (
    driver: Driver,
    returned: number,
    headers: [string, string][] = [],
    body = 'no',
  ): void => {
    driver.on['proxy_on_request_headers'] = () => {
      const pairs = encodePairs(headers)
      driver.call(
        'proxy_send_local_response',
        403,
        ...driver.bytes('not\tfor you'),
        ...driver.bytes(body),
        ...driver.bytes(pairs),
        -1,
      )
      return returned
    }
  }

  test('stops the request whatever the callback returns, and passes the response callback of the filter', () => {
    const driver = new Driver()
    replying(driver, 0, [['X-A', 'b']])
    driver.on['proxy_on_response_headers'] = () => {
      driver.call('proxy_add_header_map_value', 2, ...driver.bytes('set-cookie'), ...driver.bytes('a=1'))
      return 0
    }
    const stream = driver.vm.startPlugin().stream({ headers: [[':path', '/']] })
    driver.callbacks.length = 0
    const { status, rawStatus, localReply } = stream.requestHeaders()
    stream.end()
    expect([status, rawStatus]).toEqual([4, 0])
    expect(localReply).toMatchObject({
      status: 403,
      details: 'not_for_you',
      grpcStatus: undefined,
      origin: 'guest',
    })
    expect(localReply?.headers.toList()).toEqual([
      [':status', '403'],
      ['x-a', 'b'],
      ['content-length', '2'],
      ['content-type', 'text/plain'],
      ['set-cookie', 'a=1'],
    ])
    expect(text(localReply?.body ?? Buffer.from('none'))).toBe('no')
    expect(driver.callbacks).toEqual([
      'proxy_on_context_create(2, 1)',
      'proxy_on_request_headers(2, 1, 0)',
      'proxy_on_response_headers(2, 4, 0)',
      'proxy_on_log(2)',
      'proxy_on_done(2)',
      'proxy_on_delete(2)',
    ])
    expect(stream.info.responseCodeDetails).toBe('not_for_you')
  })

  test('without a body has neither length nor type, even if the guest gave them', () => {
    const driver = new Driver()
    replying(driver, 0, [['content-type', 'text/html']], '')
    const { localReply } = driver.vm.startPlugin().stream().requestHeaders()
    expect(localReply?.headers.toList()).toEqual([[':status', '403']])
  })

  test.each([
    ['application/grpc', 403, -1, 7],
    ['application/grpc+proto', 401, -1, 16],
    ['application/grpc', 403, 5, 5],
    ['application/grpc', 418, -1, 2],
  ])(
    'to a client of gRPC (%s, %i, %i) is 200 with its status as a header',
    (contentType, status, given, seen) => {
      const driver = new Driver()
      driver.on['proxy_on_request_headers'] = () =>
        driver.call('proxy_send_local_response', status, 0, 0, ...driver.bytes('50 % off'), 0, 0, given)
      const stream = driver.vm.startPlugin().stream({
        headers: [
          [':path', '/'],
          ['content-type', contentType],
        ],
      })
      stream.requestHeaders()
      expect(stream.localReply?.status).toBe(200)
      expect(stream.localReply?.headers.toList()).toEqual([
        [':status', '200'],
        ['content-type', 'application/grpc'],
        ['grpc-status', String(seen)],
        ['grpc-message', '50 %25 off'],
      ])
      expect(stream.localReply?.body.length).toBe(0)
    },
  )

  test('is plain HTTP where the content type only begins like that of gRPC', () => {
    const driver = new Driver()
    driver.on['proxy_on_request_headers'] = () =>
      driver.call('proxy_send_local_response', 403, 0, 0, 0, 0, 0, 0, -1)
    const stream = driver.vm.startPlugin().stream({ headers: [['content-type', 'application/grpc-web']] })
    stream.requestHeaders()
    expect(stream.localReply?.status).toBe(403)
  })

  test("keeps the guest's content type", () => {
    const driver = new Driver()
    replying(driver, 0, [['content-type', 'text/html']])
    const { localReply } = driver.vm.startPlugin().stream().requestHeaders()
    expect(localReply?.headers.all('content-type')).toEqual(['text/html'])
  })

  test('during the response replaces the answer, without another callback', () => {
    const driver = new Driver()
    driver.on['proxy_on_response_headers'] = () => {
      driver.call('proxy_send_local_response', 502, 0, 0, 0, 0, 0, 0, 13)
      return 0
    }
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    const { status, localReply } = stream.responseHeaders()
    expect([status, localReply?.status, localReply?.grpcStatus]).toEqual([4, 502, 13])
    expect(driver.callbacks.filter((name) => name.startsWith('proxy_on_response_headers')).length).toBe(1)
  })

  test('that comes second, or with the access log, is Ok and goes nowhere', () => {
    const driver = new Driver()
    const statuses: number[] = []
    const send = (status: number): void => {
      statuses.push(driver.call('proxy_send_local_response', status, 0, 0, 0, 0, 0, 0, -1))
    }
    driver.on['proxy_on_request_headers'] = () => {
      send(401)
      send(402)
      return 0
    }
    driver.on['proxy_on_log'] = () => {
      send(403)
      return undefined
    }
    const plugin = driver.vm.startPlugin()
    const replied = plugin.stream()
    replied.requestHeaders()
    const rejected = plugin.stream()
    rejected.end()
    expect(statuses).toEqual([Ok, Ok, Ok])
    expect([replied.localReply?.status, rejected.localReply]).toEqual([401, undefined])
  })

  test('outside a stream is Ok and goes nowhere; unreadable memory is not', () => {
    const driver = new Driver()
    const statuses: number[] = []
    driver.on['proxy_on_configure'] = () => {
      statuses.push(driver.call('proxy_send_local_response', 403, 0, 0, 0, 0, 0, 0, -1))
      statuses.push(driver.call('proxy_send_local_response', 403, 0, 0, MEMORY_END, 1, 0, 0, -1))
      return 1
    }
    driver.vm.startPlugin()
    expect(statuses).toEqual([Ok, InvalidMemoryAccess])
  })

  test('closing or continuing a stream is seen on it; an upstream connection cannot be continued', () => {
    const driver = new Driver()
    let statuses: unknown
    driver.on['proxy_on_request_headers'] = () => {
      statuses = [0, 1, 2, 3, 4].map((type) => driver.call('proxy_continue_stream', type))
      driver.call('proxy_close_stream', 0)
      return 0
    }
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    expect(statuses).toEqual([Ok, Ok, Ok, Status.Unimplemented, BadArgument])
    expect([stream.continued, stream.wasReset, stream.info.responseCodeDetails]).toEqual([
      { request: true, response: true },
      true,
      'wasm_close_stream',
    ])
  })
})
