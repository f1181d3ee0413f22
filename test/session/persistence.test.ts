/** `session.persistence` as docs/strong.md says, in bytes. The expected values are the second implementation's. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HeaderList, ManualClock, Status } from '../../host/index.ts'
import { type Mooring, type Passed, counter, pass, requestValues, startMooring } from '../filter/mooring.ts'
import { ENVIRONMENT, K1, K2, STRANGER, ring } from './keys.ts'
import { type Bound, openSeal, sealOf } from './sealed.ts'
import { base64url, readToken, tokenOf } from './token.ts'
import { unwrap, wrap } from './wrapped.ts'

const NOW = 1_800_000_000
const HEADER = 'x-session-pod'
const SCOPE = { name: 'ISTIOID', audience: 'shop' }
const BOUND: Bound = ['ISTIOID', 'shop']
const ID = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const NONCE = Buffer.from('ffeeddccbbaa99887766554433221100', 'hex')
const [POD_A, POD_B] = ['10.244.1.7:8080', '[fd00::1]:8080'].map((at) => Buffer.from(at).toString('base64'))
const TOKEN = tokenOf(K2, SCOPE, { id: ID, birth: NOW - 50, issued: NOW - 50 })
const SEALED = TOKEN + sealOf(K2, BOUND, ID, POD_A ?? '', NONCE)

function start(session: object = {}, configuration: object = {}): Mooring {
  return startMooring(
    {
      session: {
        persistence: { header: 'X-Session-Pod' },
        signing: { keys: ring(K2, K1), audience: 'shop' },
        ...session,
      },
      ...configuration,
    },
    { environment: ENVIRONMENT, clock: new ManualClock(new Date(NOW * 1000)) },
  )
}

/** The answer of an upstream, after Envoy has named the pod in it or not. */
function answer(
  { stream }: Passed,
  pod: string | undefined,
  more: HeaderList = [],
): { cookies: readonly string[]; pods: readonly string[] } {
  const named: HeaderList = pod === undefined ? [] : [[HEADER, pod]]
  const { headers } = stream.responseHeaders({
    headers: [[':status', '200'], ...more, ...named],
    details: 'via_upstream',
  })
  const found = { cookies: [...headers.all('set-cookie')], pods: [...headers.all(HEADER)] }
  stream.end()
  return found
}

const valueOf = (line = ''): string => /^[^=]*=([^;]*)/.exec(line)?.[1] ?? ''
const visit = (mooring: Mooring, cookie: string, more: HeaderList = []) =>
  pass(mooring.plugin, [['cookie', cookie], ...more])

test('the vector of docs/strong.md, by the second implementation and by the filter', () => {
  const page = readFileSync(new URL('../../docs/strong.md', import.meta.url), 'utf8')
  const vector = /`(~2\.k2\.[\w-]+)`/.exec(page)?.[1]
  expect(sealOf(K2, ['ISTIOID', 'shop.example.com'], ID, POD_A ?? '', NONCE)).toBe(vector)
  const scope = { name: 'ISTIOID', audience: 'shop.example.com' }
  const mooring = start({ signing: { keys: ring(K2), audience: 'shop.example.com' } })
  const token = tokenOf(K2, scope, { id: ID, birth: NOW, issued: NOW })
  expect(requestValues(visit(mooring, `ISTIOID=${token}${vector}`), HEADER)).toEqual([POD_A])
})

test('the pod of the first answer stays with the session, and no client sees where it is', () => {
  const mooring = start()
  const first = pass(mooring.plugin)
  expect(requestValues(first, HEADER)).toEqual([])
  const { cookies, pods } = answer(first, POD_A)
  expect(pods).toEqual([])
  const value = valueOf(cookies[0])
  expect(cookies).toEqual([`ISTIOID=${value}; Path=/; HttpOnly; SameSite=Lax`])
  const id = readToken(value.split('~')[0] ?? '')?.id ?? ID
  expect(openSeal(K2, BOUND, id, value)).toEqual({ rest: value.split('~')[0], pod: POD_A })
  const second = visit(mooring, `a=b; ISTIOID=${value}`)
  expect(requestValues(second, HEADER)).toEqual([POD_A])
  expect(requestValues(second, 'cookie')).toEqual([`a=b; ISTIOID=${base64url(id)}`])
  expect(requestValues(second, 'x-mooring-key')).toEqual(requestValues(first, 'x-mooring-key'))
  expect(answer(second, undefined)).toEqual({ cookies: [], pods: [] })
})

test('two seals of one pod have nothing in common', () => {
  const mooring = start()
  const seals = [1, 2].map(
    () => valueOf(answer(visit(mooring, `ISTIOID=${TOKEN}`), POD_A).cookies[0]).split('~2.k2.')[1],
  )
  expect(seals[0]?.length).toBe(128)
  expect(seals[0]?.slice(0, 20)).not.toBe(seals[1]?.slice(0, 20))
})

test('another pod that answers takes the place of the one before, with the token issued anew', () => {
  const mooring = start()
  const passed = visit(mooring, `ISTIOID=${SEALED}`)
  expect(requestValues(passed, HEADER)).toEqual([POD_A])
  const { cookies, pods } = answer(passed, POD_B)
  expect(pods).toEqual([])
  const value = valueOf(cookies[0])
  expect(readToken(value.split('~')[0] ?? '')).toMatchObject({ id: ID, birth: NOW - 50, issued: NOW })
  expect(openSeal(K2, BOUND, ID, value)?.pod).toBe(POD_B)
  expect([counter(mooring, 'pod_moved'), counter(mooring, 'cookie_set')]).toEqual([1n, 1n])
})

test('a token that is renewed keeps the pod', () => {
  const mooring = start({ signing: { keys: ring(K1, K2), audience: 'shop' } })
  const { cookies } = answer(visit(mooring, `ISTIOID=${SEALED}`), undefined)
  expect(openSeal(K1, BOUND, ID, valueOf(cookies[0]))?.pod).toBe(POD_A)
  expect(counter(mooring, 'session_renewed')).toBe(1n)
})

test('a key that is bound to the session stays beside the pod', () => {
  const mooring = start({}, { key: { bind: 'session' } })
  const first = pass(mooring.plugin)
  const value = valueOf(answer(first, POD_A).cookies[0])
  const second = visit(mooring, `ISTIOID=${value}`)
  expect(requestValues(second, 'x-mooring-key')).toEqual(requestValues(first, 'x-mooring-key'))
  expect(requestValues(second, HEADER)).toEqual([POD_A])
  const moved = valueOf(answer(second, POD_B).cookies[0])
  expect(readToken(moved.split('~')[0] ?? '')?.bound).toBeDefined()
})

describe('what a client sends in the header', () => {
  test('is overridden', () => {
    const passed = visit(start(), `ISTIOID=${SEALED}`, [
      [HEADER, POD_B ?? ''],
      [HEADER, 'x'],
    ])
    expect(requestValues(passed, HEADER)).toEqual([POD_A])
  })

  test.each([
    ['without a session', []],
    ['with a session whose pod is not known', [['cookie', `ISTIOID=${TOKEN}`] as const]],
    ['where a rule leaves the session out', [[':path', '/static/a'] as const]],
  ])('goes %s, and the answer shows no pod', (_, headers: HeaderList) => {
    const mooring = start({}, { rules: [{ name: 'a', match: { paths: ['/static/**'] }, skip: true }] })
    const passed = pass(mooring.plugin, [...headers, [HEADER, POD_B ?? '']])
    expect(requestValues(passed, HEADER)).toEqual([])
    expect(answer(passed, POD_A).pods).toEqual([])
  })
})

describe('a seal that is not for this session', () => {
  const other = Buffer.alloc(16, 7)
  const tail = SEALED.slice(TOKEN.length)
  test.each([
    ["another session's", TOKEN + sealOf(K2, BOUND, other, POD_A ?? '', NONCE)],
    ['of another cookie', TOKEN + sealOf(K2, ['SID', 'shop'], ID, POD_A ?? '', NONCE)],
    ['of another audience', TOKEN + sealOf(K2, ['ISTIOID', 'bank'], ID, POD_A ?? '', NONCE)],
    [
      "of the application's session",
      TOKEN + sealOf(K2, ['cookie', 'ISTIOID', 'shop'], ID, POD_A ?? '', NONCE),
    ],
    ['by another key of its name', TOKEN + sealOf({ ...STRANGER, kid: 'k2' }, BOUND, ID, POD_A ?? '', NONCE)],
    ['by a key that was taken out', TOKEN + sealOf(STRANGER, BOUND, ID, POD_A ?? '', NONCE)],
    ['with another nonce', TOKEN + tail.replace('_-7d', '_-7e')],
    ['with another address', TOKEN + tail.slice(0, 60) + (tail[60] === 'A' ? 'B' : 'A') + tail.slice(61)],
  ])('%s: the session counts, its pod does not', (_, value) => {
    const mooring = start()
    const passed = visit(mooring, `ISTIOID=${value}`)
    expect(requestValues(passed, HEADER)).toEqual([])
    expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${base64url(ID)}`])
    expect([counter(mooring, 'pod_refused'), counter(mooring, 'session_valid')]).toEqual([1n, 1n])
  })

  test.each([
    ['cut', SEALED.slice(0, -1)],
    ['extended', `${SEALED}A`],
    ['behind a forged token', TOKEN.slice(0, -1) + (TOKEN.endsWith('A') ? 'Q' : 'A') + tail],
    ['twice', SEALED + tail],
  ])('%s: no session', (_, value) => {
    const mooring = start({ onInvalid: 'ignore' })
    const passed = visit(mooring, `ISTIOID=${value}`)
    expect([requestValues(passed, HEADER), requestValues(passed, 'cookie')]).toEqual([[], []])
  })
})

test.each([
  ['Envoy names what is no address', 'x'.repeat(65)],
  ['Envoy names nothing', ''],
])('%s: it is kept from the client all the same, and not kept', (_, pod) => {
  const { cookies, pods } = answer(pass(start().plugin), pod)
  expect([pods, valueOf(cookies[0]).includes('~')]).toEqual([[], false])
})

test('a pod of the longest address there is', () => {
  const pod = Buffer.from('[aaaa:bbbb:cccc:dddd:eeee:ffff:1111:2222]:65535').toString('base64')
  const mooring = start()
  const value = valueOf(answer(pass(mooring.plugin), pod).cookies[0])
  expect(pod).toHaveLength(64)
  expect(requestValues(visit(mooring, `ISTIOID=${value}`), HEADER)).toEqual([pod])
})

describe("the application's own session", () => {
  const K = Buffer.alloc(16, 9)
  const carrier = { kind: 'cookie', name: 'JSESSIONID', audience: 'shop' } as const
  const bound: Bound = ['cookie', 'JSESSIONID', 'shop']

  test('wrapped: the pod stands behind the suffix, and both are gone for the application', () => {
    const mooring = start({ application: { cookie: 'JSESSIONID' } })
    const first = pass(mooring.plugin)
    const { cookies, pods } = answer(first, POD_A, [['set-cookie', 'JSESSIONID=abc; Path=/']])
    expect(pods).toEqual([])
    const value = valueOf(cookies[0])
    const k = unwrap(value.split('~2.')[0] ?? '')?.k ?? K
    expect(openSeal(K2, bound, k, value)).toEqual({ rest: wrap(K2, carrier, 'abc', k), pod: POD_A })
    const second = visit(mooring, `JSESSIONID=${value}; a=b`)
    expect(requestValues(second, HEADER)).toEqual([POD_A])
    expect(requestValues(second, 'cookie')).toEqual(['JSESSIONID=abc; a=b'])
    expect(answer(second, undefined)).toEqual({ cookies: [], pods: [] })
  })

  test('wrapped: a new id keeps the pod that Envoy does not name again', () => {
    const mooring = start({ application: { cookie: 'JSESSIONID' } })
    const value = wrap(K2, carrier, 'old', K) + sealOf(K2, bound, K, POD_A ?? '', NONCE)
    const { cookies } = answer(visit(mooring, `JSESSIONID=${value}`), undefined, [
      ['set-cookie', 'JSESSIONID=new'],
    ])
    expect(openSeal(K2, bound, K, valueOf(cookies[0]))).toEqual({
      rest: wrap(K2, carrier, 'new', K),
      pod: POD_A,
    })
  })

  test('wrapped in a header', () => {
    const mooring = start({ application: { header: 'Mcp-Session-Id' } })
    const passed = pass(mooring.plugin)
    const { headers } = passed.stream.responseHeaders({
      headers: [
        [':status', '200'],
        ['mcp-session-id', 'abc'],
        [HEADER, POD_B ?? ''],
      ],
      details: 'via_upstream',
    })
    const value = headers.get('mcp-session-id') ?? ''
    expect(headers.get(HEADER)).toBeUndefined()
    const second = pass(mooring.plugin, [['mcp-session-id', value]])
    expect(requestValues(second, 'mcp-session-id')).toEqual(['abc'])
    expect(requestValues(second, HEADER)).toEqual([POD_B])
  })

  test('a seal without a suffix before it is part of the value', () => {
    const mooring = start({ application: { cookie: 'JSESSIONID' } })
    const line = `JSESSIONID=abc${sealOf(K2, bound, K, POD_A ?? '', NONCE)}`
    const passed = visit(mooring, line)
    expect([requestValues(passed, 'cookie'), requestValues(passed, HEADER)]).toEqual([[line], []])
  })

  test('followed: the pod is in the cookie beside it', () => {
    const mooring = start({ application: { cookie: 'JSESSIONID', strategy: 'follow' } })
    const first = pass(mooring.plugin)
    const { cookies, pods } = answer(first, POD_A, [['set-cookie', 'JSESSIONID=abc; Path=/']])
    expect([cookies.length, pods]).toEqual([2, []])
    const second = visit(mooring, `JSESSIONID=abc; ISTIOID=${valueOf(cookies[1])}`)
    expect(requestValues(second, HEADER)).toEqual([POD_A])
    // What becomes of its cookie is for the application to say: another pod alone sets nothing.
    expect(answer(second, POD_B)).toEqual({ cookies: [], pods: [] })
  })
})

test('a sealed token counts where there is no persistence (any more), and where nothing is signed (any more)', () => {
  const without = startMooring(
    { session: { signing: { keys: ring(K2), audience: 'shop' } } },
    { environment: ENVIRONMENT, clock: new ManualClock(new Date(NOW * 1000)) },
  )
  for (const mooring of [without, startMooring({ session: {} })]) {
    const passed = visit(mooring, `ISTIOID=${SEALED}`)
    expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${base64url(ID)}`])
    expect(requestValues(passed, HEADER)).toEqual([])
    expect(counter(mooring, 'pod_refused')).toBe(0n)
  }
})

test('readOnly restores the pod and writes no cookie', () => {
  const passed = visit(start({ readOnly: true }), `ISTIOID=${SEALED}`)
  expect(requestValues(passed, HEADER)).toEqual([POD_A])
  expect(answer(passed, POD_B)).toEqual({ cookies: [], pods: [] })
})

test('shadow changes nothing on the wire', () => {
  const passed = visit(start({}, { mode: 'shadow' }), `ISTIOID=${SEALED}`, [[HEADER, 'mine']])
  expect(requestValues(passed, HEADER)).toEqual(['mine'])
  expect(answer(passed, POD_B)).toEqual({ cookies: [], pods: [POD_B] })
})

describe('what the host refuses', () => {
  test("the header on the request: 503 rather than a pod of the client's choice", () => {
    const mooring = start()
    const stream = mooring.plugin.stream({
      headers: [
        [':method', 'GET'],
        [':path', '/'],
        [':authority', 'test.com'],
        [HEADER, POD_B ?? ''],
      ],
    })
    mooring.vm.inject({ hostcall: 'proxy_remove_header_map_value', status: Status.InternalFailure })
    expect(stream.requestHeaders({ endOfStream: true }).localReply?.status).toBe(503)
  })

  test('to take the header off the answer: 502 rather than an address', () => {
    const mooring = start()
    const { stream } = visit(mooring, `ISTIOID=${SEALED}`)
    mooring.vm.inject({ hostcall: 'proxy_remove_header_map_value', status: Status.InternalFailure })
    const { localReply } = stream.responseHeaders({
      headers: [
        [':status', '200'],
        [HEADER, POD_B ?? ''],
      ],
      details: 'via_upstream',
    })
    expect(localReply?.status).toBe(502)
    stream.end()
    expect(counter(mooring, 'write_refused')).toBe(1n)
  })
})

test('whatever stands where a seal may be, nothing traps and no byte of it reaches the pod', () => {
  const mooring = start()
  const octet = fc.integer({ min: 0x21, max: 0x7e }).filter((c) => ![0x22, 0x2c, 0x3b, 0x5c].includes(c))
  const garbage = fc.array(octet, { maxLength: 200 }).map((codes) => String.fromCharCode(...codes))
  fc.assert(
    fc.property(garbage, fc.nat(SEALED.length), fc.boolean(), (text, at, cut) => {
      const value = SEALED.slice(0, at) + text + (cut ? '' : SEALED.slice(at))
      const passed = visit(mooring, `ISTIOID=${value}`)
      // None for a token of a key that is not known here.
      for (const cookie of requestValues(passed, 'cookie')) expect(cookie).toMatch(/^ISTIOID=[\w-]{22}$/)
      const pods = requestValues(passed, HEADER)
      if (value !== SEALED) expect(pods).toEqual([])
      expect(answer(passed, POD_B).pods).toEqual([])
    }),
    { numRuns: process.env['PROVE'] === undefined ? 2000 : 200_000 },
  )
})
