/** No cookie on what a shared cache may keep and hand to others. */
import { describe, expect, test } from 'vitest'
import { type HeaderList, Status } from '../../host/index.ts'
import { counter, pass, startMooring } from './mooring.ts'

const COOKIE = /^ISTIOID=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Lax$/
const DATE = 'Wed, 25 Nov 2026 12:00:00 GMT'

/** The answer's Cache-Control lines, and whether the cookie is set. */
function answer(
  mint: object,
  headers: HeaderList,
  details = 'via_upstream',
): { cacheControl: readonly string[]; sets: boolean; omitted: bigint } {
  const mooring = startMooring({ session: { mint } })
  const { stream } = pass(mooring.plugin)
  const response = stream.responseHeaders({
    headers: headers[0]?.[0] === ':status' ? headers : [[':status', '200'], ...headers],
    details,
  })
  const lines = response.headers.all('set-cookie')
  if (lines.length > 0) expect(lines).toEqual([expect.stringMatching(COOKIE)])
  const cacheControl = [...response.headers.all('cache-control')]
  stream.end()
  return { cacheControl, sets: lines.length === 1, omitted: counter(mooring, 'cookie_omitted') }
}

const SET = { sets: true, omitted: 0n }
const OMITTED = { sets: false, omitted: 1n }

describe('an answer', () => {
  test.each<[string, HeaderList, readonly string[]]>([
    ['that says nothing is made private', [], ['private']],
    ['that has expired is made private', [['expires', '0']], ['private']],
    ['no-cache is made private', [['cache-control', 'no-cache']], ['no-cache', 'private']],
    [
      'max-age=0 is made private',
      [['cache-control', 'max-age=0, must-revalidate']],
      ['max-age=0, must-revalidate', 'private'],
    ],
    ['private stays', [['cache-control', 'private, max-age=60']], ['private, max-age=60']],
    ['no-store stays', [['cache-control', 'No-Store']], ['No-Store']],
    [
      'public with private behind stays',
      [
        ['cache-control', 'public'],
        ['cache-control', 'private'],
      ],
      ['public', 'private'],
    ],
  ])('%s, and sets the cookie', (_, headers, cacheControl) => {
    expect(answer({}, headers)).toEqual({ cacheControl, ...SET })
    expect(answer({ onCacheable: 'markPrivate' }, headers)).toEqual({ cacheControl, ...SET })
  })

  test.each<[string, HeaderList, readonly string[]]>([
    ['public', [['cache-control', 'public']], ['private']],
    ['max-age', [['cache-control', 'max-age=60']], ['max-age=60, private']],
    [
      's-maxage',
      [['cache-control', 'max-age=0, s-maxage=60, must-revalidate']],
      ['max-age=0, must-revalidate, private'],
    ],
    [
      'in several lines',
      [
        ['cache-control', 'public,no-transform'],
        ['cache-control', 'max-age=5'],
      ],
      ['no-transform, max-age=5, private'],
    ],
    ['Expires alone', [['expires', DATE]], ['private']],
  ])('that caches may share sets none, or is marked private: %s', (_, headers, marked) => {
    const asItWas = headers.filter(([name]) => name === 'cache-control').map(([, value]) => value)
    expect(answer({}, headers)).toEqual({ cacheControl: asItWas, ...OMITTED })
    expect(answer({ onCacheable: 'omit' }, headers)).toEqual({ cacheControl: asItWas, ...OMITTED })
    expect(answer({ onCacheable: 'markPrivate' }, headers)).toEqual({ cacheControl: marked, ...SET })
  })

  test.each<[string, HeaderList]>([
    ['304', [[':status', '304']]],
    ['Surrogate-Control', [['surrogate-control', 'max-age=60']]],
    [
      'CDN-Cache-Control',
      [
        ['cdn-cache-control', 'no-store'],
        ['cache-control', 'private'],
      ],
    ],
  ])('whose cache has its own orders sets none: %s', (_, headers) => {
    for (const onCacheable of ['omit', 'markPrivate']) {
      const { cacheControl, ...rest } = answer({ onCacheable }, headers)
      expect(rest).toEqual(OMITTED)
      expect(cacheControl).toEqual(
        headers.filter(([name]) => name === 'cache-control').map(([, value]) => value),
      )
    }
  })

  test('of the proxy itself sets none, unless onLocalReply says so', () => {
    expect(answer({}, [], 'direct_response')).toEqual({ cacheControl: [], sets: false, omitted: 0n })
    expect(answer({ onLocalReply: true }, [], 'direct_response')).toEqual({
      cacheControl: ['private'],
      ...SET,
    })
  })

  test('101 sets it', () => {
    expect(answer({}, [[':status', '101']])).toEqual({ cacheControl: ['private'], ...SET })
  })

  test.each(['proxy_get_header_map_pairs', 'proxy_add_header_map_value'])(
    'whose headers cannot be read or made private sets none: %s',
    (hostcall) => {
      const mooring = startMooring({ session: {} })
      const { stream } = pass(mooring.plugin)
      mooring.vm.inject({ hostcall, status: Status.InternalFailure })
      const response = stream.responseHeaders({ headers: [[':status', '200']], details: 'via_upstream' })
      expect(response.headers.all('set-cookie')).toEqual([])
      stream.end()
    },
  )

  test('a renewed cookie obeys the same', () => {
    const mooring = startMooring({ session: { cookie: { renew: 'always' } } })
    const { stream } = pass(mooring.plugin, [['cookie', 'ISTIOID=a']])
    const response = stream.responseHeaders({
      headers: [
        [':status', '200'],
        ['cache-control', 'public, max-age=60'],
      ],
      details: 'via_upstream',
    })
    expect(response.headers.all('set-cookie')).toEqual([])
    stream.end()
  })
})
