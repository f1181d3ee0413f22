/** How long a session lives, when its cookie is set anew, and what follows it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENVIRONMENT, K1, K2 } from '../session/keys.ts'
import { adoptedId, base64url, idOf, readToken, successorOf, type Token } from '../session/token.ts'
import { Authority, downstreamTls } from './certificates.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, type RequestTls } from './raw-request.ts'
import {
  ABSOLUTE,
  IDLE,
  MINUTE,
  NAME,
  cookieOf,
  countersAt,
  now,
  sessionSeen,
  sessionsSet,
  signing,
  tokenAged,
} from './signed.ts'

const ATTRIBUTES = ['Path=/', 'HttpOnly', 'SameSite=Lax']
const SECURE_ATTRIBUTES = ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']
const AGES: readonly (readonly [what: string, age: { born?: number; issued?: number }])[] = [
  ['idle for too long', { issued: IDLE + 2 * MINUTE }],
  ['at its absolute end', { born: ABSOLUTE + 2 * MINUTE }],
]

const authority = new Authority('Test CA')
const server = authority.issue({ commonName: 'test.com', dns: ['test.com'] })

const partsOf = (text: string): Token => {
  const token = readToken(text)
  if (token === undefined) throw new Error(`no token: ${text}`)
  return token
}

/** The one session that an answer sets, and what its token says. */
function oneSet(answer: Parameters<typeof sessionsSet>[0]) {
  const [set, ...more] = sessionsSet(answer)
  if (set?.token === undefined || more.length > 0)
    throw new Error(`not one token: ${answer.setCookie.join('\n')}`)
  return { ...set, token: set.token }
}

inEnvoy(({ binary }) => {
  describe('a signed session', () => {
    let gateway: TestGateway

    beforeAll(async () => {
      gateway = await startGateway({
        binary,
        env: ENVIRONMENT,
        concurrency: 2,
        pluginConfig: {
          session: { signing: signing(K2, K1) },
          rules: [
            {
              name: 'switching',
              match: { paths: ['/switching'] },
              session: { signing: { acceptUnsignedUntil: '2999-01-01T00:00:00Z' } },
            },
            {
              name: 'switched',
              match: { paths: ['/switched'] },
              session: { signing: { acceptUnsignedUntil: '2020-01-01T00:00:00Z' } },
            },
          ],
        },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    const visit = (token: string, path = '/') => rawRequest(gateway.port, cookieOf(token), { path })

    test('begins with a token that says so, and the cookie lives as long as it may be idle', async () => {
      const before = now()
      const answer = await rawRequest(gateway.port, [])
      const { token, maxAge, attributes } = oneSet(answer)
      expect(base64url(token.id)).toBe(sessionSeen(answer))
      expect({ maxAge, attributes, ...token }).toMatchObject({
        maxAge: IDLE,
        attributes: ATTRIBUTES,
        kid: 'k2',
        flags: 0,
        birth: token.issued,
        bound: undefined,
      })
      // The filter reads its clock once a second.
      expect(token.birth).toBeGreaterThan(before - MINUTE)
      expect(token.birth).toBeLessThanOrEqual(now())
    })

    test('is not issued anew before half of its idle time has gone by', async () => {
      const token = tokenAged({ born: 5 * MINUTE, issued: IDLE / 2 - MINUTE })
      const answer = await visit(token)
      expect([sessionSeen(answer), answer.setCookie]).toEqual([idOf(token), []])
    })

    test('is issued anew after that, and keeps its id and its birth', async () => {
      const token = tokenAged({ born: 2 * IDLE, issued: IDLE / 2 + MINUTE, key: K1 })
      const answer = await visit(token)
      const { token: renewed, maxAge, attributes } = oneSet(answer)
      const { id, birth } = partsOf(token)
      expect(sessionSeen(answer)).toBe(idOf(token))
      expect({ id: renewed.id, birth: renewed.birth, kid: renewed.kid, maxAge, attributes }).toEqual({
        id,
        birth,
        kid: 'k2',
        maxAge: IDLE,
        attributes: ATTRIBUTES,
      })
      expect(renewed.issued).toBeGreaterThan(now() - MINUTE)
    })

    test('towards its end, the cookie lives for what remains', async () => {
      const token = tokenAged({ born: ABSOLUTE - 10 * MINUTE, issued: IDLE / 2 + MINUTE })
      const { token: renewed, maxAge } = oneSet(await visit(token))
      expect(maxAge).toBe(ABSOLUTE - (renewed.issued - renewed.birth))
      expect(maxAge).toBeLessThanOrEqual(10 * MINUTE + 5)
    })

    test.each(AGES)('that is %s is followed by one that begins now', async (_, age) => {
      const token = tokenAged(age)
      const answer = await visit(token)
      const { token: next } = oneSet(answer)
      expect(next.id).toEqual(successorOf(K2, partsOf(token)))
      expect(sessionSeen(answer)).toBe(base64url(next.id))
      expect(next.birth).toBe(next.issued)
      expect(next.issued).toBeGreaterThan(now() - MINUTE)
    })

    test.each(AGES)('that is %s has one successor, whoever asks and however many at once', async (_, age) => {
      const token = tokenAged(age)
      const answers = await Promise.all(Array.from({ length: 50 }, () => visit(token)))
      const successor = base64url(successorOf(K2, partsOf(token)))
      expect(answers.map((answer) => sessionSeen(answer))).toEqual(answers.map(() => successor))
      expect(answers.map((answer) => idOf(oneSet(answer).value))).toEqual(answers.map(() => successor))
      expect(new Set(answers.map(({ echo }) => echo?.pod)).size).toBe(1)
    })

    test('while unsigned sessions are accepted they go on, signed', async () => {
      const id = idOf(tokenAged())
      const answer = await visit(id, '/switching')
      expect(sessionSeen(answer)).toBe(id)
      expect(idOf(oneSet(answer).value)).toBe(id)

      const own = await visit('app-session-1', '/switching')
      const adopted = base64url(adoptedId(NAME, 'app-session-1'))
      expect(sessionSeen(own)).toBe(adopted)
      expect(idOf(oneSet(own).value)).toBe(adopted)
    })

    test.each(['/', '/switched'])('no unsigned session goes on at %s', async (path) => {
      const id = idOf(tokenAged())
      const answer = await visit(id, path)
      expect(sessionSeen(answer)).not.toBe(id)
      expect(idOf(oneSet(answer).value)).toBe(sessionSeen(answer))
    })
  })

  describe('Secure', () => {
    let plain: TestGateway
    let tls: TestGateway

    beforeAll(async () => {
      const options = {
        binary,
        env: ENVIRONMENT,
        pluginConfig: {
          session: { signing: signing(K2) },
          rules: [
            { name: 'always', match: { paths: ['/always'] }, session: { cookie: { secure: true } } },
            { name: 'never', match: { paths: ['/never'] }, session: { cookie: { secure: false } } },
          ],
        },
      }
      plain = await startGateway(options)
      tls = await startGateway({ ...options, transportSocket: downstreamTls(server) })
    })

    afterAll(async () => {
      await plain[Symbol.asyncDispose]()
      await tls[Symbol.asyncDispose]()
    })

    const https: RequestTls = { ca: authority.cert }
    const sent = { plain: 0, tls: 0 }
    const overHttp = (headers: string[], path = '/') => {
      sent.plain++
      return rawRequest(plain.port, headers, { path })
    }
    const overHttps = (headers: string[], path = '/') => {
      sent.tls++
      return rawRequest(tls.port, headers, { path, tls: https })
    }

    test('auto: what was set over http is set anew, once, when the client comes over https', async () => {
      const first = oneSet(await overHttp([]))
      expect([first.attributes, first.token.flags]).toEqual([ATTRIBUTES, 0])

      const again = await overHttps(cookieOf(first.value))
      const secure = oneSet(again)
      expect([secure.attributes, secure.token.flags]).toEqual([SECURE_ATTRIBUTES, 1])
      expect([sessionSeen(again), secure.token.birth]).toEqual([idOf(first.value), first.token.birth])

      expect((await overHttps(cookieOf(secure.value))).setCookie).toEqual([])
    })

    test('auto: what was set over https stays Secure', async () => {
      const { value, attributes } = oneSet(await overHttps([]))
      expect(attributes).toEqual(SECURE_ATTRIBUTES)
      const aged = tokenAged({ flags: 1, issued: IDLE / 2 + MINUTE }, partsOf(value).id)
      expect(oneSet(await overHttp(cookieOf(aged))).attributes).toEqual(SECURE_ATTRIBUTES)
    })

    test('true: over http no session begins, since a browser would throw its cookie away', async () => {
      const answer = await overHttp([], '/always')
      expect([answer.status, sessionSeen(answer), answer.setCookie]).toEqual([200, undefined, []])
      expect(oneSet(await overHttps([], '/always')).attributes).toEqual(SECURE_ATTRIBUTES)
    })

    test('false: not even over https', async () => {
      const { value, attributes } = oneSet(await overHttps([], '/never'))
      expect(attributes).toEqual(ATTRIBUTES)
      expect((await overHttps(cookieOf(value), '/never')).setCookie).toEqual([])
    })

    test('auto: sessions that begin without Secure are counted', async () => {
      const counted = [await countersAt(plain.envoy, sent.plain), await countersAt(tls.envoy, sent.tls)]
      expect(counted.map((counters) => counters['session_minted_insecure'])).toEqual([1, undefined])
    })
  })
})
