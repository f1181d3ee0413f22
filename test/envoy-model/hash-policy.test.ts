import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressText,
  generateCookieValue,
  generateHash,
  type HashableRequest,
  type HashPolicy,
  type HeaderEntry,
  ipOf,
  xxHash64,
} from '../../host/envoy/index.ts'

const FOO = 3728699739546630719n
const BAR = 5234164152756840025n
const FOO_THEN_BAR = 17745830980996999794n

const connection = { remoteAddress: '1.2.3.4:5678', localAddress: '10.0.0.1:80' }

function request(headers: HeaderEntry[], more: Partial<HashableRequest> = {}): HashableRequest {
  return { headers, remoteAddress: connection.remoteAddress, connection, ...more }
}

const byHeader = (headerName: string, terminal = false): HashPolicy => ({ header: { headerName }, terminal })

describe('a header policy', () => {
  test('hashes the value', () => {
    expect(generateHash([byHeader('x-user')], request([['x-user', 'foo']])).hash).toBe(FOO)
  })

  test('takes its header’s name in any case', () => {
    expect(generateHash([byHeader('X-User')], request([['x-user', 'foo']])).hash).toBe(FOO)
  })

  test('hashes an empty value: everyone without one is then on one host', () => {
    expect(generateHash([byHeader('x-user')], request([['x-user', '']])).hash).toBe(17241709254077376921n)
  })

  test('yields nothing without the header', () => {
    expect(generateHash([byHeader('x-user')], request([]))).toEqual({ hash: undefined, setCookies: [] })
  })

  test('sorts several values by byte and chains their hashes, so that the order of lines does not matter', () => {
    const inOrder: HeaderEntry[] = [
      ['x-user', 'bar'],
      ['x-user', 'foo'],
    ]
    const sortedThenChained = xxHash64('foo', xxHash64('bar'))
    expect(generateHash([byHeader('x-user')], request(inOrder)).hash).toBe(sortedThenChained)
    expect(generateHash([byHeader('x-user')], request([...inOrder].reverse())).hash).toBe(sortedThenChained)
    expect(sortedThenChained).not.toBe(FOO_THEN_BAR)
  })
})

describe('a cookie policy', () => {
  const byCookie: HashPolicy = { cookie: { name: 'sid', ttl: 60, path: '/shop' } }

  test('hashes a cookie that is there and sets none', () => {
    expect(generateHash([byCookie], request([['cookie', 'a=1; sid="foo"']]))).toEqual({
      hash: FOO,
      setCookies: [],
    })
  })

  test.each<[string, HeaderEntry[]]>([
    ['absent', []],
    ['empty', [['cookie', 'sid=']]],
    ['empty in front of one with a value', [['cookie', 'sid=; sid=foo']]],
  ])('generates a cookie that is %s from the connection’s addresses', (_state, headers) => {
    expect(generateHash([byCookie], request(headers))).toEqual({
      hash: xxHash64('5e1192314817394d'),
      setCookies: ['sid="5e1192314817394d"; Max-Age=60; Path=/shop; HttpOnly'],
    })
  })

  test('generates a browser-session cookie where ttl is 0', () => {
    const { setCookies } = generateHash([{ cookie: { name: 'sid', ttl: 0 } }], request([]))
    expect(setCookies).toEqual(['sid="5e1192314817394d"; HttpOnly'])
  })

  test('without ttl generates nothing', () => {
    const withoutTtl: HashPolicy = { cookie: { name: 'sid' } }
    expect(generateHash([withoutTtl], request([]))).toEqual({ hash: undefined, setCookies: [] })
  })

  test('generates nothing for a request without a downstream connection', () => {
    const internal: HashableRequest = { headers: [], remoteAddress: connection.remoteAddress }
    expect(generateHash([byCookie], internal)).toEqual({ hash: undefined, setCookies: [] })
  })

  test('pads the generated value to 16 digits', () => {
    expect(generateCookieValue({ remoteAddress: '127.0.0.1:1', localAddress: '10.0.0.1:80' })).toBe(
      '0e1f5037aafbf6d1',
    )
  })

  test('believes the connection, not x-forwarded-for, when it generates', () => {
    const forwarded = request([], { remoteAddress: '203.0.113.9:0' })
    expect(generateHash([byCookie], forwarded).hash).toBe(xxHash64('5e1192314817394d'))
  })
})

describe('a source address policy', () => {
  const bySource: HashPolicy = { connectionProperties: { sourceIp: true } }

  test.each([
    ['10.0.0.1:5678', '10.0.0.1'],
    ['[2001:db8::1]:5678', '2001:db8::1'],
  ])('hashes the address of %s without its port', (remoteAddress, ip) => {
    expect(generateHash([bySource], request([], { remoteAddress })).hash).toBe(xxHash64(ip))
  })

  test('that is switched off yields nothing', () => {
    expect(generateHash([{ connectionProperties: { sourceIp: false } }], request([])).hash).toBeUndefined()
  })
})

describe('a query parameter policy', () => {
  test.each<[path: string, value: string | undefined]>([
    ['/?user=foo', 'foo'],
    ['/?a=1&user=foo&b=2', 'foo'],
    ['/?user=foo&user=bar', 'foo'],
    ['/?user=f%6Fo', 'f%6Fo'],
    ['/?user=a=b', 'a=b'],
    ['/?user=a?b', 'a?b'],
    ['/?user=', ''],
    ['/?user', ''],
    ['/?user&', ''],
    ['/?user=foo#fragment', 'foo#fragment'],
    ['/?User=foo', undefined],
    ['/?xuser=foo', undefined],
    ['/?', undefined],
    ['/user=foo', undefined],
  ])('reads %s', (path, value) => {
    const { hash } = generateHash([{ queryParameter: { name: 'user' } }], request([[':path', path]]))
    expect(hash).toBe(value === undefined ? undefined : xxHash64(value))
  })
})

describe('several policies', () => {
  const headers: HeaderEntry[] = [
    ['x-a', 'foo'],
    ['x-b', 'bar'],
  ]

  test('combine by rotating what was found before and exclusive or', () => {
    expect(generateHash([byHeader('x-a'), byHeader('x-b')], request(headers)).hash).toBe(3449051153737634343n)
    expect(generateHash([byHeader('x-b'), byHeader('x-a')], request(headers)).hash).toBe(
      11743691870210619021n,
    )
  })

  test('do not cancel each other out when they find the same', () => {
    expect(generateHash([byHeader('x-a'), byHeader('x-a')], request(headers)).hash).toBe(6107164738285588033n)
  })

  test('that find nothing leave the hash as it is', () => {
    expect(
      generateHash([byHeader('x-none'), byHeader('x-a'), byHeader('x-none')], request(headers)).hash,
    ).toBe(FOO)
  })

  test('end at a terminal one that finds something', () => {
    expect(generateHash([byHeader('x-a', true), byHeader('x-b')], request(headers)).hash).toBe(FOO)
  })

  test('end at a terminal one that finds nothing once an earlier one has', () => {
    expect(
      generateHash([byHeader('x-a'), byHeader('x-none', true), byHeader('x-b')], request(headers)).hash,
    ).toBe(FOO)
  })

  test('go on after a terminal one while there is no hash', () => {
    expect(generateHash([byHeader('x-none', true), byHeader('x-b')], request(headers)).hash).toBe(BAR)
  })

  test('each generate their own cookie', () => {
    const both: HashPolicy[] = [{ cookie: { name: 'a', ttl: 0 } }, { cookie: { name: 'b', ttl: 0 } }]
    expect(generateHash(both, request([])).setCookies).toEqual([
      'a="5e1192314817394d"; HttpOnly',
      'b="5e1192314817394d"; HttpOnly',
    ])
  })

  test('always give an unsigned 64-bit number', () => {
    const values = fc.array(fc.string({ unit: 'binary-ascii' }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(values, (found) => {
        const policies = found.map((_, i) => byHeader(`x-${i}`))
        const { hash } = generateHash(
          policies,
          request(found.map((value, i): HeaderEntry => [`x-${i}`, value])),
        )
        expect(hash).toBe(BigInt.asUintN(64, hash ?? -1n))
      }),
    )
  })
})

describe('an address', () => {
  test.each([
    ['10.0.0.1', 80, '10.0.0.1:80'],
    ['::1', 80, '[::1]:80'],
    ['::ffff:10.0.0.1', 80, '10.0.0.1:80'],
    ['::ffff:a00:1', 80, '[::ffff:a00:1]:80'],
  ])('of %s and port %i reads as Envoy writes it', (ip, port, text) => {
    expect(addressText(ip, port)).toBe(text)
  })

  test('gives its IP back', () => {
    expect(ipOf('10.0.0.1:80')).toBe('10.0.0.1')
    expect(ipOf('[::1]:80')).toBe('::1')
  })
})
