/** `session.application` with `strategy: follow` as docs/application.md says, in bytes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HeaderList, ManualClock } from '../../host/index.ts'
import { type Mooring, type Passed, counter, pass, requestValues, startMooring } from '../filter/mooring.ts'
import { binaryNode, plainKey } from '../filter/reference-key.ts'
import { ENVIRONMENT, K1, K2, STRANGER, ring } from './keys.ts'
import { base64url, judge, readToken, tokenOf } from './token.ts'

const NOW = 1_800_000_000
const KEY_HEADER = 'x-mooring-key'
const SCOPE = { name: 'ISTIOID', audience: 'shop' }
const ID = Buffer.from('ffeeddccbbaa99887766554433221100', 'hex')
const OWN = tokenOf(K2, SCOPE, { id: ID, birth: NOW - 50, issued: NOW - 50 })

function start(session: object = {}, configuration: object = {}): Mooring {
  return startMooring(
    {
      session: {
        application: { cookie: 'JSESSIONID', strategy: 'follow' },
        signing: { keys: ring(K2, K1), audience: 'shop' },
        ...session,
      },
      ...configuration,
    },
    { environment: ENVIRONMENT, clock: new ManualClock(new Date(NOW * 1000)) },
  )
}

function answer({ stream }: Passed, lines: readonly string[], others: HeaderList = []): readonly string[] {
  const { headers } = stream.responseHeaders({
    headers: [[':status', '200'], ...others, ...lines.map((line) => ['set-cookie', line] as const)],
    details: 'via_upstream',
  })
  const found = [...headers.all('set-cookie')]
  stream.end()
  return found
}

/** The token in a line of Mooring's cookie, and the line with `TOKEN` in its place. */
function split(line = ''): { token: string; rest: string } {
  const token = /^ISTIOID=([^;]*)/.exec(line)?.[1] ?? ''
  return { token, rest: line.replace(token, () => 'TOKEN') }
}

const keyOf = (id: Uint8Array): string => plainKey(binaryNode('session', Buffer.from(id).toString('hex')))

test("the cookie comes with the application's, and brings the next request to the same pod", () => {
  const mooring = start()
  const first = pass(mooring.plugin)
  const lines = answer(first, ['a=1', 'JSESSIONID=abc; Path=/shop; HttpOnly', 'z=2'])
  expect(lines.slice(0, 3)).toEqual(['a=1', 'JSESSIONID=abc; Path=/shop; HttpOnly', 'z=2'])
  const { token, rest } = split(lines[3])
  expect([lines.length, rest]).toEqual([4, 'ISTIOID=TOKEN; Path=/shop; HttpOnly'])
  expect(judge(token, [K2], SCOPE, NOW)).toBe('valid')
  const id = readToken(token)?.id ?? ID
  expect(requestValues(first, KEY_HEADER)).toEqual([keyOf(id)])
  // As with any session the first request hashes like those that follow, by the cookie too.
  expect(requestValues(first, 'cookie')).toEqual([`ISTIOID=${base64url(id)}`])
  const second = pass(mooring.plugin, [['cookie', `JSESSIONID=abc; ISTIOID=${token}`]])
  expect(requestValues(second, 'cookie')).toEqual([`JSESSIONID=abc; ISTIOID=${base64url(id)}`])
  expect(requestValues(second, KEY_HEADER)).toEqual([keyOf(id)])
  expect(answer(second, [])).toEqual([])
  expect([counter(mooring, 'cookie_set'), counter(mooring, 'session_valid')]).toEqual([1n, 1n])
})

test("an answer that does not set the application's cookie sets none", () => {
  const mooring = start()
  expect(answer(pass(mooring.plugin), ['a=1', 'JSESSIONIDX=2'])).toEqual(['a=1', 'JSESSIONIDX=2'])
  expect(answer(pass(mooring.plugin), [])).toEqual([])
  expect(counter(mooring, 'cookie_set')).toBe(0n)
})

test.each([
  ['JSESSIONID=new', '; HttpOnly'],
  ['JSESSIONID=new; Max-Age=60', '; Max-Age=60; HttpOnly'],
  [
    'JSESSIONID=new;Expires=Wed, 21 Oct 2099 07:28:00 GMT;Secure;SameSite=None;Partitioned',
    ';Expires=Wed, 21 Oct 2099 07:28:00 GMT;Secure;SameSite=None;Partitioned; HttpOnly',
  ],
  ['JSESSIONID = "new" ; Domain=example.com ; httponly ', '; Domain=example.com ; httponly '],
])('a new id of the application keeps the session, with the attributes of %s', (line, attributes) => {
  const mooring = start()
  const passed = pass(mooring.plugin, [['cookie', `ISTIOID=${OWN}; JSESSIONID=old`]])
  const [same, own] = answer(passed, [line])
  expect(same).toBe(line)
  const { token, rest } = split(own)
  expect(rest).toBe(`ISTIOID=TOKEN${attributes}`)
  expect(readToken(token)).toMatchObject({ id: ID, kid: 'k2', birth: NOW, issued: NOW })
})

test.each([
  ['JSESSIONID=; Path=/; Max-Age=0', 'ISTIOID=; Path=/; Max-Age=0; HttpOnly'],
  ['JSESSIONID=x; Max-Age=-1', 'ISTIOID=; Max-Age=-1; HttpOnly'],
  ['JSESSIONID=x; Max-Age=60; Max-Age=0', 'ISTIOID=; Max-Age=60; Max-Age=0; HttpOnly'],
  ['JSESSIONID=', 'ISTIOID=; HttpOnly'],
  [
    'JSESSIONID=""; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'ISTIOID=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly',
  ],
])('%s takes the cookie away too', (line, own) => {
  expect(answer(pass(start().plugin, [['cookie', `ISTIOID=${OWN}`]]), [line])).toEqual([line, own])
})

test('several lines of the name, for several paths, each have one beside them, all for one session', () => {
  const lines = answer(pass(start().plugin), ['JSESSIONID=a; Path=/a', 'JSESSIONID=b; Path=/b'])
  expect(lines.slice(2).map((line) => split(line).rest)).toEqual([
    'ISTIOID=TOKEN; Path=/a; HttpOnly',
    'ISTIOID=TOKEN; Path=/b; HttpOnly',
  ])
  const ids = lines.slice(2).map((line) => base64url(readToken(split(line).token)?.id ?? ID))
  expect(ids[0]).toBe(ids[1])
})

test('two first requests have two sessions: each id of the application comes with its own', () => {
  const mooring = start()
  const [one, two] = [pass(mooring.plugin), pass(mooring.plugin)]
  const id = (passed: Passed) => readToken(split(answer(passed, ['JSESSIONID=x'])[1]).token)?.id ?? ID
  expect([keyOf(id(two)), keyOf(id(one))]).toEqual([
    ...requestValues(two, KEY_HEADER),
    ...requestValues(one, KEY_HEADER),
  ])
})

describe('a cookie that does not verify', () => {
  const forged = tokenOf({ ...STRANGER, kid: 'k2' }, SCOPE, { id: ID, birth: NOW, issued: NOW })

  test('is replaced when the application next sets its own, and reaches no pod', () => {
    const mooring = start()
    const passed = pass(mooring.plugin, [['cookie', `ISTIOID=${forged}; a=b`]])
    const [key] = requestValues(passed, KEY_HEADER)
    expect(key).not.toBe(keyOf(ID))
    const id = readToken(split(answer(passed, ['JSESSIONID=x'])[1]).token)?.id ?? ID
    expect(key).toBe(keyOf(id))
    expect(requestValues(passed, 'cookie')).toEqual([`a=b; ISTIOID=${base64url(id)}`])
    expect(counter(mooring, 'session_forged')).toBe(1n)
  })

  test('is no session with onInvalid: ignore', () => {
    const passed = pass(start({ onInvalid: 'ignore' }).plugin, [['cookie', `ISTIOID=${forged}`]])
    expect([requestValues(passed, KEY_HEADER), requestValues(passed, 'cookie')]).toEqual([[], []])
    expect(answer(passed, ['JSESSIONID=x'])).toEqual(['JSESSIONID=x'])
  })

  test('is answered with 403 with onInvalid: reject', () => {
    const passed = pass(start({ onInvalid: 'reject' }).plugin, [['cookie', `ISTIOID=${forged}`]])
    expect(passed.request.localReply?.status).toBe(403)
  })

  test('of a key that is not known here stays as it is', () => {
    const unknown = tokenOf(STRANGER, SCOPE, { id: ID, birth: NOW, issued: NOW })
    const passed = pass(start().plugin, [['cookie', `ISTIOID=${unknown}`]])
    expect(requestValues(passed, KEY_HEADER)).toEqual([])
    expect(answer(passed, ['JSESSIONID=x'])).toEqual(['JSESSIONID=x'])
  })
})

test('an old key is replaced only when the application sets its cookie', () => {
  const old = tokenOf(K1, SCOPE, { id: ID, birth: 1, issued: 1 })
  const mooring = start()
  const request = () => pass(mooring.plugin, [['cookie', `ISTIOID=${old}`]])
  expect(answer(request(), [])).toEqual([])
  expect(readToken(split(answer(request(), ['JSESSIONID=x'])[1]).token)).toMatchObject({ kid: 'k2', id: ID })
})

test('an answer that caches may hand to others gets none', () => {
  const mooring = start()
  const cached = [['cache-control', 'public, max-age=60']] as const
  expect(answer(pass(mooring.plugin), ['JSESSIONID=x'], cached)).toEqual(['JSESSIONID=x'])
  expect(counter(mooring, 'cookie_omitted')).toBe(1n)
})

test('shadow changes nothing on the wire', () => {
  const mooring = start({}, { mode: 'shadow' })
  const passed = pass(mooring.plugin, [['cookie', `ISTIOID=${OWN}`]])
  expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${OWN}`])
  expect(answer(passed, ['JSESSIONID=x'])).toEqual(['JSESSIONID=x'])
})

const PROVE = process.env['PROVE'] !== undefined

test(
  'whatever an answer sets passes byte for byte, and the line beside it has its attributes',
  { timeout: PROVE ? 3_600_000 : 60_000 },
  () => {
    const octet = fc.integer({ min: 0x20, max: 0xff }).filter((c) => c !== 0x7f && c !== 0x3b)
    const text = fc.array(octet, { maxLength: 40 }).map((codes) => String.fromCharCode(...codes))
    const mooring = start()
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 5 }), (value, attributes) => {
        const rest = attributes.map((attribute) => `;${attribute}`).join('')
        const line = `JSESSIONID=${value}${rest}`
        const [same, own = '', ...more] = answer(pass(mooring.plugin), [line])
        expect([same, more]).toEqual([line, []])
        const { rest: shown } = split(own)
        const hidden = attributes.some((attribute) => /^[ \t]*httponly[ \t]*(?:=|$)/i.test(attribute))
        expect(shown.slice(shown.indexOf(';'))).toBe(hidden ? rest : `${rest}; HttpOnly`)
      }),
      { numRuns: PROVE ? 100_000 : 1000 },
    )
  },
)
