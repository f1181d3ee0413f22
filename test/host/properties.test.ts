import { describe, expect, test } from 'vitest'

import { type PropertyTree, Status, type StreamOptions } from '../../host/index.ts'
import { Driver, MEMORY_END } from './driver.ts'

const { Ok, NotFound, BadArgument, SerializationFailure, InvalidMemoryAccess } = Status

type Answer = ReturnType<Driver['property']>

/** Reads properties in proxy_on_request_headers. */
function inRequest(options: StreamOptions, ...paths: string[][]): Answer[] {
  const driver = new Driver({ vmId: 'vm' })
  let answers: Answer[] = []
  driver.on['proxy_on_request_headers'] = () => {
    answers = paths.map((path) => driver.property(...path))
    return 0
  }
  driver.vm.startPlugin({ name: 'ns.plugin', rootId: 'root' }).stream(options).requestHeaders()
  return answers
}

function claims(payload: PropertyTree, ...paths: string[][]): (string | null | undefined | number)[] {
  const properties = { metadata: { filter_metadata: { jwt: { payload } } } }
  const prefixed = paths.map((path) => ['metadata', 'filter_metadata', 'jwt', 'payload', ...path])
  return inRequest({ properties }, ...prefixed)
}

const bytes = (...values: number[]): string => String.fromCharCode(...values)

describe('the bytes of a property', () => {
  test('text is UTF-8, bytes are themselves', () => {
    const answers = claims(
      { sub: 'é', raw: Uint8Array.of(0xff, 0, 0x0a), lines: 'a\r\nb\0' },
      ['sub'],
      ['raw'],
      ['lines'],
    )
    expect(answers).toEqual(['\xc3\xa9', '\xff\0\x0a', 'a\r\nb\0'])
  })

  test('an empty text is Ok with a null pointer', () => {
    expect(claims({ sub: '' }, ['sub'])).toEqual([null])
  })

  test('a number is a double of 8 bytes, as experiments in Envoy showed for 42', () => {
    expect(claims({ uid: 42 }, ['uid'])).toEqual([bytes(0, 0, 0, 0, 0, 0, 0x45, 0x40)])
  })

  test('a bigint is 8 bytes, signed or unsigned', () => {
    expect(claims({ a: 1n, b: -1n, c: 2n ** 64n - 2n }, ['a'], ['b'], ['c'])).toEqual([
      bytes(1, 0, 0, 0, 0, 0, 0, 0),
      '\xff'.repeat(8),
      `\xfe${'\xff'.repeat(7)}`,
    ])
  })

  test('a boolean is one byte, a time nanoseconds', () => {
    expect(claims({ t: true, f: false, at: new Date(1) }, ['t'], ['f'], ['at'])).toEqual([
      '\x01',
      '\0',
      bytes(0x40, 0x42, 0x0f, 0, 0, 0, 0, 0),
    ])
  })

  test('a list is pairs with the item in the name, exactly as Envoy sends ["a","b"]', () => {
    const list = '02000000 01000000 00000000 01000000 00000000 610000 620000'.replaceAll(' ', '')
    expect(claims({ arr: ['a', 'b'] }, ['arr'])).toEqual([Buffer.from(list, 'hex').toString('latin1')])
  })

  test('a map is pairs, and a list or a map without entries is four zero bytes', () => {
    expect(claims({ m: { k: true }, e: [], o: new Map() }, ['m'], ['e'], ['o'])).toEqual([
      `${bytes(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)}k\0\x01\0`,
      '\0\0\0\0',
      '\0\0\0\0',
    ])
  })

  test('null is SerializationFailure, and so is every container that holds one', () => {
    expect(claims({ n: null, l: ['a', null], m: { deep: { n: null } } }, ['n'], ['l'], ['m'], [])).toEqual(
      Array.from({ length: 4 }, () => SerializationFailure),
    )
  })
})

describe('the path of a property', () => {
  test('walks maps by name and lists by index', () => {
    const payload = { realm: { roles: ['x', { name: 'y' }] }, 'http://x.y/z': 'url', 'a.b': 'dot', ü: 'name' }
    const paths = [
      ['realm', 'roles', '0'],
      ['realm', 'roles', '1', 'name'],
      ['http://x.y/z'],
      ['a.b'],
      ['a', 'b'],
      ['realm', 'roles', '2'],
      ['realm', 'roles', 'x'],
      ['realm', 'roles', '0', 'x'],
      ['__proto__'],
      [Buffer.from('ü').toString('latin1')],
    ]
    expect(claims(payload, ...paths)).toEqual([
      'x',
      'y',
      'url',
      'dot',
      NotFound,
      NotFound,
      NotFound,
      NotFound,
      NotFound,
      'name',
    ])
  })

  test('ignores one trailing NUL, fails to serialise when empty, and answers memory first', () => {
    const driver = new Driver()
    let statuses: unknown
    driver.on['proxy_on_request_headers'] = () => {
      const [path, size] = driver.bytes('plugin_root_id\0')
      statuses = [
        driver.call('proxy_get_property', path, size, driver.room(4), driver.room(4)),
        driver.call('proxy_get_property', path, 0, MEMORY_END, MEMORY_END),
        driver.call('proxy_get_property', MEMORY_END, 1, 0, 0),
        driver.call('proxy_get_property', path, size, MEMORY_END, 0),
      ]
      return 0
    }
    driver.vm.startPlugin({ rootId: 'r' }).stream().requestHeaders()
    expect(statuses).toEqual([Ok, SerializationFailure, InvalidMemoryAccess, InvalidMemoryAccess])
  })
})

describe('which properties there are', () => {
  test("the plugin's own, in a root context too", () => {
    const driver = new Driver({ vmId: 'vm' })
    let seen: unknown
    driver.on['proxy_on_configure'] = () => {
      seen = ['plugin_name', 'plugin_root_id', 'plugin_vm_id', 'request', 'source'].map((name) =>
        driver.getProperty(name),
      )
      return 1
    }
    driver.vm.startPlugin({ name: 'ns.plugin', rootId: 'root' })
    expect(seen).toEqual([
      { status: Ok, value: 'ns.plugin' },
      { status: Ok, value: 'root' },
      { status: Ok, value: 'vm' },
      { status: NotFound, value: undefined },
      { status: NotFound, value: undefined },
    ])
  })

  test('what was given with the plugin is there for its root and its streams', () => {
    const driver = new Driver()
    const seen: unknown[] = []
    const look = (): number => {
      seen.push(driver.getProperty('xds', 'node', 'id').value)
      return 1
    }
    driver.on['proxy_on_configure'] = look
    driver.on['proxy_on_request_headers'] = look
    driver.vm
      .startPlugin({ properties: { xds: { node: { id: 'gw-1' } } } })
      .stream()
      .requestHeaders()
    expect(seen).toEqual(['gw-1', 'gw-1'])
  })

  test('the request, from its headers: repeated ones joined with a comma', () => {
    const headers = [
      [':path', '/a/b?c=d#e'],
      [':authority', 'test.com'],
      [':method', 'GET'],
      [':scheme', 'http'],
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
      ['user-agent', 'curl'],
    ] as const
    const fields = ['path', 'url_path', 'query', 'host', 'method', 'scheme', 'useragent', 'referer']
    const answers = inRequest(
      { headers, properties: { request: { protocol: 'HTTP/1.1' } } },
      ...fields.map((field) => ['request', field]),
      ['request', 'headers', 'cookie'],
      ['request', 'headers', 'x-absent'],
      ['request', 'headers'],
      ['request'],
      ['request', 'protocol'],
    )
    expect(answers).toEqual([
      '/a/b?c=d#e',
      '/a/b',
      'c=d',
      'test.com',
      'GET',
      'http',
      'curl',
      NotFound,
      'a=1,b=2',
      NotFound,
      SerializationFailure,
      SerializationFailure,
      'HTTP/1.1',
    ])
  })

  test('phase by phase, as experiments in Envoy showed', () => {
    const driver = new Driver()
    const paths = [
      ['request', 'headers', 'cookie'],
      ['response', 'code_details'],
      ['response', 'headers', 'x'],
      ['upstream', 'address'],
      ['upstream', 'num_endpoints'],
    ]
    const look = (): (string | number | null | undefined)[] => paths.map((path) => driver.property(...path))
    const seen: unknown[] = []
    for (const name of ['request_headers', 'response_headers', 'log']) {
      driver.on[`proxy_on_${name}`] = () => {
        seen.push(look())
        return 0
      }
    }
    const stream = driver.vm.startPlugin().stream({
      headers: [['cookie', 'a=1']],
      properties: { upstream: { num_endpoints: 3n, address: 'too early' } },
    })
    stream.requestHeaders()
    stream.responseHeaders({
      headers: [
        [':status', '200'],
        ['x', 'y'],
      ],
      properties: { upstream: { address: '10.0.0.1:80' } },
    })
    stream.end()
    const three = bytes(3, 0, 0, 0, 0, 0, 0, 0)
    expect(seen).toEqual([
      ['a=1', NotFound, NotFound, NotFound, three],
      [NotFound, 'via_upstream', 'y', '10.0.0.1:80', three],
      ['a=1', 'via_upstream', 'y', '10.0.0.1:80', three],
    ])
  })

  test('the details of an answer that is not from upstream', () => {
    const driver = new Driver()
    let details: unknown
    driver.on['proxy_on_response_headers'] = () => {
      details = driver.getProperty('response', 'code_details').value
      return 0
    }
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    stream.responseHeaders({ details: 'direct_response' })
    expect(details).toBe('direct_response')
  })
})

describe('the code of the response', () => {
  test.each([
    ['204', 204n],
    ['none', 0n],
  ])('is what the filter has left in :status, once its headers have passed: %s', (status, code) => {
    const driver = new Driver()
    const seen: unknown[] = []
    const look = (): number => {
      seen.push(driver.property('response', 'code'))
      return 0
    }
    driver.on['proxy_on_response_headers'] = () => {
      driver.call('proxy_replace_header_map_value', 2, ...driver.bytes(':status'), ...driver.bytes(status))
      return look()
    }
    driver.on['proxy_on_response_body'] = look
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    stream.responseHeaders({ headers: [[':status', '200']] })
    stream.responseBody('')
    expect(seen).toEqual([bytes(200, 0, 0, 0, 0, 0, 0, 0), bytes(Number(code), 0, 0, 0, 0, 0, 0, 0)])
  })
})

describe('properties that filters set', () => {
  test('are read by the next filter of the chain, in every phase, and as filter state', () => {
    const driver = new Driver()
    const seen: unknown[] = []
    const first = driver.vm.startPlugin()
    const second = driver.vm.startPlugin()
    driver.on['proxy_on_request_headers'] = () => driver.setProperty('mooring_claim', 'mine')
    const one = first.stream()
    one.requestHeaders()
    for (const name of ['request_headers', 'response_headers', 'log']) {
      driver.on[`proxy_on_${name}`] = () => {
        seen.push(
          driver.getProperty('mooring_claim').value,
          driver.getProperty('filter_state', 'wasm.mooring_claim').value,
        )
        return 0
      }
    }
    const two = second.stream({ headers: one.request, info: one.info })
    two.requestHeaders()
    two.responseHeaders()
    two.end()
    expect(seen).toEqual(Array.from({ length: 6 }, () => 'mine'))
  })

  test('are not there in the next request', () => {
    const driver = new Driver()
    const statuses: number[] = []
    driver.on['proxy_on_request_headers'] = () => {
      statuses.push(driver.getProperty('mark').status)
      return driver.setProperty('mark', '1')
    }
    const plugin = driver.vm.startPlugin()
    plugin.stream().requestHeaders()
    plugin.stream().requestHeaders()
    expect(statuses).toEqual([NotFound, NotFound])
  })

  /** DeclarePropertyArguments { name: 'mark', readonly: true } */
  const READ_ONLY_MARK = '\x0a\x04mark\x10\x01'

  test('are overwritten, unless a root declared them read-only: then the first value stays', () => {
    const run = (declare: boolean): unknown => {
      const driver = new Driver()
      driver.on['proxy_on_configure'] = () => {
        if (declare) driver.foreign('declare_property', READ_ONLY_MARK)
        return 1
      }
      let seen: unknown
      driver.on['proxy_on_request_headers'] = () => {
        seen = [
          driver.setProperty('mark', '1'),
          driver.setProperty('mark', '2'),
          driver.getProperty('mark').value,
        ]
        return 0
      }
      driver.vm.startPlugin().stream().requestHeaders()
      return seen
    }
    expect(run(false)).toEqual([Ok, Ok, '2'])
    expect(run(true)).toEqual([Ok, BadArgument, '1'])
  })

  test('a declaration holds for its root only, once, and has no effect in a stream', () => {
    const driver = new Driver()
    const statuses: number[] = []
    driver.on['proxy_on_request_headers'] = () => {
      statuses.push(driver.foreign('declare_property', READ_ONLY_MARK))
      statuses.push(driver.foreign('declare_property', READ_ONLY_MARK))
      statuses.push(driver.setProperty('mark', '1'), driver.setProperty('mark', '2'))
      return 0
    }
    driver.vm.startPlugin().stream().requestHeaders()
    expect(statuses).toEqual([Ok, BadArgument, Ok, Ok])
  })

  test('need a stream, and readable memory', () => {
    const driver = new Driver()
    let statuses: unknown
    driver.on['proxy_on_configure'] = () => {
      statuses = [driver.setProperty('mark', '1'), driver.call('proxy_set_property', MEMORY_END, 1, 0, 0)]
      return 1
    }
    driver.vm.startPlugin()
    expect(statuses).toEqual([NotFound, InvalidMemoryAccess])
  })

  test('with a NUL in their name are set, but cannot be read', () => {
    const driver = new Driver()
    let statuses: unknown
    driver.on['proxy_on_request_headers'] = () => {
      statuses = [driver.setProperty('a\0b', '1'), driver.getProperty('a\0b').status]
      return 0
    }
    driver.vm.startPlugin().stream().requestHeaders()
    expect(statuses).toEqual([Ok, NotFound])
  })

  test('set_envoy_filter_state makes the objects that Envoy has a factory for', () => {
    const driver = new Driver()
    let statuses: unknown
    driver.on['proxy_on_request_headers'] = () => {
      const argument = (path: string): string => `\x0a${bytes(path.length)}${path}\x12\x03key`
      statuses = [
        driver.foreign('set_envoy_filter_state', argument('envoy.hashable_string')),
        driver.foreign('set_envoy_filter_state', argument('my.own.key')),
        driver.foreign('set_envoy_filter_state', '\x0a\x09short'),
      ]
      return 0
    }
    const stream = driver.vm.startPlugin().stream()
    stream.requestHeaders()
    expect(statuses).toEqual([Ok, NotFound, BadArgument])
    expect([...stream.info.filterState]).toEqual([
      ['envoy.hashable_string', { value: 'key', readOnly: false }],
    ])
  })
})
