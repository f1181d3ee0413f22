/** Which requests begin a session, and what their cookies are when a pod sees them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENVIRONMENT, HASH_SECRET, K2 } from '../session/keys.ts'
import { adoptedId, base64url, idOf } from '../session/token.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, seen } from './raw-request.ts'
import { NAME, cookieOf, countersAt, sessionSeen, sessionsSet, signing, tokenAged } from './signed.ts'

const CROSS_SITE = ['sec-fetch-site', 'cross-site']
const NAVIGATION = ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'document']

const ERRANDS: readonly (readonly [what: string, headers: string[], method: string])[] = [
  ['a form that another site posts: a payment that returns', [...CROSS_SITE, ...NAVIGATION], 'POST'],
  ['a script of another site', [...CROSS_SITE, 'sec-fetch-mode', 'cors', 'sec-fetch-dest', 'empty'], 'GET'],
  [
    'an image on another site',
    [...CROSS_SITE, 'sec-fetch-mode', 'no-cors', 'sec-fetch-dest', 'image'],
    'GET',
  ],
  [
    'a frame on another site',
    [...CROSS_SITE, 'sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe'],
    'GET',
  ],
  ['a prefetch', ['sec-purpose', 'prefetch'], 'GET'],
  ['a prerender', ['sec-purpose', 'prefetch;prerender'], 'GET'],
  ['gRPC', ['content-type', 'application/grpc'], 'POST'],
  ['gRPC with a format', ['content-type', 'application/grpc+proto'], 'POST'],
  ['a preflight', ['origin', 'https://a.example', 'access-control-request-method', 'PUT'], 'OPTIONS'],
]

const OCCASIONS: readonly (readonly [what: string, headers: string[], method: string])[] = [
  ['a link that somebody followed from another site', [...CROSS_SITE, ...NAVIGATION], 'GET'],
  ['a client that is no browser', [], 'POST'],
  ['an own script', ['sec-fetch-site', 'same-origin', 'sec-fetch-mode', 'cors'], 'PUT'],
  ['a bookmark', ['sec-fetch-site', 'none', ...NAVIGATION], 'GET'],
  ['a sibling', ['sec-fetch-site', 'same-site', 'sec-fetch-mode', 'cors'], 'GET'],
]

inEnvoy(({ binary }) => {
  describe('a request', () => {
    let gateway: TestGateway
    let sent = 0

    beforeAll(async () => {
      const cookieRule = (name: string, cookie: object) => ({
        name,
        match: { paths: [`/${name}`] },
        session: { cookie },
      })
      gateway = await startGateway({
        binary,
        env: ENVIRONMENT,
        pluginConfig: {
          session: {
            signing: signing(K2),
            adopt: [
              { cookie: 'OLDSESSION', path: '/app', delete: true },
              { cookie: 'older', delete: true },
              { cookie: 'kept' },
            ],
          },
          key: { hashSecret: { env: 'MOORING_HASH_SECRET' } },
          rules: [
            cookieRule('elsewhere', { domain: 'example.com' }),
            cookieRule('here', { domain: '.Test.com' }),
            cookieRule('partly', { domain: 'est.com' }),
            { name: 'hidden', match: { paths: ['/hidden'] }, session: { hideFromUpstream: true } },
            { name: 'posts', match: { paths: ['/posts'] }, session: { mint: { methods: ['POST'] } } },
          ],
        },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    const ask = async (headers: string[], { path = '/', method = 'GET' } = {}) => {
      sent++
      return await rawRequest(gateway.port, headers, { path, method })
    }
    const begins = async (...request: Parameters<typeof ask>) => {
      const answer = await ask(...request)
      expect(answer.status).toBe(200)
      expect(sessionsSet(answer).map(({ value }) => idOf(value))).toEqual(
        sessionSeen(answer) === undefined ? [] : [sessionSeen(answer)],
      )
      return sessionSeen(answer) !== undefined
    }

    test.each(ERRANDS)('begins no session: %s', async (_, headers, method) => {
      expect(await begins(headers, { method })).toBe(false)
    })

    test.each(ERRANDS)('keeps the session that it has: %s', async (_, headers, method) => {
      const token = tokenAged()
      const answer = await ask([...headers, ...cookieOf(token)], { method })
      expect([sessionSeen(answer), answer.setCookie]).toEqual([idOf(token), []])
    })

    test.each(OCCASIONS)('begins one: %s', async (_, headers, method) => {
      expect(await begins(headers, { method })).toBe(true)
    })

    test('begins one by the methods that may', async () => {
      expect(await begins([], { path: '/posts', method: 'GET' })).toBe(false)
      expect(await begins([], { path: '/posts', method: 'POST' })).toBe(true)
    })

    test('begins none where the browser would refuse its domain', async () => {
      expect(await begins([], { path: '/elsewhere' })).toBe(false)
      expect(await begins([], { path: '/partly' })).toBe(false)
      const [here] = sessionsSet(await ask([], { path: '/here' }))
      expect(here?.attributes).toEqual(['Path=/', 'Domain=.Test.com', 'HttpOnly', 'SameSite=Lax'])
    })

    test('its other cookies reach the pod byte for byte and in order, the session behind them', async () => {
      const token = tokenAged()
      const answer = await ask(['cookie', `a="b c";  x=; ISTIOID=${token};b=ISTIOID=1; =y;z; istioid=2`])
      expect(seen(answer, 'cookie')).toEqual([
        `a="b c";  x=;b=ISTIOID=1; =y;z; istioid=2; ISTIOID=${idOf(token)}`,
      ])
      expect(answer.setCookie).toEqual([])
    })

    test('its cookies in several lines become one, the session once', async () => {
      const [token, second] = [tokenAged(), tokenAged()]
      const cookies = ['a=1', `ISTIOID=${token}; b=2; ISTIOID=${second}`, `ISTIOID=${second}; c=3`]
      const answer = await ask(cookies.flatMap((line) => ['cookie', line]))
      expect(seen(answer, 'cookie')).toEqual([`a=1; b=2; c=3; ISTIOID=${idOf(token)}`])
    })

    test('hideFromUpstream: the pod sees the other cookies, and the key', async () => {
      const token = tokenAged()
      const open = await ask(cookieOf(token))
      const hidden = await ask(['cookie', `a=1; ISTIOID=${token}; b=2`], { path: '/hidden' })
      expect(seen(hidden, 'cookie')).toEqual(['a=1; b=2'])
      expect(seen(hidden, 'x-mooring-key')).toEqual(seen(open, 'x-mooring-key'))

      const alone = await ask(cookieOf(token), { path: '/hidden' })
      expect(seen(alone, 'cookie')).toEqual([])
      const first = await ask([], { path: '/hidden' })
      expect([seen(first, 'cookie'), sessionsSet(first).length]).toEqual([[], 1])
    })

    test.each([
      ['OLDSESSION', 'legacy-value', ['OLDSESSION=; Max-Age=0; Path=/app']],
      ['older', 'a b', ['older=; Max-Age=0; Path=/']],
      ['kept', 'x'.repeat(256), []],
    ])(
      'adopts %s: an id that follows from it, and only what is to go is deleted',
      async (name, value, deletions) => {
        const answers = await Promise.all(
          Array.from({ length: 4 }, () => ask(['cookie', `${name}=${value}; b=2`])),
        )
        const id = base64url(adoptedId(name, value, HASH_SECRET))
        for (const answer of answers) {
          expect(seen(answer, 'cookie')).toEqual([`${name}=${value}; b=2; ISTIOID=${id}`])
          const [set, ...others] = answer.setCookie
          expect(idOf(sessionsSet({ setCookie: [set ?? ''] })[0]?.value ?? '')).toBe(id)
          expect(others).toEqual(deletions)
        }
      },
    )

    test('adopts nothing beside a session, and nothing that is too long', async () => {
      const token = tokenAged()
      const both = await ask(['cookie', `OLDSESSION=legacy-value; ISTIOID=${token}`])
      expect([sessionSeen(both), both.setCookie]).toEqual([idOf(token), []])

      const long = 'x'.repeat(257)
      const answer = await ask(['cookie', `kept=${long}`])
      expect(sessionSeen(answer)).not.toBe(base64url(adoptedId('kept', long, HASH_SECRET)))
      expect(answer.setCookie).toEqual([expect.stringMatching(`^${NAME}=`)])
    })

    test('counts as it was', async () => {
      const counters = await countersAt(gateway.envoy, sent)
      expect(counters).toMatchObject({
        requests: sent,
        session_domain_mismatch: 2,
        session_adopted: 12,
        session_none: ERRANDS.length + 1,
        cookie_duplicate: 1,
      })
    })
  })
})
