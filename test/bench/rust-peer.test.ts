/** The Rust contender of the bench does all that Mooring does in its jobs, not only what they happen to show. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { expectedKey, leaf } from '../../bench/expected-key.ts'
import { HASH_SECRET } from '../../bench/jobs.ts'
import { buildRustPeer } from '../../bench/peers.ts'
import { ProxyWasmModule, Vm } from '../../host/index.ts'

const rust = await buildRustPeer('rust-session')
const module = rust.built ? ProxyWasmModule.load(readFileSync(rust.wasm)) : undefined

type Headers = readonly (readonly [string, string])[]
interface Visit {
  readonly task?: string
  readonly request?: Headers
  readonly answer?: Headers
  readonly details?: string
}

const ID = /^[\w-]{22}$/

function visit({ task = 'mint', request = [], answer = [], details = 'via_upstream' }: Visit) {
  if (module === undefined) throw new Error('no Rust')
  const plugin = new Vm(module).startPlugin({ configuration: task })
  const payload = { sub: 'alice' }
  const stream = plugin.stream({
    headers: [[':method', 'GET'], [':path', '/carts/7/items'], [':authority', 'test.com'], ...request],
    properties: { metadata: { filter_metadata: { 'envoy.filters.http.jwt_authn': { payload } } } },
  })
  stream.requestHeaders({ endOfStream: true })
  const { headers } = stream.responseHeaders({ headers: [[':status', '200'], ...answer], details })
  stream.end()
  return {
    key: stream.request.get('x-mooring-key'),
    cookies: headers.all('set-cookie').length,
    caching: headers.all('cache-control'),
  }
}

describe.skipIf(module === undefined)('the Rust contender', () => {
  test.each<[string, Headers]>([
    ['a prefetch', [['sec-purpose', 'prefetch;prerender']]],
    ['another site', [['sec-fetch-site', 'cross-site']]],
    ['gRPC', [['content-type', 'application/grpc+proto']]],
  ])('begins no session with %s', (_, request) => {
    expect(visit({ request })).toEqual({ key: undefined, cookies: 0, caching: [] })
  })

  test('begins one with a navigation from another site', () => {
    const request: Headers = [
      ['sec-fetch-site', 'cross-site'],
      ['sec-fetch-mode', 'navigate'],
      ['sec-fetch-dest', 'document'],
    ]
    expect(visit({ request })).toEqual({
      key: expect.stringMatching(ID) as string,
      cookies: 1,
      caching: ['private'],
    })
  })

  test.each<[string, Headers, number, readonly string[]]>([
    ['says nothing of caches', [], 1, ['private']],
    ['keeps caches out itself', [['cache-control', 'no-store']], 1, ['no-store']],
    ['invites caches', [['cache-control', 'public, max-age=60']], 0, ['public, max-age=60']],
    ['invites them by Expires', [['expires', 'Thu, 26 Nov 2026 08:00:00 GMT']], 0, []],
    ['has orders for CDNs', [['cdn-cache-control', 'max-age=60']], 0, []],
  ])('sets the cookie as Mooring does on an answer that %s', (_, answer, cookies, caching) => {
    expect(visit({ answer })).toEqual({ key: expect.stringMatching(ID) as string, cookies, caching })
  })

  test('sets none on an answer of Envoy itself', () => {
    expect(visit({ details: 'ext_authz_denied' }).cookies).toBe(0)
  })

  test('begins a session beside a key of a claim, too', () => {
    expect(visit({ task: `claim ${HASH_SECRET}` })).toEqual({
      key: expectedKey(leaf('claim:/sub', 'alice'), HASH_SECRET),
      cookies: 1,
      caching: ['private'],
    })
    expect(visit({ task: 'rules /carts/', request: [['x-tenant', 'acme']] }).cookies).toBe(1)
  })
})
