import { describe, expect, test } from 'vitest'

import {
  HeaderMap,
  HeaderMapType,
  type HeaderList,
  HeaderViolationError,
  HostUsageError,
  Status,
  type Stream,
} from '../../host/index.ts'
import { encodePairs } from '../../host/pairs.ts'
import { Driver, MEMORY_END } from './driver.ts'

const { RequestHeaders, RequestTrailers, ResponseHeaders, ResponseTrailers, HttpCallResponseHeaders } =
  HeaderMapType
const { Ok, NotFound, BadArgument, InvalidMemoryAccess } = Status

const REQUEST: HeaderList = [
  [':path', '/'],
  [':authority', 'test.com'],
  ['cookie', 'a=1'],
  ['x-a', ''],
  ['Cookie', 'b=2'],
]

/** Runs something in proxy_on_request_headers and returns the stream, still open. */
function inRequest(driver: Driver, run: () => void, headers = REQUEST): Stream {
  driver.on['proxy_on_request_headers'] = () => {
    run()
    return 0
  }
  const stream = driver.vm.startPlugin().stream({ headers })
  stream.requestHeaders()
  return stream
}

describe('proxy_get_header_map_value', () => {
  test('answers the first of several entries, by any case of the name, and host for :authority', () => {
    const driver = new Driver()
    const values: unknown[] = []
    inRequest(driver, () => {
      for (const name of ['cookie', 'COOKIE', 'host', ':authority']) {
        values.push(driver.getHeader(RequestHeaders, name).value)
      }
    })
    expect(values).toEqual(['a=1', 'a=1', 'test.com', 'test.com'])
  })

  test('answers an empty value with a null pointer and size 0, without calling malloc', () => {
    const driver = new Driver()
    let result: unknown
    driver.vm.inject({ hostcall: 'malloc', status: 0 })
    inRequest(driver, () => (result = driver.getHeader(RequestHeaders, 'x-a')))
    expect(result).toEqual({ status: Ok, value: null })
  })

  test('answers NotFound for an absent header, and leaves the out parameters alone', () => {
    const driver = new Driver()
    let result: unknown
    inRequest(driver, () => (result = driver.getHeader(RequestHeaders, 'x-absent')))
    expect(result).toEqual({ status: NotFound, value: undefined })
  })

  test('answers in the order type, memory, map, header, allocation, out parameters', () => {
    const driver = new Driver()
    const statuses: number[] = []
    const get = (...args: number[]): number => driver.call('proxy_get_header_map_value', ...args)
    inRequest(driver, () => {
      const [cookie, size] = driver.bytes('cookie')
      const out = driver.room(8)
      statuses.push(get(8, MEMORY_END, 1, 0, 0))
      statuses.push(get(-1, MEMORY_END, 1, 0, 0))
      statuses.push(get(RequestTrailers, MEMORY_END, 1, out, out + 4))
      statuses.push(get(RequestTrailers, cookie, size, MEMORY_END, MEMORY_END))
      statuses.push(get(RequestHeaders, cookie, 0, MEMORY_END, MEMORY_END))
      statuses.push(get(RequestHeaders, cookie, size, MEMORY_END - 3, out))
      statuses.push(get(RequestHeaders, cookie, size, out, MEMORY_END - 3))
      statuses.push(get(RequestHeaders, cookie, size, MEMORY_END - 4, out))
    })
    expect(statuses).toEqual([
      BadArgument,
      BadArgument,
      InvalidMemoryAccess,
      BadArgument,
      NotFound,
      InvalidMemoryAccess,
      InvalidMemoryAccess,
      Ok,
    ])
  })

  test('answers InvalidMemoryAccess when the guest cannot allocate', () => {
    const driver = new Driver()
    let result: unknown
    inRequest(driver, () => {
      driver.vm.inject({ hostcall: 'malloc', status: 0 })
      result = driver.getHeader(RequestHeaders, 'cookie')
    })
    expect(result).toEqual({ status: InvalidMemoryAccess, value: undefined })
  })
})

describe('which maps exist when', () => {
  const read = (driver: Driver, type: number): (number | null | undefined | string)[] => [
    driver.getHeader(type, ':status').status,
    driver.fetch('proxy_get_header_map_pairs', type).value,
    driver.call('proxy_get_header_map_size', type, driver.room(4)),
    driver.call('proxy_remove_header_map_value', type, ...driver.bytes('x')),
  ]

  test('a root context has none: get is BadArgument, pairs are Ok and empty', () => {
    const driver = new Driver()
    let seen: unknown
    driver.on['proxy_on_configure'] = () => {
      seen = [RequestHeaders, HttpCallResponseHeaders].map((type) => read(driver, type))
      return 1
    }
    driver.vm.startPlugin()
    expect(seen).toEqual([
      [BadArgument, null, BadArgument, BadArgument],
      [BadArgument, null, BadArgument, BadArgument],
    ])
  })

  test('request headers are gone in the response phase, once the request went on', () => {
    const driver = new Driver()
    let seen: unknown
    const stream = inRequest(driver, () => undefined)
    driver.on['proxy_on_response_headers'] = () => {
      seen = [read(driver, RequestHeaders), driver.getHeader(ResponseHeaders, ':status').value]
      return 0
    }
    stream.responseHeaders()
    expect(seen).toEqual([[BadArgument, null, BadArgument, BadArgument], '200'])
  })

  test('request headers stay while the request is stopped, until continue_stream', () => {
    const driver = new Driver()
    driver.on['proxy_on_request_headers'] = () => 1
    const stream = driver.vm.startPlugin().stream({ headers: REQUEST })
    stream.requestHeaders()
    const seen: unknown[] = []
    driver.on['proxy_on_tick'] = () => {
      driver.call('proxy_set_effective_context', stream.id)
      seen.push(driver.getHeader(RequestHeaders, 'cookie').status)
      if (seen.length === 2) driver.call('proxy_continue_stream', 0)
      return undefined
    }
    driver.on['proxy_on_log'] = () => undefined
    driver.on['proxy_on_response_headers'] = () => {
      driver.call('proxy_set_tick_period_milliseconds', 10)
      return 0
    }
    stream.responseHeaders()
    driver.vm.advance(30)
    expect(seen).toEqual([Ok, Ok, BadArgument])
    expect(stream.continued).toEqual({ request: true, response: false })
  })

  test('in the access log everything is readable and nothing writable', () => {
    const driver = new Driver()
    const stream = inRequest(driver, () => undefined)
    stream.responseHeaders({ headers: [[':status', '404']] })
    let seen: unknown
    driver.on['proxy_on_log'] = () => {
      seen = {
        request: driver.getHeader(RequestHeaders, 'cookie').value,
        response: driver.getHeader(ResponseHeaders, ':status').value,
        trailers: driver.getHeader(ResponseTrailers, 'x').status,
        write: driver.call(
          'proxy_add_header_map_value',
          RequestHeaders,
          ...driver.bytes('x'),
          ...driver.bytes('y'),
        ),
      }
      return undefined
    }
    stream.end()
    expect(seen).toEqual({ request: 'a=1', response: '404', trailers: NotFound, write: BadArgument })
  })

  test('trailers exist in their callback', () => {
    const driver = new Driver()
    const stream = inRequest(driver, () => undefined)
    let value: unknown
    driver.on['proxy_on_request_trailers'] = () => {
      value = driver.getHeader(RequestTrailers, 'grpc-status').value
      driver.call('proxy_add_header_map_value', RequestTrailers, ...driver.bytes('x'), ...driver.bytes('y'))
      return 0
    }
    const { trailers } = stream.requestTrailers([['grpc-status', '0']])
    expect([value, trailers.toList()]).toEqual([
      '0',
      [
        ['grpc-status', '0'],
        ['x', 'y'],
      ],
    ])
  })
})

describe('writing headers', () => {
  const change = (headers: HeaderList, run: (driver: Driver) => void): HeaderList => {
    const driver = new Driver()
    return inRequest(
      driver,
      () => {
        run(driver)
      },
      headers,
    ).request.toList()
  }
  const write = (driver: Driver, how: string, name: string, value: string): number =>
    driver.call(
      `proxy_${how}_header_map_value`,
      RequestHeaders,
      ...driver.bytes(name),
      ...driver.bytes(value),
    )

  test('replace removes every entry and appends one at the end', () => {
    const headers = change(REQUEST, (driver) => write(driver, 'replace', 'COOKIE', 'c=3'))
    expect(headers).toEqual([
      [':path', '/'],
      [':authority', 'test.com'],
      ['x-a', ''],
      ['cookie', 'c=3'],
    ])
  })

  test('a replaced pseudo header stays among the pseudo headers, and host is :authority', () => {
    const headers = change(REQUEST, (driver) => {
      write(driver, 'replace', ':path', '/new')
      write(driver, 'replace', 'host', 'other.com')
    })
    expect(headers.slice(0, 3)).toEqual([
      [':path', '/new'],
      [':authority', 'other.com'],
      ['cookie', 'a=1'],
    ])
  })

  test('add appends an entry, but a comma and the value to a header of which Envoy keeps one', () => {
    const headers = change(
      [
        ['user-agent', 'a'],
        ['cookie', 'a=1'],
      ],
      (driver) => {
        write(driver, 'add', 'User-Agent', 'b')
        write(driver, 'add', 'cookie', 'b=2')
      },
    )
    expect(headers).toEqual([
      ['user-agent', 'a,b'],
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
    ])
  })

  test('remove takes every entry, and is Ok where there was none', () => {
    const statuses: number[] = []
    const headers = change(REQUEST, (driver) => {
      for (const name of ['cookie', 'x-absent']) {
        statuses.push(driver.call('proxy_remove_header_map_value', RequestHeaders, ...driver.bytes(name)))
      }
    })
    expect(statuses).toEqual([Ok, Ok])
    expect(headers.map(([name]) => name)).toEqual([':path', ':authority', 'x-a'])
  })

  test('set_header_map_pairs replaces the whole map, in its order', () => {
    const list: HeaderList = [
      [':path', '/x'],
      ['b', '2'],
      ['A', '1'],
    ]
    const headers = change(REQUEST, (driver) =>
      driver.call('proxy_set_header_map_pairs', RequestHeaders, ...driver.bytes(encodePairs(list))),
    )
    expect(headers).toEqual([
      [':path', '/x'],
      ['b', '2'],
      ['a', '1'],
    ])
  })

  test.each([
    ['truncated', encodePairs([['a', '1']]).slice(0, -1)],
    ['with bytes left over', `${encodePairs([['a', '1']])}\0`],
    ['without the NUL after a name', encodePairs([['a', '1']]).replace('a\0', 'ab')],
    ['of more than 1,024 pairs', encodePairs(Array.from({ length: 1025 }, () => ['a', '1'] as const))],
    ['above 1 MiB', encodePairs([['a', 'x'.repeat(1024 * 1024)]])],
    ['shorter than their count', '\x01\0\0'],
  ])('pairs %s are read as none, which deletes every header', (_, pairs) => {
    let status: number | undefined
    const headers = change(REQUEST, (driver) => {
      status = driver.call('proxy_set_header_map_pairs', RequestHeaders, ...driver.bytes(pairs))
    })
    expect([status, headers]).toEqual([Ok, []])
  })

  test('1,024 pairs are read', () => {
    const list = Array.from({ length: 1024 }, (_, i) => [`x-${i}`, 'v'] as const)
    const headers = change(REQUEST, (driver) =>
      driver.call('proxy_set_header_map_pairs', RequestHeaders, ...driver.bytes(encodePairs(list))),
    )
    expect(headers.length).toBe(1024)
  })

  test('get_header_map_pairs writes count, lengths and texts with a NUL after each', () => {
    const driver = new Driver()
    let pairs: unknown
    inRequest(driver, () => (pairs = driver.fetch('proxy_get_header_map_pairs', RequestHeaders).value), [
      [':path', '/'],
      ['x', 'ab'],
    ])
    expect(pairs).toBe(
      '\x02\0\0\0' + '\x05\0\0\0\x01\0\0\0' + '\x01\0\0\0\x02\0\0\0' + ':path\0/\0' + 'x\0ab\0',
    )
  })

  test('get_header_map_size counts bytes, not entries', () => {
    const driver = new Driver()
    let size = 0
    inRequest(driver, () => {
      const out = driver.room(4)
      driver.call('proxy_get_header_map_size', RequestHeaders, out)
      size = driver.u32(out)
    })
    expect(size).toBe(':path/:authoritytest.comcookiea=1x-acookieb=2'.length)
  })

  test('bytes from 0x80 up pass both ways as they are', () => {
    const driver = new Driver()
    let value: unknown
    inRequest(driver, () => (value = driver.getHeader(RequestHeaders, 'x').value), [['x', '\x80\xff']])
    expect(value).toBe('\x80\xff')
  })

  test('every write of a request header clears the route cache, every write of a response header none', () => {
    const driver = new Driver()
    const stream = inRequest(driver, () => {
      write(driver, 'replace', 'a', '1')
      write(driver, 'add', 'a', '2')
      driver.call('proxy_remove_header_map_value', RequestHeaders, ...driver.bytes('absent'))
      driver.foreign('clear_route_cache', '')
    })
    driver.on['proxy_on_response_headers'] = () => {
      driver.call('proxy_add_header_map_value', ResponseHeaders, ...driver.bytes('a'), ...driver.bytes('b'))
      return 0
    }
    stream.responseHeaders()
    expect(stream.info.routeCacheClears).toBe(4)
  })
})

describe('bytes that HTTP forbids', () => {
  const written = (name: string, value: string): (() => void) => {
    const driver = new Driver()
    return () =>
      inRequest(driver, () =>
        driver.call(
          'proxy_add_header_map_value',
          RequestHeaders,
          ...driver.bytes(name),
          ...driver.bytes(value),
        ),
      )
  }

  test.each(['a\rb', 'a\nb', 'a\0b'])('a value with CR, LF or NUL fails the test loudly: %j', (value) => {
    const error = (() => {
      try {
        written('x-a', value)()
      } catch (caught) {
        return caught
      }
      return undefined
    })()
    expect(error).toBeInstanceOf(HeaderViolationError)
    expect(error).toMatchObject({
      code: 'forbidden_header_bytes',
      message:
        `the guest wrote bytes that HTTP forbids: proxy_add_header_map_value wrote the value ` +
        `${JSON.stringify(value)} of header "x-a"`,
      violations: [
        { hostcall: 'proxy_add_header_map_value', part: 'value', headerName: 'x-a', written: value },
      ],
    })
  })

  test.each(['', 'a b', 'a:b', 'ü'])('so does a name that is no token: %j', (name) => {
    expect(written(Buffer.from(name).toString('latin1'), 'v')).toThrow(HeaderViolationError)
  })

  test('a test may ask to have them recorded instead, sent raw as a release build of Envoy does', () => {
    const driver = new Driver({ onHeaderViolation: 'record' })
    const stream = inRequest(driver, () =>
      driver.call(
        'proxy_add_header_map_value',
        RequestHeaders,
        ...driver.bytes('x'),
        ...driver.bytes('a\r\nb: c'),
      ),
    )
    expect(stream.request.get('x')).toBe('a\r\nb: c')
    expect(driver.vm.violations.map(({ written }) => written)).toEqual(['a\r\nb: c'])
  })

  test('headers of a test have to be bytes: text goes through byteStringOf', () => {
    expect(() => new HeaderMap('request', [['x', '→']])).toThrow(HostUsageError)
    expect(() => new HeaderMap('request', [['x', '→']])).toThrow(
      'header "x" must be a string of bytes (U+0000 to U+00FF), found "→": pass text through byteStringOf()',
    )
  })
})
