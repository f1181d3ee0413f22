/** How a request was decided, for whoever presents the token: `observe.debugHeader`. */
import { createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type HeaderList, type PropertyTree, Status } from '../../host/index.ts'
import { verified } from './key-of.ts'
import {
  HASH_SECRET,
  type Mooring,
  counter,
  headersWith,
  logText,
  requestValues,
  startMooring,
} from './mooring.ts'

const TOKEN = Buffer.from(Array.from({ length: 32 }, (_, i) => 0x40 + i)).toString('base64')
const ASK: HeaderList = [['x-mooring-explain', TOKEN]]
const SESSION: HeaderList = [['cookie', 'ISTIOID=ABEiM0RVZneImaq7zN3u_w']]
const DEBUG = { debugHeader: { env: 'TOKEN' } }

function start(configuration: object): Mooring {
  return startMooring({ observe: DEBUG, ...configuration }, { environment: { TOKEN, SECRET: HASH_SECRET } })
}

interface Asked {
  readonly headers: HeaderList
  readonly properties?: PropertyTree
  readonly answer?: HeaderList
}

/** The debug headers of the answer. */
function explained(mooring: Mooring, { headers, properties = {}, answer = [] }: Asked): readonly string[] {
  const stream = mooring.plugin.stream({ headers: headersWith(headers), properties })
  stream.requestHeaders({ endOfStream: true })
  const response = stream.responseHeaders({
    headers: [[':status', '200'], ...answer],
    details: 'via_upstream',
  })
  const values = [...response.headers.all('x-mooring-debug')]
  stream.end()
  return values
}

/** The documented fingerprint of a key. */
function fingerprint(key: string): string {
  const derived = Buffer.from(
    hkdfSync('sha256', Buffer.from(TOKEN, 'base64'), 'mooring/v1', 'fingerprint', 32),
  )
  return createHmac('sha256', derived).update(key).digest().subarray(0, 6).toString('base64url')
}

describe('the answer to a request with the token says', () => {
  test('the rule, the session, the source that won and a fingerprint of the key', () => {
    const mooring = start({ session: {} })
    const [text] = explained(mooring, { headers: [...ASK, ...SESSION] })
    expect(text).toBe(
      `rule=-; session=valid; key=session; tried=session:yielded; fingerprint=${fingerprint('9AfeeRy0n9B_1r3h8pWh-Q')}`,
    )
    expect(counter(mooring, 'debug_shown')).toBe(1n)
  })

  test('each source that was tried, in order, and why it yielded nothing', () => {
    const from = [
      { claim: { name: 'uid', type: 'number' } },
      { header: 'x-user' },
      { query: 'u' },
      { all: [{ claim: 'sub' }, { path: '/{cart}' }] },
      'session',
    ]
    const [text] = explained(start({ session: {}, key: { from, hashSecret: { env: 'SECRET' } } }), {
      headers: [...ASK, ['x-user', 'a'], ['x-user', 'b'], [':path', `/7?u=${'x'.repeat(4097)}`]],
      properties: verified({ sub: 'alice', uid: 'text' }),
    })
    expect(text).toMatch(
      /^rule=-; session=minted; key=all; tried=claim:malformed,header:malformed,query:too_large,claim:yielded,path:yielded; fingerprint=[\w-]{8}$/,
    )
  })

  test.each<[string, object, HeaderList, string]>([
    [
      'the rule by its name',
      { rules: [{ name: 'cart', match: { paths: ['/'] }, key: { skip: true } }] },
      SESSION,
      'rule=cart; session=valid',
    ],
    [
      'what a skip leaves',
      { rules: [{ name: 'static', match: { paths: ['/'] }, skip: true }] },
      [],
      'rule=static',
    ],
    [
      'that nothing yielded',
      { key: { from: [{ header: 'x-a' }] } },
      SESSION,
      'rule=-; session=valid; key=none; tried=header:absent',
    ],
    [
      'that a source of a firstOf was tried',
      { key: { from: [{ firstOf: [{ header: 'x-a' }, { cookie: 'b' }] }] } },
      SESSION,
      'rule=-; session=valid; key=none; tried=header:absent,cookie:absent',
    ],
  ])('%s', (_, configuration, headers, text) => {
    expect(explained(start({ session: {}, ...configuration }), { headers: [...ASK, ...headers] })).toEqual([
      text,
    ])
  })

  test('that a peer brought the key along', () => {
    const key = { trustInbound: { peers: ['spiffe://a/b'] } }
    expect(
      explained(start({ session: {}, key }), {
        headers: [...ASK, ...SESSION, ['x-mooring-key', 'k']],
        properties: { connection: { uri_san_peer_certificate: 'spiffe://a/b' } },
      }),
    ).toEqual([`rule=-; session=valid; key=inbound; fingerprint=${fingerprint('k')}`])
  })

  test('16 sources, and no value of any', () => {
    const from = Array.from({ length: 16 }, (_, i) => ({ header: `x-${i}` }))
    const headers = from.map(({ header }): [string, string] => [header, `value-${header}`]).slice(15)
    const [text = ''] = explained(start({ key: { from } }), { headers: [...ASK, ...headers] })
    expect(text).toBe(
      `rule=-; key=header; tried=${'header:absent,'.repeat(15)}header:yielded; fingerprint=${text.slice(-8)}`,
    )
  })

  test('what shadow would have done, and the token does not pass on', () => {
    const mooring = start({ mode: 'shadow', session: {} })
    const stream = mooring.plugin.stream({ headers: headersWith([...ASK, ...SESSION]) })
    const { headers } = stream.requestHeaders({ endOfStream: true })
    expect(headers.toList()).toEqual(headersWith(SESSION))
    const answer = stream.responseHeaders({ headers: [[':status', '200']], details: 'via_upstream' })
    expect(answer.headers.toList()).toEqual([
      [':status', '200'],
      ['x-mooring-debug', expect.stringMatching(/^rule=-; mode=shadow; session=valid; key=session; /)],
    ])
    stream.end()
  })

  test('why there is no key, in the 400 itself', () => {
    const mooring = start({ key: { from: [{ header: 'x-a' }], onNone: 'reject' } })
    const stream = mooring.plugin.stream({ headers: headersWith(ASK) })
    const { localReply } = stream.requestHeaders({ endOfStream: true })
    expect(localReply?.status).toBe(400)
    expect(localReply?.headers.all('x-mooring-debug')).toEqual(['rule=-; key=none; tried=header:absent'])
    stream.end()
  })

  test('what it says instead of what the application wrote there', () => {
    const answer: HeaderList = [
      ['x-mooring-debug', 'rule=forged'],
      ['x-mooring-debug', 'twice'],
    ]
    const mooring = start({ session: {}, key: { skip: true } })
    expect(explained(mooring, { headers: [...ASK, ...SESSION], answer })).toEqual(['rule=-; session=valid'])
    expect(explained(mooring, { headers: SESSION, answer })).toEqual(['rule=forged', 'twice'])
  })

  test('the same beside the Set-Cookie of a new session', () => {
    const mooring = start({ session: {}, key: { skip: true } })
    const stream = mooring.plugin.stream({ headers: headersWith(ASK) })
    stream.requestHeaders({ endOfStream: true })
    const answer = stream.responseHeaders({ headers: [[':status', '200']], details: 'via_upstream' })
    expect(answer.headers.all('set-cookie')).toHaveLength(1)
    expect(answer.headers.all('x-mooring-debug')).toEqual(['rule=-; session=minted'])
    stream.end()
  })

  test('under the names that the configuration gives', () => {
    const observe = { debugHeader: { name: 'X-Why', whenHeader: 'X-Ask', env: 'TOKEN' } }
    const mooring = start({ observe, session: {}, key: { skip: true } })
    const stream = mooring.plugin.stream({ headers: headersWith([['x-ask', TOKEN], ...SESSION]) })
    expect(stream.requestHeaders({ endOfStream: true }).headers.all('x-ask')).toEqual([])
    const answer = stream.responseHeaders({ headers: [[':status', '200']], details: 'via_upstream' })
    expect(answer.headers.all('x-why')).toEqual(['rule=-; session=valid'])
    stream.end()
  })
})

describe('nobody else is told anything', () => {
  const mooring = start({ session: {} })

  test.each<[string, HeaderList]>([
    ['without the token', SESSION],
    ['with another token', [...SESSION, ['x-mooring-explain', HASH_SECRET]]],
    ['with a part of it', [...SESSION, ['x-mooring-explain', TOKEN.slice(0, 40)]]],
    ['with more than it', [...SESSION, ['x-mooring-explain', `${TOKEN.slice(0, 43)}QUFB`]]],
    ['with no base64', [...SESSION, ['x-mooring-explain', 'please']]],
    ['with an empty header', [...SESSION, ['x-mooring-explain', '']]],
    ['with 65 bytes', [...SESSION, ['x-mooring-explain', Buffer.alloc(65, 1).toString('base64')]]],
    ['with a cookie of that name', [['cookie', `ISTIOID=a; x-mooring-explain=${TOKEN}`]]],
  ])('%s', (_, headers) => {
    expect(explained(mooring, { headers })).toEqual([])
  })

  test('and wrong tokens are counted', () => {
    const fresh = start({ session: {} })
    explained(fresh, { headers: [['x-mooring-explain', 'please']] })
    explained(fresh, { headers: ASK })
    expect(counter(fresh, 'debug_refused')).toBe(1n)
    expect(counter(fresh, 'debug_shown')).toBe(1n)
  })

  test.each<[string, HeaderList]>([
    ['public', [['cache-control', 'public']]],
    ['a max-age', [['cache-control', 'max-age=60']]],
    [
      'a shared max-age beside another line',
      [
        ['cache-control', 'must-revalidate'],
        ['cache-control', 'S-MaxAge=1'],
      ],
    ],
  ])('in an answer that shared caches may keep: %s', (_, answer) => {
    expect(explained(mooring, { headers: ASK, answer })).toEqual([])
  })

  test.each<[string, HeaderList]>([
    ['private', [['cache-control', 'private, max-age=60']]],
    ['no-store', [['cache-control', 'public, no-store']]],
    ['a max-age of 0', [['cache-control', 'max-age=0']]],
    ['no word about caches', []],
  ])('but in one that says %s', (_, answer) => {
    expect(explained(mooring, { headers: ASK, answer })).toHaveLength(1)
  })

  test('where the proxy does not show the answer', () => {
    const { vm, plugin } = start({ session: {}, key: { skip: true } })
    const stream = plugin.stream({ headers: headersWith([...ASK, ...SESSION]) })
    stream.requestHeaders({ endOfStream: true })
    vm.inject({ hostcall: 'proxy_get_property', status: Status.InternalFailure })
    const answer = stream.responseHeaders({ headers: [[':status', '200']], details: 'via_upstream' })
    expect(answer.headers.all('x-mooring-debug')).toEqual([])
    stream.end()
  })
})

describe('the token', () => {
  test.each<[string, object, HeaderList]>([
    ['valid', {}, ASK],
    ['wrong', {}, [['x-mooring-explain', 'please']]],
    ['twice', {}, [...ASK, ['X-Mooring-Explain', 'please']]],
    ['under skip', { skip: true }, ASK],
  ])('never reaches a pod: %s', (_, configuration, headers) => {
    const { plugin } = start({ session: {}, ...configuration })
    const stream = plugin.stream({ headers: headersWith(headers) })
    const passed = { stream, request: stream.requestHeaders({ endOfStream: true }) }
    expect(requestValues(passed, 'x-mooring-explain')).toEqual([])
    stream.end()
  })

  test('that cannot be removed does not pass either', () => {
    const { vm, plugin } = start({ session: {} })
    vm.inject({ hostcall: 'proxy_remove_header_map_value', status: Status.InternalFailure })
    const stream = plugin.stream({ headers: headersWith([...ASK, ...SESSION]) })
    const { localReply } = stream.requestHeaders({ endOfStream: true })
    expect([localReply?.status, localReply?.details]).toEqual([503, 'mooring_write_refused'])
    stream.end()
  })

  test('is removed unread where the configuration is bad and passes through', () => {
    const { plugin } = startMooring(
      { sesion: {}, observe: DEBUG },
      { environment: { TOKEN, MOORING_ON_BAD_CONFIG: 'passThrough' } },
    )
    const stream = plugin.stream({ headers: headersWith(ASK) })
    expect(stream.requestHeaders({ endOfStream: true }).headers.all('x-mooring-explain')).toEqual([])
    stream.end()
  })

  test('costs no memory once its requests are answered, or gone', () => {
    const { vm, plugin } = start({ session: {} })
    const ask = (answered: boolean): void => {
      const stream = plugin.stream({ headers: headersWith(ASK) })
      stream.requestHeaders({ endOfStream: true })
      if (answered) stream.responseHeaders({ headers: [[':status', '200']], details: 'via_upstream' })
      stream.end()
    }
    for (let i = 0; i < 1000; i++) ask(i % 2 === 0)
    const before = vm.memory.size
    for (let i = 0; i < 20_000; i++) ask(i % 2 === 0)
    expect(vm.memory.size).toBe(before)
  })

  test('is in no log', () => {
    const mooring = start({ session: {} })
    explained(mooring, { headers: ASK })
    expect(logText(mooring.vm)).not.toContain(TOKEN.slice(0, 8))
  })
})
