/** A signed session: what the client holds is a token, what the router and the application see is its id. */
import { describe, expect, test } from 'vitest'
import { Status } from '../../host/index.ts'
import { type Mooring, type Passed, counter, pass, requestValues, setCookies } from './mooring.ts'
import { ISSUED, K1, K2, K3, SIGNING, startSigned } from './signing.ts'

const ID = 'ABEiM0RVZneImaq7zN3u_w'
// Born at 1700000000 and issued at 1700000600 for the cookie ISTIOID of shop.example.com, without Secure.
const TOKEN = `1.k2.${ID}.AAABlU_EAAABlU_NY.Rnoc6ffVJFY4LYLMV2zTRQ`.replace(
  'AAABlU_EAAABlU_NY',
  'AABlU_EAAABlU_NY',
)
const SHOP = { signing: { ...SIGNING, audience: 'shop.example.com' } }
const HTTPS: [string, string] = ['x-forwarded-proto', 'https']
const MINUTES = 60
const HOURS = 3600

interface Seen {
  readonly cookie: readonly string[]
  readonly setCookie: readonly string[]
}

function send(mooring: Mooring, cookie: string, ...more: [string, string][]): Seen {
  const passed = pass(mooring.plugin, [
    ...(cookie === '' ? [] : [['cookie', cookie] as [string, string]]),
    ...more,
  ])
  return { cookie: requestValues(passed, 'cookie'), setCookie: setCookies(passed) }
}

function bodyOf({ localReply }: Passed['stream']): string {
  return Buffer.from(localReply?.body ?? []).toString()
}

/** The cookie that one Set-Cookie line sets. */
function cookieOf(lines: readonly string[]): string {
  expect(lines).toHaveLength(1)
  return lines[0]?.split(';')[0] ?? ''
}

function mintAt(seconds: number, session: object = {}): string {
  return cookieOf(send(startSigned(session, seconds), '', HTTPS).setCookie)
}

/** The counters of sessions that are not 0. */
function outcomes({ vm }: Mooring): Record<string, bigint> {
  vm.advance(1000)
  const prefix = 'wasm_filter.default.mooring_session_'
  return Object.fromEntries(
    Object.entries(vm.metrics.all())
      .filter(([name, value]) => name.startsWith(prefix) && value !== 0n)
      .map(([name, value]) => [name.slice(prefix.length), value]),
  )
}

describe('a token', () => {
  test('of the documented vector is valid, and goes on as its bare id', () => {
    const mooring = startSigned(SHOP)
    expect(send(mooring, `a=1; ISTIOID=${TOKEN}; b=2`)).toEqual({
      cookie: [`a=1; b=2; ISTIOID=${ID}`],
      setCookie: [],
    })
    expect(outcomes(mooring)).toEqual({ valid: 1n })
  })

  test('that the filter mints is valid for it, and its id is the one on the request', () => {
    const mooring = startSigned()
    const first = send(mooring, '', HTTPS)
    const id = first.cookie[0]?.split('=')[1] ?? ''
    expect(first.setCookie).toEqual([
      expect.stringMatching(
        /^ISTIOID=1\.k2\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}; Max-Age=1800; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
      ),
    ])
    expect(first.setCookie[0]).toContain(`1.k2.${id}.`)
    expect(send(mooring, cookieOf(first.setCookie), HTTPS)).toEqual({
      cookie: [`ISTIOID=${id}`],
      setCookie: [],
    })
    expect(outcomes(mooring)).toEqual({ minted: 1n, valid: 1n })
  })

  test('may stand in double quotes, as Envoy reads cookies', () => {
    expect(send(startSigned(SHOP), `ISTIOID="${TOKEN}"`).cookie).toEqual([`ISTIOID=${ID}`])
  })

  test('counts under any key of the ring, and is signed by the first', () => {
    const token = mintAt(ISSUED, { signing: { ...SIGNING, keys: [K1] } })
    expect(token).toContain('=1.k1.')
    const mooring = startSigned({}, ISSUED + 16 * MINUTES)
    const seen = send(mooring, token, HTTPS)
    expect(cookieOf(seen.setCookie)).toContain('=1.k2.')
    expect(seen.cookie).toEqual([`ISTIOID=${token.split('.')[2] ?? ''}`])
    expect(outcomes(mooring)).toEqual({ renewed: 1n })
  })

  test('of a key that is not known is no session, and nothing takes its place', () => {
    const token = mintAt(ISSUED, { signing: { ...SIGNING, keys: [K3] } })
    const mooring = startSigned()
    expect(send(mooring, `a=1; ${token}`, HTTPS)).toEqual({ cookie: ['a=1'], setCookie: [] })
    expect(outcomes(mooring)).toEqual({ none: 1n, unknown_key: 1n })
  })

  test.each([
    ['another audience', { signing: { ...SIGNING, audience: 'other.example.com' } }, TOKEN],
    ['another cookie name', { ...SHOP, cookie: { name: 'OTHER' } }, TOKEN],
    ['another id', SHOP, TOKEN.replace(ID, 'BBEiM0RVZneImaq7zN3u_w')],
    ['other times', SHOP, TOKEN.replace('AABlU_EAAABlU_NY', 'AABlU_EAAABlU_NZ')],
    ['a kid that names another key', SHOP, TOKEN.replace('k2', 'k1')],
    ['another tag', SHOP, TOKEN.replace('Rnoc', 'Snoc')],
    ['a bound key put in', SHOP, TOKEN.replace('.Rnoc', `.${ID}.Rnoc`)],
  ])('that was forged, %s: a new session takes its place', (_, session, token) => {
    const mooring = startSigned(session)
    const name = (session as { cookie?: { name: string } }).cookie?.name ?? 'ISTIOID'
    const seen = send(mooring, `${name}=${token}`, HTTPS)
    expect(cookieOf(seen.setCookie)).not.toContain(ID)
    expect(seen.cookie).toEqual([expect.stringMatching(new RegExp(`^${name}=[A-Za-z0-9_-]{22}$`))])
    expect(seen.cookie).not.toEqual([`${name}=${ID}`])
    expect(outcomes(mooring)).toEqual({ forged: 1n, replaced: 1n })
  })

  test.each([
    ['a bare id', ID],
    ['nothing', ''],
    ['a tag cut short', TOKEN.slice(0, -1)],
    ['a tag with spare bits', TOKEN.slice(0, -1) + 'R'],
    ['one more character', `${TOKEN}A`],
    ['one more part', `${TOKEN}.${ID}.${ID}`],
    ['another version', `2${TOKEN.slice(1)}`],
    ['a kid in upper case', TOKEN.replace('k2', 'K2')],
    ['a kid of 17 characters', TOKEN.replace('k2', 'k'.repeat(17))],
    ['standard base64', TOKEN.replace('_w.', '/w.')],
    ['a blank behind it', `${TOKEN} `],
    ['129 characters', 'x'.repeat(129)],
  ])('that is none, %s: a new session takes its place', (_, value) => {
    const mooring = startSigned(SHOP)
    const seen = send(mooring, `ISTIOID=${value}`, HTTPS)
    expect(cookieOf(seen.setCookie)).toMatch(/^ISTIOID=1\.k2\./)
    expect(seen.cookie[0]).not.toContain(ID)
    expect(outcomes(mooring)).toEqual({ replaced: 1n })
  })
})

describe('of several cookies of the name', () => {
  const mooring = (): Mooring => startSigned(SHOP)
  const forged = TOKEN.replace('Rnoc', 'Snoc')

  test.each([
    ['forged before', `ISTIOID=${forged}; a=1; ISTIOID=${TOKEN}`],
    ['a bare id before', `ISTIOID=${ID}; a=1; ISTIOID=${TOKEN}`],
    ['another behind', `ISTIOID=${TOKEN}; a=1; ISTIOID=x`],
    ['three before', `ISTIOID=x; ISTIOID=y; ISTIOID=${forged}; a=1; ISTIOID=${TOKEN}`],
  ])('the first valid one counts, and goes on alone: %s', (_, cookie) => {
    const filter = mooring()
    expect(send(filter, cookie)).toEqual({ cookie: [`a=1; ISTIOID=${ID}`], setCookie: [] })
    expect(counter(filter, 'cookie_duplicate')).toBe(1n)
    expect(outcomes(filter)['valid']).toBe(1n)
  })

  test('four are looked at', () => {
    const filter = mooring()
    const cookie = `ISTIOID=w; ISTIOID=x; ISTIOID=y; ISTIOID=z; ISTIOID=${TOKEN}`
    expect(send(filter, cookie, HTTPS).cookie[0]).not.toContain(ID)
    expect(outcomes(filter)).toEqual({ replaced: 1n })
  })

  test('one whose key is not known keeps a new session from taking its place', () => {
    const unknown = mintAt(ISSUED, { signing: { ...SHOP.signing, keys: [K3] } })
    const filter = mooring()
    expect(send(filter, `ISTIOID=${forged}; ${unknown}; ISTIOID=x`)).toEqual({ cookie: [], setCookie: [] })
  })
})

describe('life', () => {
  const ENDLESS = { signing: { keys: [K2] } }

  test.each([
    ['at once', 0, []],
    ['after half of the idle time', 15 * MINUTES, []],
    ['a second later', 15 * MINUTES + 1, ['Max-Age=1800']],
    ['at the end of the idle time and the clock skew', 31 * MINUTES, ['Max-Age=1800']],
  ])('a session used again %s keeps its id, and is issued anew where it is time', (_, seconds, maxAge) => {
    const token = mintAt(ISSUED)
    const mooring = startSigned({}, ISSUED + seconds)
    const seen = send(mooring, token, HTTPS)
    expect(seen.cookie).toEqual([`ISTIOID=${token.split('.')[2] ?? ''}`])
    expect(seen.setCookie.map((line) => line.split('; ')[1])).toEqual(maxAge)
    expect(outcomes(mooring)).toEqual(maxAge.length === 0 ? { valid: 1n } : { renewed: 1n })
  })

  test('a second after the idle time and the clock skew it is over: its successor takes its place', () => {
    const token = mintAt(ISSUED)
    const [first, second] = [0, 25].map((later) => startSigned({}, ISSUED + 31 * MINUTES + 1 + later))
    if (first === undefined || second === undefined) throw new Error('there are two')
    const seen = send(first, token, HTTPS)
    expect(cookieOf(seen.setCookie)).not.toContain(token.split('.')[2])
    expect(outcomes(first)).toEqual({ expired_idle: 1n, replaced: 1n })
    // Whoever else gets the same token comes to the same id.
    expect(send(second, `x=y; ${token}`, HTTPS).cookie).toEqual([`x=y; ${seen.cookie[0] ?? ''}`])
  })

  test('use does not carry a session over its absolute end', () => {
    let token = mintAt(ISSUED)
    const id = token.split('.')[2] ?? ''
    for (let minutes = 20; minutes <= 12 * 60; minutes += 20) {
      const { cookie, setCookie } = send(startSigned({}, ISSUED + minutes * MINUTES), token, HTTPS)
      expect(cookie).toEqual([`ISTIOID=${id}`])
      const left = Math.max(12 * HOURS - minutes * MINUTES, 1)
      expect(setCookie[0]).toContain(`; Max-Age=${Math.min(left, 30 * MINUTES).toString()}; `)
      token = cookieOf(setCookie)
    }
    expect(send(startSigned({}, ISSUED + 12 * HOURS + 60), token, HTTPS).cookie).toEqual([`ISTIOID=${id}`])
    const ended = startSigned({}, ISSUED + 12 * HOURS + 61)
    expect(send(ended, token, HTTPS).cookie).not.toEqual([`ISTIOID=${id}`])
    expect(outcomes(ended)).toEqual({ expired_absolute: 1n, replaced: 1n })
  })

  test.each([
    ['within the clock skew', 60, 'valid'],
    ['beyond it', 61, 'replaced'],
  ])('a token from the future, %s', (_, seconds, outcome) => {
    const token = mintAt(ISSUED + seconds)
    const mooring = startSigned()
    send(mooring, token, HTTPS)
    expect(outcomes(mooring)).toEqual({ [outcome]: 1n })
  })

  test('without timeouts a token lives on, as a cookie of the browser session', () => {
    const minted = send(startSigned(ENDLESS), '', HTTPS).setCookie
    expect(minted[0]).toMatch(/^ISTIOID=[^;]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/)
    const later = startSigned(ENDLESS, ISSUED + 10 * 365 * 24 * HOURS)
    expect(send(later, cookieOf(minted), HTTPS).setCookie).toEqual([])
    expect(outcomes(later)).toEqual({ valid: 1n })
  })

  test('without timeouts ttl is the Max-Age of the first Set-Cookie, and a retiring key is replaced', () => {
    const session = { cookie: { ttl: '8h' }, signing: { keys: [K2, K1] } }
    const old = send(startSigned({ ...session, signing: { keys: [K1] } }), '', HTTPS).setCookie
    expect(old[0]).toContain('; Max-Age=28800; ')
    const mooring = startSigned(session, ISSUED + 5)
    expect(cookieOf(send(mooring, cookieOf(old), HTTPS).setCookie)).toContain('=1.k2.')
    expect(outcomes(mooring)).toEqual({ renewed: 1n })
  })
})

describe('Secure', () => {
  test('a cookie set over http is set once more over https, and then it is not', () => {
    const plain = cookieOf(send(startSigned(), '').setCookie)
    const mooring = startSigned({}, ISSUED + 1)
    expect(send(mooring, plain).setCookie).toEqual([])
    const [line = ''] = send(mooring, plain, HTTPS).setCookie
    expect(line).toContain('; Secure; ')
    expect(send(mooring, line.split(';')[0] ?? '', HTTPS).setCookie).toEqual([])
  })

  test('one that was set over https stays Secure when it is renewed over http', () => {
    const token = mintAt(ISSUED)
    const [line] = send(startSigned({}, ISSUED + 16 * MINUTES), token).setCookie
    expect(line).toContain('; Secure; ')
  })

  test('minting without it is counted', () => {
    const mooring = startSigned()
    send(mooring, '')
    expect(outcomes(mooring)).toEqual({ minted: 1n, minted_insecure: 1n })
  })
})

describe('onInvalid', () => {
  const forged = `ISTIOID=${TOKEN.replace('Rnoc', 'Snoc')}`

  test.each([
    ['forged', forged, { forged: 1n, none: 1n }],
    ['malformed', 'ISTIOID=x', { malformed: 1n }],
  ])('ignore: no session, and the cookie goes no further: %s', (_, cookie, counted) => {
    const mooring = startSigned({ ...SHOP, onInvalid: 'ignore' })
    expect(send(mooring, `a=1; ${cookie}`, HTTPS)).toEqual({ cookie: ['a=1'], setCookie: [] })
    expect(outcomes(mooring)).toEqual(counted)
  })

  test('reject: a forged one is answered with 403, and deleted', () => {
    const cookie = { path: '/shop', domain: '.example.com', secure: true }
    const mooring = startSigned({ ...SHOP, cookie, onInvalid: 'reject' })
    const { stream }: Passed = pass(mooring.plugin, [['cookie', forged], HTTPS])
    expect(stream.localReply).toMatchObject({
      status: 403,
      details: 'mooring_session_refused',
    })
    expect(bodyOf(stream)).toBe('This request was refused.\n')
    expect(stream.localReply?.headers.all('cache-control')).toEqual(['no-store'])
    expect(stream.localReply?.headers.all('set-cookie')).toEqual([
      'ISTIOID=; Max-Age=0; Path=/shop; Domain=.example.com; Secure; HttpOnly; SameSite=Lax',
    ])
    stream.end()
    expect(outcomes(mooring)).toEqual({ forged: 1n, rejected: 1n })
  })

  test.each([
    ['a malformed one', 'ISTIOID=x'],
    ['none', 'a=1'],
  ])('reject concerns forged ones only: %s is replaced', (_, cookie) => {
    const mooring = startSigned({ ...SHOP, onInvalid: 'reject' })
    expect(cookieOf(send(mooring, cookie, HTTPS).setCookie)).toMatch(/^ISTIOID=1\.k2\./)
  })

  test('reject lets a forged one pass beside a valid one', () => {
    const mooring = startSigned({ ...SHOP, onInvalid: 'reject' })
    expect(send(mooring, `${forged}; ISTIOID=${TOKEN}`).cookie).toEqual([`ISTIOID=${ID}`])
  })
})

describe('switching signing on and off', () => {
  const until = { ...SIGNING, acceptUnsignedUntil: '2023-11-14T22:23:25Z' }

  test('a bare id counts until then, and is signed from now on', () => {
    const mooring = startSigned({ signing: until }, ISSUED + 4)
    const seen = send(mooring, `ISTIOID=${ID}`, HTTPS)
    expect(seen.cookie).toEqual([`ISTIOID=${ID}`])
    expect(cookieOf(seen.setCookie)).toContain(`ISTIOID=1.k2.${ID}.`)
    expect(outcomes(mooring)).toEqual({ adopted: 1n })
  })

  test('any other value becomes the same id for everyone who brings it', () => {
    const ids = [1, 2].map(() => {
      const seen = send(startSigned({ signing: until }), 'ISTIOID="5e1192314817394d"', HTTPS)
      expect(seen.setCookie).toHaveLength(1)
      return seen.cookie[0]
    })
    expect(ids[0]).toMatch(/^ISTIOID=[A-Za-z0-9_-]{22}$/)
    expect(ids[1]).toBe(ids[0])
  })

  test('from then on it does not', () => {
    const mooring = startSigned({ signing: until }, ISSUED + 5)
    expect(send(mooring, `ISTIOID=${ID}`, HTTPS).cookie).not.toEqual([`ISTIOID=${ID}`])
    expect(outcomes(mooring)).toEqual({ replaced: 1n })
  })

  test('without signing a token yields its id, so that going back keeps sessions', () => {
    const mooring = startSigned({ signing: undefined })
    expect(send(mooring, `ISTIOID=${TOKEN}`)).toEqual({ cookie: [`ISTIOID=${ID}`], setCookie: [] })
  })
})

describe('readOnly', () => {
  test('with signing verifies, hands on the bare id, and sets nothing', () => {
    const token = mintAt(ISSUED)
    const mooring = startSigned({ readOnly: true }, ISSUED + 20 * MINUTES)
    expect(send(mooring, token, HTTPS)).toEqual({
      cookie: [`ISTIOID=${token.split('.')[2] ?? ''}`],
      setCookie: [],
    })
    expect(outcomes(mooring)).toEqual({ valid: 1n })
  })

  test('with signing lets nothing unverified pass', () => {
    const mooring = startSigned({ readOnly: true })
    expect(send(mooring, `a=1; ISTIOID=${ID}`)).toEqual({ cookie: ['a=1'], setCookie: [] })
    expect(send(mooring, `a=1`)).toEqual({ cookie: ['a=1'], setCookie: [] })
    expect(outcomes(mooring)).toEqual({ malformed: 1n, read_only: 1n })
  })
})

describe('what cannot be read', () => {
  test('cookies, with signing: 431', () => {
    const mooring = startSigned()
    mooring.vm.inject({ hostcall: 'proxy_get_header_map_pairs', status: Status.InvalidMemoryAccess })
    const { stream } = pass(mooring.plugin, [['cookie', `ISTIOID=${TOKEN}`]])
    expect(stream.localReply).toMatchObject({
      status: 431,
      details: 'mooring_cookies_unreadable',
    })
    expect(bodyOf(stream)).toBe('The cookies of this request are too large to be read.\n')
    stream.end()
    expect(outcomes(mooring)).toEqual({ unreadable: 1n })
  })

  test('a cookie header that cannot be rewritten: nothing unverified reaches the pod', () => {
    const mooring = startSigned(SHOP)
    mooring.vm.inject({ hostcall: 'proxy_replace_header_map_value', status: Status.InternalFailure })
    const { stream } = pass(mooring.plugin, [['cookie', `ISTIOID=${TOKEN}`]])
    expect(stream.localReply).toMatchObject({ status: 503, details: 'mooring_write_refused' })
    stream.end()
  })

  test('a clock: nothing is minted until it tells the time', () => {
    const mooring = startSigned({}, 0)
    expect(send(mooring, '', HTTPS)).toEqual({ cookie: [], setCookie: [] })
    expect(outcomes(mooring)).toEqual({ exhausted: 1n })
  })
})
