/** Clients with cookie jars that nobody here wrote: undici sends and reads, tough-cookie keeps. */
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { createCertificate, startSite } from '../browser/site.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { connections, Visitor } from './visitor.ts'

const ID = /^ISTIOID=[A-Za-z0-9_-]{22}$/

inEnvoy(({ binary }) => {
  const { identity, ca } = createCertificate()
  const agent = connections(ca)
  const configured = (pluginConfig: unknown) => startSite(binary, identity, { pluginConfig })
  const site = (cookie: object = {}) => configured({ session: { cookie } })

  afterAll(() => agent.close())
  afterEach(() => {
    vi.useRealTimers()
  })

  describe.each(['http', 'https'] as const)('over %s', (scheme) => {
    test('the jar keeps the cookie and returns it on every path; the pod stays', async () => {
      await using shop = await site()
      const visitor = new Visitor(agent)
      const first = await visitor.get(shop[scheme]('shop'))
      expect(first.session).toMatch(ID)
      expect(first).toMatchObject({ sent: '', set: [{ name: 'ISTIOID' }] })
      for (const path of ['/', '/cart', '/cart/items?page=2', '/a/b/c/', '//', '/%2e']) {
        const visit = await visitor.get(shop[scheme]('shop', path))
        expect(visit).toEqual({ pod: first.pod, session: first.session, sent: first.session, set: [] })
      }
      expect(await visitor.jar.getCookies(shop[scheme]('shop'))).toHaveLength(1)
    })

    test('jars that share a connection share no session', async () => {
      await using shop = await site()
      const visitors = Array.from({ length: 20 }, () => new Visitor(agent))
      const visits = await Promise.all(visitors.map((visitor) => visitor.get(shop[scheme]('shop'))))
      expect(new Set(visits.map(({ session }) => session)).size).toBe(20)
    })

    test('hosts have a session each, without `domain`', async () => {
      await using shop = await site()
      const visitor = new Visitor(agent)
      const first = await visitor.get(shop[scheme]('shop.example'))
      const second = await visitor.get(shop[scheme]('pay.example'))
      expect(second.sent).toBe('')
      expect(second.session).not.toBe(first.session)
      expect((await visitor.get(shop[scheme]('shop.example'))).sent).toBe(first.session)
    })

    test('with `domain` every host below it shares one', async () => {
      await using shop = await site({ domain: 'example.test' })
      const visitor = new Visitor(agent)
      const first = await visitor.get(shop[scheme]('shop.example'))
      for (const host of ['pay.example', 'shop.example', 'example']) {
        expect(await visitor.get(shop[scheme](host))).toEqual({ ...first, sent: first.session, set: [] })
      }
      expect(await visitor.jar.getCookieString(shop[scheme]('other'))).toBe('')
    })
  })

  test('with `path` it is returned there and nowhere else', async () => {
    await using shop = await configured({
      session: { skip: true, cookie: { path: '/shop' } },
      key: { skip: true },
      rules: [{ name: 'shop', match: { paths: ['/shop/**'] }, session: { skip: false } }],
    })
    const visitor = new Visitor(agent)
    const first = await visitor.get(shop.http('shop', '/shop/cart'))
    expect(first.session).toMatch(ID)
    expect((await visitor.get(shop.http('shop', '/shop'))).sent).toBe(first.session)
    expect((await visitor.get(shop.http('shop', '/shop/a/b'))).sent).toBe(first.session)
    for (const path of ['/', '/shopping', '/a/shop']) {
      expect(await visitor.get(shop.http('shop', path))).toMatchObject({ sent: '', session: undefined })
    }
  })

  test('one that was set over https is not returned over http', async () => {
    await using shop = await site()
    const visitor = new Visitor(agent)
    const first = await visitor.get(shop.https('shop'))
    expect(first.set).toMatchObject([{ secure: true }])
    expect(await visitor.jar.getCookieString(shop.http('shop'))).toBe('')
    expect(await visitor.jar.getCookieString(shop.https('shop'))).toBe(first.session)
  })

  describe('with `ttl: 60s`', () => {
    const START = Date.UTC(2026, 0, 1)
    const at = (second: number) => {
      vi.useFakeTimers({ toFake: ['Date'], now: START + second * 1000 })
    }

    test('the jar returns it for a minute, and then there is a new session', async () => {
      await using shop = await site({ ttl: '60s' })
      // One each: to this jar's mind Max-Age counts from when it last returned the cookie.
      const [early, late] = [new Visitor(agent), new Visitor(agent)]
      at(0)
      const first = { early: await early.get(shop.http('shop')), late: await late.get(shop.http('shop')) }
      expect(first.late.set).toMatchObject([{ maxAge: 60 }])
      at(59)
      expect(await early.get(shop.http('shop'))).toMatchObject({ sent: first.early.session, set: [] })
      at(60)
      const second = await late.get(shop.http('shop'))
      expect(second).toMatchObject({ sent: '', set: [{ maxAge: 60 }] })
      expect(second.session).toMatch(ID)
      expect(second.session).not.toBe(first.late.session)
    })

    test('and `renew: always` the minute counts from the last answer', async () => {
      await using shop = await site({ ttl: '60s', renew: 'always' })
      const visitor = new Visitor(agent)
      at(0)
      const { session, pod } = await visitor.get(shop.http('shop'))
      for (const second of [59, 118, 177]) {
        at(second)
        const visit = await visitor.get(shop.http('shop'))
        expect(visit).toMatchObject({ pod, session, sent: session, set: [{ maxAge: 60 }] })
        expect(`ISTIOID=${visit.set[0]?.value ?? ''}`).toBe(session)
      }
      expect(await visitor.jar.getCookies(shop.http('shop'))).toHaveLength(1)
      at(237)
      expect((await visitor.get(shop.http('shop'))).sent).toBe('')
    })
  })

  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['no cookie value', 'a,b'],
  ])('a value that is %s is replaced in the jar', async (_, value) => {
    await using shop = await site()
    const url = shop.http('shop')
    const visitor = new Visitor(agent)
    await visitor.jar.setCookie(`ISTIOID=${value}; Path=/`, url)
    const first = await visitor.get(url)
    expect(first.sent).toBe(`ISTIOID=${value}`)
    expect(first.session).toMatch(ID)
    expect(await visitor.jar.getCookieString(url)).toBe(first.session)
    expect((await visitor.get(url)).set).toEqual([])
  })

  test('undici and tough-cookie read every attribute as it was configured', async () => {
    const cookie = {
      name: '__Secure-pod',
      ttl: '8h',
      path: '/cart',
      domain: 'example.test',
      secure: true,
      sameSite: 'None',
      partitioned: true,
    }
    await using shop = await site(cookie)
    const url = shop.https('shop.example', '/cart')
    const visitor = new Visitor(agent)
    const { set } = await visitor.get(url, cookie.name)
    const value = set[0]?.value ?? ''
    expect(set).toEqual([
      {
        name: '__Secure-pod',
        value: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/) as string,
        maxAge: 28_800,
        path: '/cart',
        domain: 'example.test',
        secure: true,
        httpOnly: true,
        sameSite: 'None',
        unparsed: ['Partitioned='],
      },
    ])
    const [kept, ...more] = await visitor.jar.getCookies(url)
    expect(more).toEqual([])
    expect(kept).toMatchObject({
      key: '__Secure-pod',
      value,
      maxAge: 28_800,
      path: '/cart',
      domain: 'example.test',
      secure: true,
      httpOnly: true,
      sameSite: 'none',
      hostOnly: false,
      extensions: ['Partitioned'],
    })
  })

  test('a jar that checks prefixes keeps a `__Host-` cookie over https', async () => {
    await using shop = await site({ name: '__Host-pod', secure: true })
    const visitor = new Visitor(agent)
    const { session } = await visitor.get(shop.https('shop'), '__Host-pod')
    expect(session).toMatch(/^__Host-pod=/)
    expect(await visitor.jar.getCookieString(shop.https('shop'))).toBe(session)
  })
})
