/** The configurations of docs/session.md, each run as it stands: what the page says of it happens. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { type HeaderList, ManualClock, type PropertyTree } from '../../host/index.ts'
import { verified } from '../filter/key-of.ts'
import { pass, requestValues, startMooring, type Mooring } from '../filter/mooring.ts'
import { ENVIRONMENT, HASH_SECRET, K1, K2, STRANGER } from '../session/keys.ts'
import { adoptedId, base64url, readToken, tokenOf, variable, type SigningKey } from '../session/token.ts'

const NOW = 1_790_000_000
const ID = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const BARE = base64url(ID)
const SIGNED =
  /^ISTIOID=1\.k1\.([\w-]{22})\.[\w-]{16}\.[\w-]{22}; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/

const page = readFileSync(new URL('../../docs/session.md', import.meta.url), 'utf8')
const blocks = new Map(
  page
    .split(/^#{2,3} /m)
    .slice(1)
    .map((section) => [
      section.slice(0, section.indexOf('\n')),
      [...section.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
        ([, yaml = '']) => parse(yaml, { version: '1.1' }) as object,
      ),
    ])
    .filter((entry): entry is [string, object[]] => entry[1]?.length !== 0),
)

const proxy = (title: string, index = 0, environment = ENVIRONMENT): Mooring => {
  const configuration = blocks.get(title)?.[index]
  if (configuration === undefined) throw new Error(`docs/session.md has no such configuration: ${title}`)
  return startMooring(configuration, { environment, clock: new ManualClock(new Date(NOW * 1000)) })
}

interface Sent {
  readonly headers?: HeaderList
  readonly answer?: HeaderList
  readonly properties?: PropertyTree
}

/** One request and its answer, by a pod with status 200. */
function send({ plugin }: Mooring, { headers = [], answer = [], properties = {} }: Sent = {}) {
  const passed = pass(plugin, headers, properties)
  const reply = passed.request.localReply
  const seen = { cookie: requestValues(passed, 'cookie'), key: requestValues(passed, 'x-mooring-key') }
  const response =
    reply === undefined
      ? passed.stream.responseHeaders({ headers: [[':status', '200'], ...answer], details: 'via_upstream' })
      : undefined
  const set = response === undefined ? [] : [...response.headers.all('set-cookie')]
  passed.stream.end()
  return { ...seen, set, status: reply?.status ?? 200, cacheControl: response?.headers.get('cache-control') }
}

const token = (key: SigningKey, age = 0) =>
  tokenOf(key, { name: 'ISTIOID' }, { id: ID, birth: NOW - age, issued: NOW - age })
const cookie = (value: string): HeaderList => [['cookie', `ISTIOID=${value}`]]

/** Each section that shows a configuration, and what it says. */
const SAYS: Readonly<Record<string, (title: string) => void>> = {
  'In use': (title) => {
    const { set } = send(proxy(title), { headers: [[':scheme', 'https']] })
    expect(set).toEqual([
      expect.stringMatching(
        /^__Host-session=1\.k1\.[\w.-]+; Max-Age=1800; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
      ),
    ])
  },
  'When a session begins': (title) => {
    const mooring = proxy(title)
    const sets = (method: string) => send(mooring, { headers: [[':method', method]] }).set.length
    expect(['GET', 'POST', 'PUT', 'OPTIONS'].map(sets)).toEqual([1, 1, 0, 0])
  },
  'How long it lives': (title) => {
    expect(send(proxy(title), { headers: cookie('abc') }).set).toEqual([
      'ISTIOID=abc; Max-Age=28800; Path=/; HttpOnly; SameSite=Lax',
    ])
  },
  'Answers and caches': (title) => {
    const { set, cacheControl } = send(proxy(title), {
      answer: [['cache-control', 'public, max-age=600, s-maxage=60']],
    })
    expect([set.length, cacheControl]).toEqual([1, 'max-age=600, private'])
  },
  'What is not valid': (title) => {
    const mooring = proxy(title)
    const status = (value: string) => send(mooring, { headers: cookie(value) }).status
    expect(status(token({ ...STRANGER, kid: 'k1' }))).toBe(403)
    expect([token(K1), 'malformed', token(STRANGER), token(K1, 50_000)].map(status)).toEqual([
      200, 200, 200, 200,
    ])
  },
  'Adopting other cookies': (title) => {
    const { cookie: seen, set } = send(proxy(title), {
      headers: [['cookie', 'SERVERID=s; OLDSESSION=legacy-value']],
    })
    const id = base64url(adoptedId('OLDSESSION', 'legacy-value', HASH_SECRET))
    expect(seen).toEqual([`SERVERID=s; OLDSESSION=legacy-value; ISTIOID=${id}`])
    expect(set).toEqual([
      `ISTIOID=${id}; Path=/; HttpOnly; SameSite=Lax`,
      'OLDSESSION=; Max-Age=0; Path=/app; Domain=example.com',
    ])
  },
  'Hiding the cookie from the application': (title) => {
    const { cookie: seen, key } = send(proxy(title), { headers: [['cookie', 'a=1; ISTIOID=abc; b=2']] })
    expect([seen, key.length]).toEqual([['a=1; b=2'], 1])
  },
  'Switching it on': (title) => {
    const { cookie: seen, set } = send(proxy(title), { headers: cookie(BARE) })
    expect(seen).toEqual([`ISTIOID=${BARE}`])
    expect(set.map((line) => SIGNED.exec(line)?.[1])).toEqual([BARE])
    // A proxy that has the old configuration still.
    const old = startMooring({ session: {} })
    expect(send(old, { headers: cookie(token(K1)) })).toMatchObject({ cookie: [`ISTIOID=${BARE}`], set: [] })
  },
  'Rotating keys': (title) => {
    const steps = [0, 1, 2].map((step) => proxy(title, step))
    const known = (key: SigningKey) => steps.map((step) => send(step, { headers: cookie(token(key)) }))
    const kept = { cookie: [`ISTIOID=${BARE}`], set: [] }
    expect(known(K2)).toMatchObject([kept, kept, kept])
    expect(known(K1)).toMatchObject([kept, kept, { cookie: [], key: [], set: [] }])
    expect(steps.map((step) => send(step).set[0]?.slice('ISTIOID=1.'.length, 'ISTIOID=1.k1'.length))).toEqual(
      ['k1', 'k2', 'k2'],
    )
  },
  'One key for the whole session': (title) => {
    const mooring = proxy(title)
    const first = send(mooring)
    const later = { headers: cookie(/^ISTIOID=([^;]*)/.exec(first.set[0] ?? '')?.[1] ?? '') }
    const login = send(mooring, { ...later, properties: verified({ sub: 'alice' }) })
    expect([login.key, login.set]).toEqual([first.key, []])
    expect(send(mooring, later).key).toEqual(first.key)
    expect(send(mooring, { properties: verified({ sub: 'alice' }) }).key).not.toEqual(first.key)
  },
  'Behind a proxy that mints': (title) => {
    const mooring = proxy(title)
    expect(send(mooring)).toMatchObject({ cookie: [], set: [] })
    expect(send(mooring, { headers: cookie(BARE) })).toMatchObject({ cookie: [`ISTIOID=${BARE}`], set: [] })
  },
}

test('every section with a configuration is run', () => {
  expect([...blocks.keys()]).toEqual(Object.keys(SAYS))
})

test.each(Object.entries(SAYS))('%s', (title, run) => {
  run(title)
})

test('a new secret under the same id ends all sessions of the old one at once', () => {
  const renewed = proxy('In use', 0, { ...ENVIRONMENT, MOORING_SIGNING_1: variable(K2) })
  const scope = { name: '__Host-session' }
  const leaked = tokenOf(K1, scope, { id: ID, birth: NOW, issued: NOW, flags: 1 })
  const { cookie: seen, set } = send(renewed, {
    headers: [
      [':scheme', 'https'],
      ['cookie', `__Host-session=${leaked}`],
    ],
  })
  expect(seen).not.toEqual([`__Host-session=${BARE}`])
  const id = readToken(/^__Host-session=([^;]*)/.exec(set[0] ?? '')?.[1] ?? '')?.id
  expect(seen).toEqual([`__Host-session=${base64url(id ?? Buffer.alloc(0))}`])
})

test.each([
  ['Lax', false, [true, false, false]],
  ['Strict', false, [false, false, false]],
  ['None', true, [true, true, true]],
])('what another site sends begins a session as sameSite: %s says', (sameSite, secure, begins) => {
  const mooring = startMooring({ session: { cookie: { sameSite, secure } } })
  const crossSite = (method: string, mode: string, destination: string): HeaderList => [
    [':scheme', 'https'],
    [':method', method],
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-mode', mode],
    ['sec-fetch-dest', destination],
  ]
  const requests = [
    crossSite('GET', 'navigate', 'document'),
    crossSite('POST', 'navigate', 'document'),
    crossSite('GET', 'no-cors', 'image'),
  ]
  expect(requests.map((headers) => send(mooring, { headers }).set.length > 0)).toEqual(begins)
})
