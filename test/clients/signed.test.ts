/** Signed sessions in jars that nobody here wrote: the token is kept, and replaced when it is issued anew. */
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { createCertificate, startSite } from '../browser/site.ts'
import { tokenFrom } from '../cookies/token.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { ENVIRONMENT, SIGNING } from '../filter/signing.ts'
import { connections, Visitor } from './visitor.ts'
import { idOf } from '../session/token.ts'

const MINUTES = 60
const HASHED = { hashSecret: { env: 'MOORING_HASH_SECRET' } }

inEnvoy(({ binary }) => {
  const { identity, ca } = createCertificate()
  const agent = connections(ca)
  const site = (signing: object = {}, session: object = {}) =>
    startSite(binary, identity, {
      pluginConfig: { session: { signing: { ...SIGNING, ...signing }, ...session }, key: HASHED },
      env: ENVIRONMENT,
    })
  /** Somebody whose jar has this token, as it was set for `shop.test`. */
  const visitorWith = async (token: string, url: string) => {
    const visitor = new Visitor(agent)
    await visitor.jar.setCookie(`ISTIOID=${token}; Path=/; Secure; HttpOnly; SameSite=Lax`, url)
    return visitor
  }

  afterAll(() => agent.close())
  afterEach(() => {
    vi.useRealTimers()
  })

  test.each(['http', 'https'] as const)(
    'over %s the jar returns the token, the pod gets the id',
    async (scheme) => {
      await using shop = await site()
      const visitor = new Visitor(agent)
      const url = shop[scheme]('shop')
      const first = await visitor.get(url)
      const token = first.set[0]?.value ?? ''
      expect(first.set).toEqual([
        {
          name: 'ISTIOID',
          value: token,
          maxAge: 30 * MINUTES,
          path: '/',
          ...(scheme === 'https' ? { secure: true } : {}),
          httpOnly: true,
          sameSite: 'Lax',
        },
      ])
      expect(first.session).toBe(`ISTIOID=${idOf(token)}`)
      for (const path of ['/', '/cart', '/cart/items?page=2']) {
        expect(await visitor.get(shop[scheme]('shop', path))).toEqual({
          pod: first.pod,
          session: first.session,
          sent: `ISTIOID=${token}`,
          set: [],
        })
      }
      expect(await visitor.jar.getCookies(url)).toMatchObject([
        { key: 'ISTIOID', value: token, maxAge: 1800 },
      ])
    },
  )

  test('a token that was set over http is replaced over https, by one that goes there alone', async () => {
    await using shop = await site()
    const visitor = new Visitor(agent)
    const plain = await visitor.get(shop.http('shop'))
    const secure = await visitor.get(shop.https('shop'))
    expect(secure).toMatchObject({ pod: plain.pod, session: plain.session, set: [{ secure: true }] })
    expect(await visitor.jar.getCookieString(shop.http('shop'))).toBe('')
    expect(await visitor.get(shop.https('shop'))).toMatchObject({ session: plain.session, set: [] })
  })

  describe('renewal', () => {
    test('replaces the token in the jar, once; the session and its pod stay', async () => {
      await using shop = await site()
      const url = shop.https('shop')
      const token = tokenFrom(20 * MINUTES, 'shop.test')
      const visitor = await visitorWith(token.text, url)
      const renewed = await visitor.get(url)
      const text = renewed.set[0]?.value ?? ''
      expect(renewed).toMatchObject({
        session: `ISTIOID=${token.id}`,
        sent: `ISTIOID=${token.text}`,
        set: [{ name: 'ISTIOID', maxAge: 30 * MINUTES, secure: true }],
      })
      expect(text).not.toBe(token.text)
      expect(idOf(text)).toBe(token.id)
      expect(await visitor.jar.getCookies(url)).toMatchObject([{ key: 'ISTIOID', value: text }])
      expect(await visitor.get(url)).toEqual({ ...renewed, sent: `ISTIOID=${text}`, set: [] })
    })

    test('gives Max-Age what is left of the absolute life, where that is less', async () => {
      const life = 40 * MINUTES
      await using shop = await site({ absoluteTimeout: `${life}s` })
      const url = shop.https('shop')
      const token = tokenFrom(20 * MINUTES, 'shop.test')
      const visitor = await visitorWith(token.text, url)
      const leftNow = () => token.issued + life - Math.floor(Date.now() / 1000)
      const before = leftNow()
      const { set } = await visitor.get(url)
      const after = leftNow()
      expect(before).toBeLessThanOrEqual(20 * MINUTES)
      expect(set[0]?.maxAge).toBeLessThanOrEqual(before)
      expect(set[0]?.maxAge).toBeGreaterThanOrEqual(after)
    })

    test('is due by the signing key alone, without an idle timeout', async () => {
      const keys = [...SIGNING.keys].reverse()
      const signing = { keys, absoluteTimeout: '12h', idleTimeout: undefined }
      await using shop = await site(signing)
      const url = shop.https('shop')
      const token = tokenFrom(60 * MINUTES, 'shop.test')
      const visitor = await visitorWith(token.text, url)
      const { session, set } = await visitor.get(url)
      expect(session).toBe(`ISTIOID=${token.id}`)
      expect(set[0]?.value).toMatch(new RegExp(`^1\\.k1\\.${token.id}\\.`))
      expect((await visitor.get(url)).set).toEqual([])
    })
  })

  test('the jar forgets the token when its Max-Age is over, and a new session begins', async () => {
    await using shop = await site({ absoluteTimeout: '30m' })
    const visitor = new Visitor(agent)
    const first = await visitor.get(shop.https('shop'))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 30 * MINUTES * 1000 })
    const second = await visitor.get(shop.https('shop'))
    expect(second).toMatchObject({ sent: '', set: [{ maxAge: 30 * MINUTES }] })
    expect(second.session).not.toBe(first.session)
  })

  test('jars with one expired token get one successor', async () => {
    await using shop = await site()
    const url = shop.https('shop')
    const token = tokenFrom(120 * MINUTES, 'shop.test')
    const visitors = await Promise.all(Array.from({ length: 20 }, () => visitorWith(token.text, url)))
    const visits = await Promise.all(visitors.map((visitor) => visitor.get(url)))
    const sessions = new Set(visits.map(({ session }) => session))
    expect(sessions.size).toBe(1)
    expect(sessions).not.toContain(`ISTIOID=${token.id}`)
    expect(new Set(visits.map(({ set }) => `ISTIOID=${idOf(set[0]?.value ?? '')}`))).toEqual(sessions)
    expect(new Set(visits.map(({ pod }) => pod)).size).toBe(1)
    for (const { jar } of visitors) expect(await jar.getCookies(url)).toHaveLength(1)
  })

  test('an adopted cookie leaves the jar', async () => {
    const adopt = [{ cookie: 'OLDSESSION', delete: true, path: '/', domain: 'example.test' }]
    await using shop = await site({}, { adopt })
    const url = shop.https('shop.example')
    const visitor = new Visitor(agent)
    await visitor.jar.setCookie('OLDSESSION=legacy; Path=/; Domain=example.test; Secure', url)
    const first = await visitor.get(url)
    expect(first.sent).toBe('OLDSESSION=legacy')
    const kept = await visitor.jar.getCookies(url)
    expect(kept.map(({ key }) => key)).toEqual(['ISTIOID'])
    expect(first.session).toBe(`ISTIOID=${idOf(kept[0]?.value ?? '')}`)
    expect((await visitor.get(url)).session).toBe(first.session)
  })
})
