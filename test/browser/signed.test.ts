/** Signed sessions: the browser holds the token, the page's pod is shown the bare id. */
import { expect, test } from 'vitest'
import { forged, tokenFrom } from '../cookies/token.ts'
import { ENVIRONMENT, SIGNING } from '../filter/signing.ts'
import { inBrowser, keepScreenshot } from './in-browser.ts'
import { keptCookie, shownBy, visit } from './session.ts'
import { idOf } from '../session/token.ts'

const IDLE = 30 * 60
const HASHED = { hashSecret: { env: 'MOORING_HASH_SECRET' } }
const SIGNED = { signing: SIGNING }
const signed = (session: object = {}, configuration: object = {}) => ({
  pluginConfig: { session: { ...SIGNED, ...session }, ...configuration },
  env: ENVIRONMENT,
})

inBrowser(({ site, visitor }) => {
  test('the token is kept, returned and hidden from scripts; the pod gets the id alone', async () => {
    await using shop = await site(signed())
    const somebody = await visitor()
    const url = shop.https('shop')
    const page = await somebody.newPage()
    const before = Math.floor(Date.now() / 1000)
    await page.goto(url)
    const first = await shownBy(page)
    const after = Math.ceil(Date.now() / 1000)

    const kept = await keptCookie(somebody, url)
    const { value = '', expires = 0 } = kept ?? {}
    expect(kept).toEqual({
      name: 'ISTIOID',
      value: expect.stringMatching(/^1\.k2\./) as string,
      domain: 'shop.test',
      path: '/',
      expires: expect.any(Number) as number,
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
    })
    expect(expires).toBeGreaterThanOrEqual(before + IDLE)
    expect(expires).toBeLessThanOrEqual(after + IDLE)
    expect(first.cookie).toBe(`ISTIOID=${idOf(value)}`)
    expect(await page.evaluate('document.cookie')).toBe('')
    await keepScreenshot(page, 'demo-signed')

    await page.reload()
    expect(await shownBy(page)).toEqual(first)
    expect(await keptCookie(somebody, url)).toEqual(kept)
    expect(new Set(shop.logged('/visit').map(({ cookie }) => cookie))).toEqual(new Set([first.cookie]))
  })

  test('two tabs share it, an incognito window has one of its own', async () => {
    await using shop = await site(signed())
    const [somebody, incognito] = [await visitor(), await visitor()]
    const url = shop.https('shop')
    const tabs = [await somebody.newPage(), await somebody.newPage()] as const
    for (const tab of tabs) await tab.goto(url)
    const first = await shownBy(tabs[0])
    expect(await shownBy(tabs[1])).toEqual(first)
    const kept = await keptCookie(somebody, url)

    const hidden = await visit(incognito, url)
    expect(hidden.cookie).not.toBe(first.cookie)
    expect(hidden.cookie).toBe(`ISTIOID=${idOf((await keptCookie(incognito, url))?.value ?? '')}`)
    await tabs[1].reload()
    expect(await shownBy(tabs[1])).toEqual(first)
    expect(await keptCookie(somebody, url)).toEqual(kept)
  })

  test('it is replaced on renewal, once, and nobody moves', async () => {
    await using shop = await site(signed())
    const somebody = await visitor()
    const url = shop.https('shop')
    const token = tokenFrom(20 * 60, 'shop.test')
    // As the browser kept it: so long does it live without renewal.
    const ends = token.issued + IDLE
    await somebody.addCookies([{ name: 'ISTIOID', value: token.text, url, expires: ends, httpOnly: true }])
    const first = await visit(somebody, url)
    const renewed = await keptCookie(somebody, url)
    expect(first.cookie).toBe(`ISTIOID=${token.id}`)
    expect(renewed?.value).not.toBe(token.text)
    expect(idOf(renewed?.value ?? '')).toBe(token.id)
    expect(renewed?.expires).toBeGreaterThanOrEqual(ends + 20 * 60)
    expect(await somebody.cookies(url)).toEqual([renewed])

    expect(await visit(somebody, url)).toEqual(first)
    expect(await keptCookie(somebody, url)).toEqual(renewed)
  })

  test('tabs that open together with one that has expired agree on its successor', async () => {
    await using shop = await site(signed())
    const somebody = await visitor()
    const url = shop.https('shop')
    const token = tokenFrom(2 * 3600, 'shop.test')
    await somebody.addCookies([{ name: 'ISTIOID', value: token.text, url }])
    const shown = await Promise.all(Array.from({ length: 4 }, () => visit(somebody, url)))
    const { value = '' } = (await keptCookie(somebody, url)) ?? {}
    expect(idOf(value)).not.toBe(token.id)
    expect(new Set(shown.map(({ cookie }) => cookie))).toEqual(new Set([`ISTIOID=${idOf(value)}`]))
    expect(new Set(shown.map(({ pod }) => pod)).size).toBe(1)
  })

  test.each([
    ['of the host', {}, { domain: 'shop.example.test', path: '/' }],
    [
      'of a path and a domain',
      { path: '/visit', domain: 'example.test' },
      { domain: '.example.test', path: '/visit' },
    ],
  ])('an adopted cookie %s disappears, and its value decides the session', async (_, adopted, place) => {
    await using shop = await site(
      signed({ adopt: [{ cookie: 'OLDSESSION', delete: true, ...adopted }] }, { key: HASHED }),
    )
    const url = shop.https('shop.example', '/visit')
    const adoptedFrom = async (value: string) => {
      const somebody = await visitor()
      await somebody.addCookies([
        { name: 'OLDSESSION', value, secure: true, ...place },
        { name: 'theme', value: 'dark', url },
      ])
      const page = await somebody.newPage()
      await page.goto(url)
      await page.close()
      const kept = await somebody.cookies(url)
      expect(kept.map(({ name }) => name).sort()).toEqual(['ISTIOID', 'theme'])
      const id = idOf((await keptCookie(somebody, url))?.value ?? '')
      expect((await visit(somebody, shop.https('shop.example'))).cookie).toBe(`ISTIOID=${id}`)
      return id
    }
    const id = await adoptedFrom('legacy-value')
    expect(await adoptedFrom('legacy-value')).toBe(id)
    expect(await adoptedFrom('another')).not.toBe(id)
  })

  test('without `delete` it stays, and the session is the same on every visit', async () => {
    await using shop = await site(signed({ adopt: [{ cookie: 'OLDSESSION' }] }, { key: HASHED }))
    const somebody = await visitor()
    const url = shop.https('shop')
    await somebody.addCookies([{ name: 'OLDSESSION', value: 'legacy-value', url }])
    const first = await visit(somebody, url)
    expect(await visit(somebody, url)).toEqual(first)
    expect((await keptCookie(somebody, url, 'OLDSESSION'))?.value).toBe('legacy-value')
    await somebody.clearCookies({ name: 'ISTIOID' })
    expect(await visit(somebody, url)).toEqual(first)
  })

  test.each([
    ['', {}],
    [', that of a domain', { domain: 'example.test' }],
    [', `__Host-`', { name: '__Host-pod', secure: true }],
  ])('`onInvalid: reject` answers 403 to a forged cookie and takes it away%s', async (_, cookie) => {
    const { name = 'ISTIOID', domain } = cookie as { readonly name?: string; readonly domain?: string }
    // A browser that is refused the page asks for the site's icon, and would begin a session with that.
    const icon = { name: 'icon', match: { paths: ['/favicon.ico'] }, skip: true }
    await using shop = await site({
      ...signed({ cookie, onInvalid: 'reject' }, { rules: [icon] }),
      cookie: name,
    })
    const somebody = await visitor()
    const url = shop.https('shop.example')
    const place = { path: '/', domain: domain === undefined ? 'shop.example.test' : `.${domain}` }
    const value = forged(tokenFrom(60, 'shop.example.test', { ...SIGNED, cookie }))
    await somebody.addCookies([{ name, value, secure: true, ...place }])
    const page = await somebody.newPage()
    const refused = await page.goto(url)
    expect(refused?.status()).toBe(403)
    expect(await refused?.text()).toBe('This request was refused.\n')
    expect(await somebody.cookies(url)).toEqual([])
    expect(shop.logged('/')).toEqual([])
    await keepScreenshot(page, 'forged')

    await page.reload()
    const { value: next = '' } = (await keptCookie(somebody, url, name)) ?? {}
    expect((await shownBy(page)).cookie).toBe(`${name}=${idOf(next)}`)
  })
})
