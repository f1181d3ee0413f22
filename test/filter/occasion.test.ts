/** When a session begins: a cookie that the client has, but left out of one request, must not be overwritten. */
import { describe, expect, test } from 'vitest'
import { type HeaderList, Status } from '../../host/index.ts'
import { type Mooring, counter, pass, setCookies, startMooring } from './mooring.ts'

function visit(mooring: Mooring, headers: HeaderList): number {
  return setCookies(pass(mooring.plugin, headers)).length
}

const CROSS: HeaderList = [['sec-fetch-site', 'cross-site']]
const NAVIGATION: HeaderList = [...CROSS, ['sec-fetch-mode', 'navigate'], ['sec-fetch-dest', 'document']]
const FRAME: HeaderList = [...CROSS, ['sec-fetch-mode', 'navigate'], ['sec-fetch-dest', 'iframe']]
const POST: HeaderList = [[':method', 'POST']]
const HTTPS: HeaderList = [['x-forwarded-proto', 'https']]

const LAX = {}
const STRICT = { sameSite: 'Strict' }
const NONE = { sameSite: 'None', secure: true }

describe('a request without a cookie begins a session', () => {
  test.each<[string, object, HeaderList, number]>([
    ['of the same origin', LAX, [['sec-fetch-site', 'same-origin']], 1],
    ['of the same site', LAX, [['sec-fetch-site', 'same-site']], 1],
    ['typed by a user', LAX, [['sec-fetch-site', 'none']], 1],
    ['followed from another site', LAX, NAVIGATION, 1],
    ['posted from another site', LAX, [...NAVIGATION, ...POST], 0],
    ['framed by another site', LAX, FRAME, 0],
    ['fetched by another site', LAX, [...CROSS, ['sec-fetch-mode', 'cors'], ['sec-fetch-dest', 'empty']], 0],
    [
      'an image on another site',
      LAX,
      [...CROSS, ['sec-fetch-mode', 'no-cors'], ['sec-fetch-dest', 'image']],
      0,
    ],
    ['a WebSocket from another site', LAX, [...CROSS, ['sec-fetch-mode', 'websocket']], 0],
    ['from another site, without more', LAX, CROSS, 0],
    ['from several sites at once', LAX, [...CROSS, ['sec-fetch-site', 'same-origin']], 0],
    ['followed from another site, Strict', STRICT, NAVIGATION, 0],
    ['of the same origin, Strict', STRICT, [['sec-fetch-site', 'same-origin']], 1],
    ['framed by another site, None', NONE, [...FRAME, ...HTTPS], 1],
    ['posted from another site, None', NONE, [...NAVIGATION, ...POST, ...HTTPS], 1],
    ['a prefetch', LAX, [['sec-purpose', 'prefetch']], 0],
    ['a prerender', LAX, [['sec-purpose', 'prefetch;prerender']], 0],
    ['of another purpose', LAX, [['sec-purpose', 'read-aloud']], 1],
    ['of gRPC', LAX, [...POST, ['content-type', 'application/grpc+proto']], 0],
    ['of gRPC-Web', LAX, [...POST, ['content-type', 'application/grpc-web']], 0],
    ['of JSON', LAX, [...POST, ['content-type', 'application/json']], 1],
    [
      'that upgrades to a WebSocket',
      LAX,
      [
        ['upgrade', 'websocket'],
        ['connection', 'Upgrade'],
      ],
      1,
    ],
  ])('%s', (_, cookie, headers, lines) => {
    const mooring = startMooring({ session: { cookie } })
    expect(visit(mooring, headers)).toBe(lines)
    expect(counter(mooring, lines === 1 ? 'session_minted' : 'session_none')).toBe(1n)
  })

  test('a preflight does not, though OPTIONS may', () => {
    const session = { mint: { methods: ['OPTIONS'] } }
    const preflight: HeaderList = [
      [':method', 'OPTIONS'],
      ['access-control-request-method', 'PUT'],
    ]
    expect(visit(startMooring({ session }), preflight)).toBe(0)
    expect(visit(startMooring({ session }), preflight.slice(0, 1))).toBe(1)
  })

  test('over http only if the cookie need not be Secure', () => {
    const session = { cookie: { secure: true } }
    const mooring = startMooring({ session })
    expect(visit(mooring, [])).toBe(0)
    expect(counter(mooring, 'session_none')).toBe(1n)
    expect(visit(startMooring({ session }), HTTPS)).toBe(1)
  })

  test.each([
    ['example.com', 1],
    ['EXAMPLE.com:8443', 1],
    ['shop.example.com', 1],
    ['a.b.example.com.', 1],
    ['notexample.com', 0],
    ['example.com.evil.net', 0],
    ['example.org', 0],
    ['com', 0],
    ['10.0.0.1', 0],
  ])('within the domain .example.com: %s', (authority, lines) => {
    const mooring = startMooring({ session: { cookie: { domain: '.Example.com' } } })
    expect(visit(mooring, [[':authority', authority]])).toBe(lines)
    expect(counter(mooring, lines === 1 ? 'session_minted' : 'session_domain_mismatch')).toBe(1n)
  })

  test('not where the headers cannot be read', () => {
    const mooring = startMooring({ session: {} })
    mooring.vm.inject({ hostcall: 'proxy_get_header_map_pairs', status: Status.InternalFailure })
    expect(visit(mooring, [])).toBe(0)
  })

  test('a malformed cookie is not replaced where none would begin', () => {
    const mooring = startMooring({ session: {} })
    expect(visit(mooring, [...CROSS, ['cookie', 'ISTIOID=']])).toBe(0)
    expect(counter(mooring, 'session_malformed')).toBe(1n)
  })
})
