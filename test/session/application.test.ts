/** `session.application` as docs/application.md says, in bytes. The expected values are the second implementation's. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HeaderList } from '../../host/index.ts'
import { type Mooring, type Passed, counter, pass, requestValues, startMooring } from '../filter/mooring.ts'
import { binaryNode, plainKey } from '../filter/reference-key.ts'
import { ENVIRONMENT, K1, K2, STRANGER, ring } from './keys.ts'
import { base64url } from './token.ts'
import { type Carrier, unwrap, wrap } from './wrapped.ts'

const KEY_HEADER = 'x-mooring-key'
const COOKIE: Carrier = { kind: 'cookie', name: 'JSESSIONID', audience: 'shop' }
const HEADER: Carrier = { kind: 'header', name: 'mcp-session-id', audience: 'shop' }
const K = Buffer.from('ffeeddccbbaa99887766554433221100', 'hex')
const LAST = Buffer.from('00000000000000000000000000000001', 'hex')

function start(application: object, session: object = {}, configuration: object = {}): Mooring {
  return startMooring(
    {
      session: { application, signing: { keys: ring(K2, K1), audience: 'shop' }, ...session },
      ...configuration,
    },
    { environment: ENVIRONMENT },
  )
}

const cookies = (session: object = {}, more: object = {}) =>
  start({ cookie: 'JSESSIONID', strategy: 'wrap', ...more }, session)
const headers = (more: object = {}) => start({ header: 'Mcp-Session-Id', strategy: 'wrap', ...more })

function answer({ stream }: Passed, lines: HeaderList, name = 'set-cookie'): readonly string[] {
  const { headers: left } = stream.responseHeaders({
    headers: [[':status', '200'], ...lines],
    details: 'via_upstream',
  })
  const found = [...left.all(name)]
  stream.end()
  return found
}

const setCookie = (passed: Passed, ...lines: readonly string[]) =>
  answer(
    passed,
    lines.map((line) => ['set-cookie', line] as const),
  )

/** A request with these Cookie entries: what the application and the router see of it. */
function seen(
  mooring: Mooring,
  ...entries: readonly string[]
): { cookie: readonly string[]; key: readonly string[] } {
  const passed = pass(
    mooring.plugin,
    entries.map((entry) => ['cookie', entry] as const),
  )
  passed.stream.end()
  return { cookie: requestValues(passed, 'cookie'), key: requestValues(passed, KEY_HEADER) }
}

/** The key of a session with that K. */
function keyOf(mooring: Mooring, k: Uint8Array = K): readonly string[] {
  const { key } = seen(mooring, `JSESSIONID=${wrap(K2, COOKIE, 'any', k)}`)
  expect(key).toHaveLength(1)
  return key
}

test('the vector of docs/application.md, by the second implementation and by the filter', () => {
  const page = readFileSync(new URL('../../docs/application.md', import.meta.url), 'utf8')
  const vector = /`(abc~1[^`]*)`/.exec(page)?.[1]
  expect(wrap(K2, { ...COOKIE, audience: 'shop.example.com' }, 'abc', K)).toBe(vector)
  const signing = { keys: ring(K2), audience: 'shop.example.com' }
  const passed = pass(cookies({ signing }).plugin, [['cookie', `JSESSIONID=${vector}`]])
  expect(requestValues(passed, 'cookie')).toEqual(['JSESSIONID=abc'])
  expect(setCookie(passed, 'JSESSIONID=abc')).toEqual([`JSESSIONID=${vector}`])
})

test('the application gets its own bytes and the router the key of K, from the first answer on', () => {
  const mooring = cookies()
  const first = pass(mooring.plugin)
  const key = requestValues(first, KEY_HEADER)
  expect(key).toHaveLength(1)
  expect(requestValues(first, 'cookie')).toEqual([])
  const [line = ''] = setCookie(first, 'JSESSIONID=abc; Path=/; HttpOnly')
  const k = unwrap(/^JSESSIONID=([^;]*)/.exec(line)?.[1] ?? '')?.k ?? LAST
  expect(line).toBe(`JSESSIONID=${wrap(K2, COOKIE, 'abc', k)}; Path=/; HttpOnly`)
  const second = seen(mooring, `a=b; JSESSIONID=${wrap(K2, COOKIE, 'abc', k)}; c="d"`)
  expect(second).toEqual({ cookie: ['a=b; JSESSIONID=abc; c="d"'], key })
  // K takes the place of a session's id (docs/keys.md).
  expect(key).toEqual([plainKey(binaryNode('session', Buffer.from(k).toString('hex')))])
})

test('a new id of the application keeps K, and is signed by the first key', () => {
  const mooring = cookies()
  const passed = pass(mooring.plugin, [['cookie', `JSESSIONID=${wrap(K1, COOKIE, 'old', K)}`]])
  expect(requestValues(passed, 'cookie')).toEqual(['JSESSIONID=old'])
  expect(setCookie(passed, 'JSESSIONID=new')).toEqual([`JSESSIONID=${wrap(K2, COOKIE, 'new', K)}`])
  expect(counter(mooring, 'application_wrapped')).toBe(1n)
})

test('two first requests each have a K of their own', () => {
  const mooring = cookies()
  const [one, two] = [pass(mooring.plugin), pass(mooring.plugin)]
  expect(requestValues(one, KEY_HEADER)).not.toEqual(requestValues(two, KEY_HEADER))
  const of = (lines: readonly string[]) => unwrap(lines[0]?.slice('JSESSIONID='.length) ?? '')?.k
  const [second, first] = [of(setCookie(two, 'JSESSIONID=b')), of(setCookie(one, 'JSESSIONID=a'))]
  expect(keyOf(mooring, first)).toEqual(requestValues(one, KEY_HEADER))
  expect(keyOf(mooring, second)).toEqual(requestValues(two, KEY_HEADER))
})

test.each([
  ['JSESSIONID="q"; Path=/', (v: string) => `JSESSIONID="${v}"; Path=/`, 'q'],
  [' JSESSIONID = a b ;Secure', (v: string) => ` JSESSIONID = ${v} ;Secure`, 'a b'],
  ['JSESSIONID=a=b; Max-Age=60', (v: string) => `JSESSIONID=${v}; Max-Age=60`, 'a=b'],
  ['JSESSIONID=a; max-age= 1', (v: string) => `JSESSIONID=${v}; max-age= 1`, 'a'],
])('only the value of %s changes', (line, expected, value) => {
  const passed = pass(cookies().plugin, [['cookie', `JSESSIONID=${wrap(K2, COOKIE, 'x', K)}`]])
  expect(setCookie(passed, 'a=1; Path=/', line, 'JSESSIONIDX=2', 'z=3')).toEqual([
    'a=1; Path=/',
    expected(wrap(K2, COOKIE, value, K)),
    'JSESSIONIDX=2',
    'z=3',
  ])
})

test.each([
  'JSESSIONID=; Path=/',
  'JSESSIONID=deleted; Max-Age=0',
  'JSESSIONID=x; MAX-AGE=-1',
  'other=1',
  'JSESSIONID',
])('%s is no session that begins: the answer passes as it is', (line) => {
  const passed = pass(cookies().plugin)
  expect(setCookie(passed, 'a=1', line)).toEqual(['a=1', line])
})

test('every Set-Cookie of the name is wrapped, with one K', () => {
  const passed = pass(cookies().plugin, [['cookie', `JSESSIONID=${wrap(K2, COOKIE, 'x', K)}`]])
  expect(setCookie(passed, 'JSESSIONID=a; Path=/a', 'JSESSIONID=b; Path=/b')).toEqual([
    `JSESSIONID=${wrap(K2, COOKIE, 'a', K)}; Path=/a`,
    `JSESSIONID=${wrap(K2, COOKIE, 'b', K)}; Path=/b`,
  ])
})

test('a line of 4,096 bytes is wrapped, one that would be longer is left bare and counted', () => {
  const mooring = cookies()
  const attributes = '; Path=/; HttpOnly'
  const suffix = wrap(K2, COOKIE, '', K).length
  const fits = 'v'.repeat(4096 - 'JSESSIONID='.length - attributes.length - suffix)
  for (const [value, wrapped] of [
    [fits, 1n],
    [`${fits}v`, 0n],
  ] as const) {
    const passed = pass(mooring.plugin, [['cookie', `JSESSIONID=${wrap(K2, COOKIE, 'x', K)}`]])
    const expected = wrapped === 1n ? wrap(K2, COOKIE, value, K) : value
    expect(setCookie(passed, `JSESSIONID=${value}${attributes}`)).toEqual([
      `JSESSIONID=${expected}${attributes}`,
    ])
  }
  expect(counter(mooring, 'application_too_long')).toBe(1n)
})

describe('a value without a suffix', () => {
  test.each(['JSESSIONID=abc', 'JSESSIONID=', 'JSESSIONID="abc"', 'a=~1.k2; JSESSIONID=a~1.k2.b.c'])(
    '%s passes untouched, and what the application sets next is wrapped',
    (line) => {
      const mooring = cookies()
      const passed = pass(mooring.plugin, [['cookie', line]])
      expect(requestValues(passed, 'cookie')).toEqual([line])
      const [set = ''] = setCookie(passed, 'JSESSIONID=new')
      expect(keyOf(mooring, unwrap(set.slice(11))?.k)).toEqual(requestValues(passed, KEY_HEADER))
      expect(counter(mooring, 'application_bare')).toBe(1n)
    },
  )
})

test('several cookies, entries and quotes: each loses its suffix, and the first that verifies counts', () => {
  const mooring = cookies()
  const [one, two] = [wrap(K2, COOKIE, 'one', K), wrap(K2, COOKIE, 'two', LAST)]
  expect(seen(mooring, `JSESSIONID=bare; JSESSIONID="${one}";x=1`, `y=2; JSESSIONID=${two}`)).toEqual({
    cookie: ['JSESSIONID=bare; JSESSIONID="one";x=1; y=2; JSESSIONID=two'],
    key: keyOf(mooring),
  })
})

test('at most 4 suffixes are verified; the others are taken off too', () => {
  const mooring = cookies()
  const forged = wrap({ ...STRANGER, kid: 'k2' }, COOKIE, 'v', K)
  const good = wrap(K2, COOKIE, 'v', K)
  const line = (count: number) =>
    [...Array<string>(count).fill(forged), good].map((v) => `JSESSIONID=${v}`).join('; ')
  expect(seen(mooring, line(3)).key).toEqual(keyOf(mooring))
  expect(seen(mooring, line(4))).toEqual({ cookie: [Array(5).fill('JSESSIONID=v').join('; ')], key: [] })
})

describe('a suffix that does not verify', () => {
  const good = wrap(K2, COOKIE, 'mine', K)
  const tail = wrap(K2, COOKIE, 'yours', LAST).slice('yours'.length)
  const lastBit = (text: string) =>
    text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1)

  test.each([
    ["another user's", `mine${tail}`, 'mine', 'session_forged'],
    ['of another cookie', wrap(K2, { ...COOKIE, name: 'PHPSESSID' }, 'mine', K), 'mine', 'session_forged'],
    ['of a header', wrap(K2, { ...COOKIE, kind: 'header' }, 'mine', K), 'mine', 'session_forged'],
    ['of another audience', wrap(K2, { ...COOKIE, audience: 'bank' }, 'mine', K), 'mine', 'session_forged'],
    ['of a longer value', `x${good}`, 'xmine', 'session_forged'],
    ['of a shorter value', good.slice(1), 'ine', 'session_forged'],
    ['with another K', good.replace(base64url(K), base64url(LAST)), 'mine', 'session_forged'],
    [
      'by another key of its name',
      wrap({ ...STRANGER, kid: 'k2' }, COOKIE, 'mine', K),
      'mine',
      'session_forged',
    ],
    ['by a key that was taken out', wrap(STRANGER, COOKIE, 'mine', K), 'mine', 'session_unknown_key'],
  ])('%s: no key, the application gets the value without it', (_, value, bare, outcome) => {
    const mooring = cookies()
    const passed = pass(mooring.plugin, [['cookie', `JSESSIONID=${value}`]])
    expect(requestValues(passed, 'cookie')).toEqual([`JSESSIONID=${bare}`])
    expect(requestValues(passed, KEY_HEADER)).toEqual([])
    expect(setCookie(passed, 'JSESSIONID=new')).toEqual(['JSESSIONID=new'])
    expect(counter(mooring, outcome)).toBe(1n)
  })

  test.each([
    ['cut', good.slice(0, -1)],
    ['extended', `${good}A`],
    ['encoded another way', lastBit(good)],
    ['padded', `${good}=`],
    ['with an upper-case key id', good.replace('.k2.', '.K2.')],
    ['with another version', good.replace('~1.', '~2.')],
  ])('%s: that is none of ours, and passes untouched under a key that it did not choose', (_, value) => {
    const mooring = cookies()
    const { cookie, key } = seen(mooring, `JSESSIONID=${value}`)
    expect(cookie).toEqual([`JSESSIONID=${value}`])
    expect(key).not.toEqual(keyOf(mooring))
    expect(counter(mooring, 'application_bare')).toBe(1n)
  })

  test('onInvalid: "404" says that there is no such session, and asks nobody', () => {
    const mooring = headers({ onInvalid: '404' })
    const send = (value: string) => pass(mooring.plugin, [['mcp-session-id', value]]).request
    expect(send(wrap(K2, { ...HEADER, name: 'x' }, 'mine', K)).localReply?.status).toBe(404)
    expect(send(wrap(STRANGER, HEADER, 'mine', K)).localReply?.status).toBe(404)
    expect(send(wrap(K2, HEADER, 'mine', K)).localReply).toBeUndefined()
    expect(send('mine').localReply).toBeUndefined()
  })
})

describe('a header', () => {
  test('is wrapped on the answer, and bare for the application', () => {
    const mooring = headers()
    const first = pass(mooring.plugin)
    const [value = ''] = answer(first, [['mcp-session-id', 'abc']], 'mcp-session-id')
    const k = unwrap(value)?.k ?? LAST
    expect(value).toBe(wrap(K2, HEADER, 'abc', k))
    const second = pass(mooring.plugin, [['mcp-session-id', value]])
    expect(requestValues(second, 'mcp-session-id')).toEqual(['abc'])
    expect(requestValues(second, KEY_HEADER)).toEqual(requestValues(first, KEY_HEADER))
    expect(answer(second, [], 'mcp-session-id')).toEqual([])
  })

  test('that comes twice is left as it is', () => {
    const value = wrap(K2, HEADER, 'abc', K)
    const passed = pass(headers().plugin, [
      ['mcp-session-id', value],
      ['mcp-session-id', value],
    ])
    expect(requestValues(passed, 'mcp-session-id')).toEqual([value, value])
  })
})

describe('an answer that caches may hand to others', () => {
  const PUBLIC = ['cache-control', 'public, max-age=60'] as const
  const LINE = ['set-cookie', 'JSESSIONID=abc'] as const

  test('passes unwrapped', () => {
    const mooring = cookies()
    expect(answer(pass(mooring.plugin), [PUBLIC, LINE])).toEqual(['JSESSIONID=abc'])
    expect(counter(mooring, 'cookie_omitted')).toBe(1n)
  })

  test('is made private by onCacheable: markPrivate', () => {
    const mooring = cookies({ mint: { onCacheable: 'markPrivate' } })
    const passed = pass(mooring.plugin)
    const [line = ''] = answer(passed, [PUBLIC, LINE])
    expect(unwrap(line.slice(11))?.value).toBe('abc')
    expect(passed.stream.response?.all('cache-control')).toEqual(['max-age=60, private'])
  })
})

test('shadow changes nothing on the wire', () => {
  const mooring = start({ cookie: 'JSESSIONID' }, {}, { mode: 'shadow' })
  const line = `JSESSIONID=${wrap(K2, COOKIE, 'x', K)}`
  const passed = pass(mooring.plugin, [['cookie', line]])
  expect([requestValues(passed, 'cookie'), requestValues(passed, KEY_HEADER)]).toEqual([[line], []])
  expect(setCookie(passed, 'JSESSIONID=new')).toEqual(['JSESSIONID=new'])
  expect(counter(mooring, 'session_valid')).toBe(1n)
})

const PROVE = process.env['PROVE'] !== undefined
const TIMEOUT = PROVE ? 3_600_000 : 60_000
const octets = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0xff })
    .filter((c) => c !== 0x3b && c !== 0x7f && c !== 0x22)
    .map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 80,
})
const blank = fc.constantFrom('', ' ', '\t')
const attribute = fc.oneof(
  fc.constantFrom(
    'Path=/',
    'HttpOnly',
    'Secure',
    'SameSite=Lax',
    'Expires=Wed, 21 Oct 2099 07:28:00 GMT',
    'Max-Age=7',
    '',
  ),
  octets.filter((text) => !/max-age/i.test(text)),
)

test(
  'unwrapping a wrapped line gives the bytes of the application, whatever they are',
  { timeout: TIMEOUT },
  () => {
    const mooring = cookies()
    fc.assert(
      fc.property(
        octets,
        fc.boolean(),
        blank,
        fc.array(fc.tuple(blank, attribute), { maxLength: 6 }),
        (value, quoted, pad, rest) => {
          const shown = quoted ? `"${value}"` : value
          const attributes = rest.map(([space, text]) => `;${space}${text}`).join('')
          const line = `JSESSIONID=${pad}${shown}${pad}${attributes}`
          const [set = '', other] = setCookie(pass(mooring.plugin), line, 'z=1')
          const wrapped = /^JSESSIONID=[ \t]*([^;]*?)[ \t]*(?:;|$)/.exec(set)?.[1] ?? ''
          expect(other).toBe('z=1')
          const inside = quoted ? wrapped.slice(1, -1) : wrapped
          const { k, value: bare } = unwrap(inside) ?? { k: LAST, value: undefined }
          expect(bare).toBe(value)
          expect(set.replace(inside, () => value)).toBe(line)
          expect(inside).toBe(wrap(K2, COOKIE, value, k))
          expect(seen(mooring, `a=1; JSESSIONID=${wrapped}`).cookie).toEqual([`a=1; JSESSIONID=${shown}`])
        },
      ),
      { numRuns: PROVE ? 100_000 : 1000 },
    )
  },
)
