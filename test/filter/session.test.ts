import { describe, expect, test } from 'vitest'
import { Status } from '../../host/index.ts'
import { counter, pass, requestValues, setCookies, startMooring } from './mooring.ts'

const ID = /^[A-Za-z0-9_-]{21}[AQgw]$/
const VALID = 'ABEiM0RVZneImaq7zN3u_w'

/** The value of ISTIOID on the request as the router will see it. */
function sessionOn(passed: Parameters<typeof requestValues>[0]): string | undefined {
  const [line] = requestValues(passed, 'cookie')
  return /(?:^|; )ISTIOID=([^;]*)/.exec(line ?? '')?.[1]
}

describe('a request without a session', () => {
  test('gets a new id of 128 bits, on the request and in Set-Cookie alike', () => {
    const mooring = startMooring({ session: {} })
    const passed = pass(mooring.plugin)
    const id = sessionOn(passed)
    expect(id).toMatch(ID)
    expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${id ?? ''}`])
    expect(setCookies(passed)).toEqual([`ISTIOID=${id ?? ''}; Path=/; HttpOnly; SameSite=Lax`])
    expect(counter(mooring, 'session_minted')).toBe(1n)
    expect(counter(mooring, 'cookie_set')).toBe(1n)
  })

  test('keeps its other cookies byte for byte and in order, in one line', () => {
    const { plugin } = startMooring({ session: {} })
    const passed = pass(plugin, [
      ['cookie', 'a=1;b="2" ;  c'],
      ['x-other', 'between'],
      ['cookie', 'ISTIOI=x; istioid=y; \t ISTIOID\t =z; c; ISTIOID'],
    ])
    const [line, ...more] = requestValues(passed, 'cookie')
    expect(more).toEqual([])
    expect(line).toMatch(/^a=1;b="2" ; {2}c; ISTIOI=x; istioid=y; c; ISTIOID; ISTIOID=[A-Za-z0-9_-]{22}$/)
    passed.stream.end()
  })

  test('gets an id that no other request gets', () => {
    const { plugin } = startMooring({ session: {} })
    const ids = Array.from({ length: 200 }, () => {
      const passed = pass(plugin)
      passed.stream.end()
      return sessionOn(passed)
    })
    expect(new Set(ids).size).toBe(200)
  })

  test.each(['OPTIONS', 'TRACE', 'CONNECT'])('is left without one for %s', (method) => {
    const mooring = startMooring({ session: {} })
    const passed = pass(mooring.plugin, [[':method', method]])
    expect(requestValues(passed, 'cookie')).toEqual([])
    expect(requestValues(passed, 'x-mooring-key')).toEqual([])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_none')).toBe(1n)
    expect(counter(mooring, 'key_none')).toBe(1n)
  })

  test('gets one only for the methods that are listed', () => {
    const { plugin } = startMooring({ session: { mint: { methods: ['POST'] } } })
    const get = pass(plugin, [[':method', 'GET']])
    const post = pass(plugin, [[':method', 'POST']])
    expect(sessionOn(get)).toBeUndefined()
    expect(sessionOn(post)).toMatch(ID)
    get.stream.end()
    post.stream.end()
  })

  test('is left without one under mint.skip', () => {
    const mooring = startMooring({ session: { mint: { skip: true } } })
    const passed = pass(mooring.plugin)
    expect(requestValues(passed, 'cookie')).toEqual([])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_none')).toBe(1n)
  })

  test('is left without one under readOnly', () => {
    const mooring = startMooring({ session: { readOnly: true } })
    const passed = pass(mooring.plugin)
    expect(requestValues(passed, 'cookie')).toEqual([])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_read_only')).toBe(1n)
  })

  test('gets none when the host has no random bytes', () => {
    const mooring = startMooring({ session: {} })
    mooring.vm.inject({ hostcall: 'random_get', status: 28 })
    const passed = pass(mooring.plugin)
    expect(requestValues(passed, 'cookie')).toEqual([])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_exhausted')).toBe(1n)
  })
})

describe('a session that a client brings', () => {
  test.each([
    ['an id of Mooring', VALID],
    ["Envoy's own cookie", '5e1192314817394d'],
    ['one octet', 'x'],
    ['128 octets', 'x'.repeat(128)],
    ['every cookie octet that is no letter', "!#$%&'()*+-./:<=>?@[]^_`{|}~0"],
  ])('is kept: %s', (_, value) => {
    const mooring = startMooring({ session: {} })
    const passed = pass(mooring.plugin, [['cookie', `a=b; ISTIOID=${value}; c=d`]])
    expect(requestValues(passed, 'cookie')).toEqual([`a=b; ISTIOID=${value}; c=d`])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_valid')).toBe(1n)
  })

  test('is kept in quotes, which Envoy strips when it hashes', () => {
    const { plugin } = startMooring({ session: {} })
    const quoted = pass(plugin, [['cookie', `ISTIOID="${VALID}"`]])
    const bare = pass(plugin, [['cookie', `ISTIOID=${VALID}`]])
    expect(requestValues(quoted, 'x-mooring-key')).toEqual(requestValues(bare, 'x-mooring-key'))
    expect(setCookies(quoted)).toEqual([])
    bare.stream.end()
  })

  test('is found in a later Cookie line', () => {
    const mooring = startMooring({ session: {} })
    const passed = pass(mooring.plugin, [
      ['cookie', 'a=b'],
      ['cookie', `ISTIOID=${VALID}`],
    ])
    expect(requestValues(passed, 'cookie')).toEqual(['a=b', `ISTIOID=${VALID}`])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_valid')).toBe(1n)
  })

  test.each([
    ['empty', ''],
    ['empty in quotes', '""'],
    ['129 octets long', 'x'.repeat(129)],
    ['with a blank at its end', `${VALID} `],
    ['with a blank at its start', ` ${VALID}`],
    ['with a tab', 'a\tb'],
    ['with a comma', 'a,b'],
    ['with a backslash', 'a\\b'],
    ['with a quote inside', 'a"b'],
    ['with bytes from 0x80 up', 'a\u00ffb'],
  ])('is replaced when it is %s', (_, value) => {
    const mooring = startMooring({ session: {} })
    const passed = pass(mooring.plugin, [['cookie', `a=1; ISTIOID=${value}; b=2`]])
    const [line] = requestValues(passed, 'cookie')
    expect(line).toMatch(/^a=1; b=2; ISTIOID=[A-Za-z0-9_-]{22}$/)
    expect(setCookies(passed)).toEqual([`ISTIOID=${(line ?? '').slice(-22)}; Path=/; HttpOnly; SameSite=Lax`])
    expect(counter(mooring, 'session_replaced')).toBe(1n)
  })

  test('counts by its first valid duplicate, which is then the only one', () => {
    const mooring = startMooring({ session: {} })
    const passed = pass(mooring.plugin, [
      ['cookie', 'ISTIOID=; a=1; ISTIOID=first'],
      ['cookie', 'ISTIOID=second; b=2'],
    ])
    expect(requestValues(passed, 'cookie')).toEqual(['a=1; b=2; ISTIOID=first'])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_valid')).toBe(1n)
  })

  test('is left as it is when it is malformed and none may be minted', () => {
    const mooring = startMooring({ session: { readOnly: true } })
    const passed = pass(mooring.plugin, [['cookie', 'ISTIOID=a b']])
    expect(requestValues(passed, 'cookie')).toEqual(['ISTIOID=a b'])
    expect(requestValues(passed, 'x-mooring-key')).toEqual([])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_malformed')).toBe(1n)
  })

  test('in the form of a signed token is the bare id inside, for the router and the application', () => {
    const { plugin } = startMooring({ session: {} })
    const token = `1.k2.${VALID}.AABlU_EAAABlU_NY.Rnoc6ffVJFY4LYLMV2zTRQ`
    const signed = pass(plugin, [['cookie', `a=1; ISTIOID=${token}`]])
    const bare = pass(plugin, [['cookie', `ISTIOID=${VALID}`]])
    expect(requestValues(signed, 'cookie')).toEqual([`a=1; ISTIOID=${VALID}`])
    expect(requestValues(signed, 'x-mooring-key')).toEqual(requestValues(bare, 'x-mooring-key'))
    expect(setCookies(signed)).toEqual([])
    bare.stream.end()
  })

  test.each([
    ['another version', `2.k2.${VALID}.AABlU_EAAABlU_NY.Rnoc6ffVJFY4LYLMV2zTRQ`],
    ['a key id with a capital', `1.K2.${VALID}.AABlU_EAAABlU_NY.Rnoc6ffVJFY4LYLMV2zTRQ`],
    ['an id that is not canonical', `1.k2.ABEiM0RVZneImaq7zN3u_x.AABlU_EAAABlU_NY.Rnoc6ffVJFY4LYLMV2zTRQ`],
    ['a field too many', `1.k2.${VALID}.AABlU_EAAABlU_NY.${VALID}.${VALID}.${VALID}`],
    ['a short tag', `1.k2.${VALID}.AABlU_EAAABlU_NY.Rnoc6ffVJFY4LYLMV2zTR`],
  ])('that is nearly a token is a value like any other: %s', (_, value) => {
    const { plugin } = startMooring({ session: {} })
    const passed = pass(plugin, [['cookie', `ISTIOID=${value}`]])
    expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${value}`])
    passed.stream.end()
  })
})

describe('Set-Cookie', () => {
  const attributesOf = (session: object, headers: [string, string][] = []): string | undefined => {
    const { plugin } = startMooring({ session })
    const [line] = setCookies(pass(plugin, headers))
    return line?.replace(/=[A-Za-z0-9_-]{22};/, '=ID;')
  }

  test('carries every attribute that is configured', () => {
    const cookie = {
      name: '__Secure-sid',
      ttl: '8h',
      path: '/shop',
      domain: 'example.com',
      secure: true,
      httpOnly: true,
      sameSite: 'None',
      partitioned: true,
    }
    const headers: [string, string][] = [
      [':authority', 'shop.example.com'],
      ['x-forwarded-proto', 'https'],
    ]
    expect(attributesOf({ cookie }, headers)).toBe(
      '__Secure-sid=ID; Max-Age=28800; Path=/shop; Domain=example.com; Secure; HttpOnly; SameSite=None; Partitioned',
    )
  })

  test('leaves out what is switched off', () => {
    expect(attributesOf({ cookie: { secure: false, httpOnly: false, sameSite: 'Strict' } })).toBe(
      'ISTIOID=ID; Path=/; SameSite=Strict',
    )
  })

  test.each([
    ['https', true],
    ['HTTPS', true],
    ['http', false],
  ])('is Secure by the scheme the client used: %s', (scheme, secure) => {
    const expected = `ISTIOID=ID; Path=/${secure ? '; Secure' : ''}; HttpOnly; SameSite=Lax`
    expect(attributesOf({}, [['x-forwarded-proto', scheme]])).toBe(expected)
    expect(attributesOf({}, [[':scheme', scheme]])).toBe(expected)
  })

  test('believes x-forwarded-proto before the scheme of the last hop', () => {
    const line = attributesOf({}, [
      [':scheme', 'http'],
      ['x-forwarded-proto', 'https'],
    ])
    expect(line).toContain('; Secure;')
  })

  test('is repeated on every answer under renew: always', () => {
    const mooring = startMooring({ session: { cookie: { ttl: '10m', renew: 'always' } } })
    const passed = pass(mooring.plugin, [['cookie', 'ISTIOID=5e1192314817394d']])
    expect(setCookies(passed)).toEqual([
      'ISTIOID=5e1192314817394d; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
    ])
  })

  test.each(['direct_response', 'no_healthy_upstream', 'route_not_found', ''])(
    'is not added to an answer of the proxy itself: %s',
    (details) => {
      const mooring = startMooring({ session: {} })
      expect(setCookies(pass(mooring.plugin), details)).toEqual([])
      expect(counter(mooring, 'cookie_withheld')).toBe(1n)
    },
  )

  test('leaves those of the application alone', () => {
    const { plugin } = startMooring({ session: {} })
    const passed = pass(plugin)
    const response = passed.stream.responseHeaders({
      headers: [
        [':status', '200'],
        ['set-cookie', 'app=1; Path=/'],
        ['set-cookie', 'ISTIOID=of-the-application'],
      ],
    })
    expect(response.headers.all('set-cookie')).toEqual([
      'app=1; Path=/',
      'ISTIOID=of-the-application',
      expect.stringMatching(/^ISTIOID=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    passed.stream.end()
  })
})

describe('what cannot be read is never taken as absent', () => {
  test.each([Status.InternalFailure, Status.InvalidMemoryAccess, Status.BadArgument])(
    'cookies that the host refuses with status %i: no session, no key, no Set-Cookie',
    (status) => {
      const mooring = startMooring({ session: {}, key: { from: ['session', { constant: 'all' }] } })
      mooring.vm.inject({ hostcall: 'proxy_get_header_map_value', status })
      const passed = pass(mooring.plugin, [['cookie', `ISTIOID=${VALID}`]])
      expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${VALID}`])
      expect(requestValues(passed, 'x-mooring-key')).toEqual([])
      expect(setCookies(passed)).toEqual([])
      expect(counter(mooring, 'session_unreadable')).toBe(1n)
      expect(counter(mooring, 'key_none')).toBe(1n)
    },
  )

  test('a second Cookie line that the host refuses', () => {
    const mooring = startMooring({ session: {} })
    mooring.vm.inject({ hostcall: 'proxy_get_header_map_pairs', status: Status.InternalFailure })
    const passed = pass(mooring.plugin, [
      ['cookie', 'a=b'],
      ['cookie', `ISTIOID=${VALID}`],
    ])
    expect(requestValues(passed, 'x-mooring-key')).toEqual([])
    expect(setCookies(passed)).toEqual([])
    expect(counter(mooring, 'session_unreadable')).toBe(1n)
  })
})
