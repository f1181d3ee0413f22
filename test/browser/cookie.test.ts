import { describe, expect, test } from 'vitest'
import { POD_NAMES } from '../../demo/replica.ts'
import { inBrowser, keepScreenshot } from './in-browser.ts'
import { keptCookie, shownBy, visit } from './session.ts'

const ID = /^[A-Za-z0-9_-]{22}$/

inBrowser(({ site, visitor }) => {
  describe.each([
    { scheme: 'http', secure: false },
    { scheme: 'https', secure: true },
  ] as const)('over $scheme, with `secure: auto`', ({ scheme, secure }) => {
    test('the cookie is kept with its attributes, returned, and hidden from scripts', async () => {
      await using shop = await site()
      const somebody = await visitor()
      const url = shop[scheme]('shop')
      const page = await somebody.newPage()
      await page.goto(url)

      const cookie = await keptCookie(somebody, url)
      expect(cookie).toEqual({
        name: 'ISTIOID',
        value: expect.stringMatching(ID) as string,
        domain: 'shop.test',
        path: '/',
        expires: -1,
        httpOnly: true,
        secure,
        sameSite: 'Lax',
      })
      const first = await shownBy(page)
      expect(first.cookie).toBe(`ISTIOID=${cookie?.value ?? ''}`)
      expect(POD_NAMES).toContain(first.pod)
      expect(await page.evaluate('document.cookie')).toBe('')
      await keepScreenshot(page, `demo-${scheme}`)

      await page.reload()
      expect(await shownBy(page)).toEqual(first)
      expect(await keptCookie(somebody, url)).toEqual(cookie)
    })
  })

  test('the buttons of the page: twenty more answers of one pod, then a new session', async () => {
    await using shop = await site()
    const somebody = await visitor()
    const url = shop.http('shop')
    const page = await somebody.newPage()
    await page.goto(url)
    const first = await shownBy(page)

    await page.click('#many')
    const own = page.locator('tr.here td').first()
    await own.filter({ hasText: /^21$/ }).waitFor()
    expect(await shownBy(page)).toEqual(first)
    expect(await page.locator('tbody td:first-of-type').allInnerTexts()).toEqual(
      POD_NAMES.map((pod) => (pod === first.pod ? '21' : '0')),
    )
    await keepScreenshot(page, 'demo-after-twenty-more')

    await page.click('#new')
    await own.filter({ hasText: /^1$/ }).waitFor()
    const second = await shownBy(page)
    expect(second.cookie).toMatch(/^ISTIOID=[A-Za-z0-9_-]{22}$/)
    expect(second.cookie).not.toBe(first.cookie)
    expect(`ISTIOID=${(await keptCookie(somebody, url))?.value ?? ''}`).toBe(second.cookie)
  })

  test('a cookie that was set over https is not sent over http', async () => {
    await using shop = await site()
    const somebody = await visitor()
    const secure = await visit(somebody, shop.https('shop'))
    const plain = await visit(somebody, shop.http('shop'))
    expect(plain.cookie).not.toBe(secure.cookie)
    expect(await visit(somebody, shop.https('shop'))).toEqual(secure)
  })

  test('scripts see it with `httpOnly: false`', async () => {
    await using shop = await site({ pluginConfig: { session: { cookie: { httpOnly: false } } } })
    const page = await (await visitor()).newPage()
    await page.goto(shop.http('shop'))
    const { cookie } = await shownBy(page)
    expect(await page.evaluate('document.cookie')).toBe(cookie)
  })

  test('with `domain` it goes to every host of the domain, and they share the session', async () => {
    await using shop = await site({ pluginConfig: { session: { cookie: { domain: 'example.test' } } } })
    const somebody = await visitor()
    const first = await visit(somebody, shop.http('shop.example'))
    expect(await visit(somebody, shop.http('pay.example'))).toEqual(first)
    expect(await visit(somebody, shop.http('example'))).toEqual(first)
  })

  test('with `path` it goes to that path alone', async () => {
    await using shop = await site({
      pluginConfig: {
        session: { cookie: { path: '/visit' } },
        rules: [{ name: 'page', match: { paths: ['/'] }, skip: true }],
      },
    })
    const somebody = await visitor()
    const first = await visit(somebody, shop.http('shop'))
    expect(first.cookie).toBe(
      `ISTIOID=${(await keptCookie(somebody, shop.http('shop', '/visit')))?.value ?? ''}`,
    )
    expect(await visit(somebody, shop.http('shop'))).toEqual(first)
    expect(shop.logged('/').map(({ cookie }) => cookie)).toEqual(['-', '-'])
    expect(shop.logged('/visit').map(({ cookie }) => cookie)).toEqual([first.cookie, first.cookie])
  })

  describe('with a ttl', () => {
    const TTL = 600
    // As it is a moment before it ends: whether it was set anew shows without waiting.
    const SOON = 30

    const expiryAfterVisit = async (cookie: object) => {
      await using shop = await site({ pluginConfig: { session: { cookie: { ttl: `${TTL}s`, ...cookie } } } })
      const somebody = await visitor()
      const url = shop.http('shop')
      const now = Math.floor(Date.now() / 1000)
      await somebody.addCookies([{ name: 'ISTIOID', value: 'kept', url, expires: now + SOON }])
      expect((await visit(somebody, url)).cookie).toBe('ISTIOID=kept')
      const { value, expires = 0 } = (await keptCookie(somebody, url)) ?? {}
      expect(value).toBe('kept')
      return expires - now
    }

    test('it ends then', async () => {
      await using shop = await site({ pluginConfig: { session: { cookie: { ttl: `${TTL}s` } } } })
      const somebody = await visitor()
      const url = shop.http('shop')
      const before = Math.floor(Date.now() / 1000)
      await visit(somebody, url)
      const after = Math.ceil(Date.now() / 1000)
      const { expires = 0 } = (await keptCookie(somebody, url)) ?? {}
      expect(expires).toBeGreaterThanOrEqual(before + TTL)
      expect(expires).toBeLessThanOrEqual(after + TTL)
    })

    test('it is left alone on later answers', async () => {
      expect(Math.round(await expiryAfterVisit({}))).toBe(SOON)
    })

    test('and `renew: always` it is replaced by one that lives as long again', async () => {
      expect(await expiryAfterVisit({ renew: 'always' })).toBeGreaterThanOrEqual(TTL)
    })
  })
})
