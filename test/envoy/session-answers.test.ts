/** Which answers set the cookie: none that a cache may hand to others, none of the proxy's own, but an upgrade. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterOf, readMesh } from '../../demo/mesh.ts'
import type { Responder } from '../../demo/replica.ts'
import { ENVIRONMENT, K2 } from '../session/keys.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest } from './raw-request.ts'
import { IDLE, MINUTE, cookieOf, countersAt, sessionsSet, signing, tokenAged } from './signed.ts'
import { WEBSOCKET, acceptUpgrade, upgrade } from './upgrade.ts'

type Header = readonly [name: string, value: string]
type Outcome = 'set' | 'private' | 'none'

/** What the pod answers, as JSON in a request header: its status and headers. */
const ANSWER = 'x-answer'

const respond: Responder = (message, response, echo) => {
  if (message.headers.upgrade !== undefined) {
    acceptUpgrade(message.socket)
    return true
  }
  const wanted = message.headers[ANSWER]
  if (typeof wanted !== 'string') return false
  const { status, headers } = JSON.parse(wanted) as { status: number; headers: readonly Header[] }
  for (const [name, value] of headers) response.appendHeader(name, value)
  response.writeHead(status)
  response.end(status === 304 ? undefined : JSON.stringify(echo))
  return true
}

const cacheControl = (...values: readonly string[]): Header[] =>
  values.map((value) => ['cache-control', value])

/** For each answer: whether it sets the cookie, and what its Cache-Control is then. */
const TABLE: readonly (readonly [
  headers: readonly Header[],
  omit: Outcome,
  markPrivate: Outcome,
  marked?: string,
])[] = [
  [[], 'private', 'private'],
  [cacheControl('no-cache'), 'private', 'private'],
  [cacheControl('max-age=0'), 'private', 'private'],
  [cacheControl('private'), 'set', 'set'],
  [cacheControl('no-store'), 'set', 'set'],
  [cacheControl('public, no-store'), 'set', 'set'],
  [cacheControl('max-age=600, private'), 'set', 'set'],
  [cacheControl('max-age=600', 'Private'), 'set', 'set'],
  [cacheControl('public'), 'none', 'set', 'private'],
  [cacheControl('PUBLIC, max-age=600'), 'none', 'set', 'max-age=600, private'],
  [cacheControl('max-age=600'), 'none', 'set', 'max-age=600, private'],
  [cacheControl('s-maxage=600, must-revalidate'), 'none', 'set', 'must-revalidate, private'],
  [cacheControl('max-age="600"'), 'none', 'set', 'max-age="600", private'],
  [cacheControl('no-transform', 'public'), 'none', 'set', 'no-transform, private'],
  [cacheControl('private="x-user", max-age=600'), 'none', 'set', 'private="x-user", max-age=600, private'],
  [[['expires', 'Thu, 01 Jan 2099 00:00:00 GMT']], 'none', 'set', 'private'],
  [[['expires', '0']], 'private', 'private'],
  [[['surrogate-control', 'max-age=600']], 'none', 'none'],
  [[['cdn-cache-control', 'max-age=600']], 'none', 'none'],
  [[...cacheControl('private'), ['surrogate-control', 'max-age=600']], 'none', 'none'],
]

const ROWS = TABLE.map(([headers, omit, mark, marked]) => ({
  shown: headers.map((header) => header.join(': ')).join(' and ') || 'no such header',
  headers,
  omit,
  mark,
  marked,
}))

const mesh = readMesh()
const CLUSTER = clusterOf(mesh)

const ROUTES = {
  name: 'routes',
  virtual_hosts: [
    {
      name: 'test.com',
      domains: ['test.com'],
      routes: [
        { match: { prefix: '/redirect' }, redirect: { path_redirect: '/' } },
        { match: { prefix: '/direct' }, direct_response: { status: 200, body: { inline_string: '{}' } } },
        {
          match: { prefix: '/' },
          route: { cluster: CLUSTER, hash_policy: [{ header: { header_name: 'x-mooring-key' } }] },
        },
      ],
    },
  ],
}

inEnvoy(({ binary }) => {
  describe('an answer', () => {
    let gateway: TestGateway
    let sent = 0

    beforeAll(async () => {
      gateway = await startGateway({
        binary,
        env: ENVIRONMENT,
        respond,
        connectionManager: { route_config: ROUTES, ...WEBSOCKET },
        pluginConfig: {
          session: { signing: signing(K2) },
          rules: [
            {
              name: 'mark',
              match: { paths: ['/mark'] },
              session: { mint: { onCacheable: 'markPrivate' } },
            },
            {
              name: 'local',
              match: { paths: ['/local', '/redirect/local', '/direct/local'] },
              session: { mint: { onLocalReply: true } },
            },
          ],
        },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    const ask = async (path: string, headers: readonly Header[], status = 200, cookie: string[] = []) => {
      sent++
      const answer = await rawRequest(
        gateway.port,
        [ANSWER, JSON.stringify({ status, headers }), ...cookie],
        { path },
      )
      expect(answer.status).toBe(status)
      return { sets: sessionsSet(answer).length, cacheControl: answer.headers['cache-control'] }
    }
    // Envoy puts no blank where it joins entries.
    const given = (headers: readonly Header[]) => {
      const values = headers.filter(([name]) => name === 'cache-control').map(([, value]) => value)
      return values.length === 0 ? undefined : values.join(',')
    }

    describe.each([
      ['of a new session', () => []],
      ['of one that is renewed', () => cookieOf(tokenAged({ issued: IDLE / 2 + MINUTE }))],
    ])('%s', (_, cookie) => {
      test.each(ROWS)(
        'with $shown: onCacheable omit $omit, markPrivate $mark',
        async ({ headers, omit, mark, marked }) => {
          const before = given(headers)
          const made = before === undefined ? 'private' : `${before},private`
          const as = (outcome: Outcome, otherwise = before) =>
            outcome === 'private'
              ? { sets: 1, cacheControl: made }
              : { sets: outcome === 'set' ? 1 : 0, cacheControl: outcome === 'set' ? otherwise : before }
          expect(await ask('/', headers, 200, cookie())).toEqual(as(omit))
          expect(await ask('/mark', headers, 200, cookie())).toEqual(as(mark, marked))
        },
      )

      test('of 304 sets none: a cache has the rest already', async () => {
        for (const path of ['/', '/mark']) {
          expect(await ask(path, cacheControl('private'), 304, cookie())).toEqual({
            sets: 0,
            cacheControl: 'private',
          })
        }
      })
    })

    test.each([404, 500, 503])(
      "of a pod sets the cookie with status %i too: it is the pod's",
      async (status) => {
        expect(await ask('/', [], status)).toEqual({ sets: 1, cacheControl: 'private' })
      },
    )

    test.each([
      ['of no route', '/', 404, 'unknown.example.com'],
      ['that redirects', '/redirect', 301, 'test.com'],
      ['that the route gives itself', '/direct', 200, 'test.com'],
    ])("of the proxy's own, %s, sets none: no pod has seen the session", async (_, path, status, host) => {
      sent++
      const answer = await rawRequest(gateway.port, [], { path, host })
      expect([answer.status, answer.setCookie]).toEqual([status, []])
    })

    test.each([
      ['of no route', '/local', 404, 'unknown.example.com'],
      ['that redirects', '/redirect/local', 301, 'test.com'],
      ['that the route gives itself', '/direct/local', 200, 'test.com'],
    ])("of the proxy's own, %s, sets it with onLocalReply", async (_, path, status, host) => {
      sent++
      const answer = await rawRequest(gateway.port, [], { path, host })
      expect([answer.status, sessionsSet(answer).length, answer.headers['cache-control']]).toEqual([
        status,
        1,
        'private',
      ])
    })

    test('that upgrades to WebSocket sets it', async () => {
      sent++
      const { statusCode, headers } = await upgrade(gateway.port)
      expect(statusCode).toBe(101)
      expect(sessionsSet({ setCookie: headers['set-cookie'] ?? [] })).toMatchObject([{ maxAge: IDLE }])
    })

    test('counts as it was', async () => {
      const counters = await countersAt(gateway.envoy, sent)
      const outcomes = TABLE.flatMap(([, omit, mark]) => [omit, mark])
      const withheld = 2 * outcomes.filter((outcome) => outcome === 'none').length + 4
      expect(counters).toMatchObject({
        requests: sent,
        cookie_omitted: withheld,
        cookie_withheld: 3,
        cookie_set: sent - withheld - 3,
      })
    })
  })
})
