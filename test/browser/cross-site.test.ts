/**
 * What other sites send here carries no SameSite=Lax cookie unless it is a link that somebody follows. A session that
 * began there would overwrite the one that the browser has.
 */
import { expect, test } from 'vitest'
import { ENVIRONMENT, SIGNING } from '../filter/signing.ts'
import { inBrowser } from './in-browser.ts'
import { keptCookie, shownBy, visit } from './session.ts'
import type { Page, Site } from './site.ts'
import { idOf } from '../session/token.ts'

/** A page of another site that sends its visitor here by a form or a link, and the pages that it asks for. */
const pages = (shop: () => Site): Readonly<Record<string, Page>> => ({
  '/pay': () => `<!doctype html><title>pay</title><link rel="icon" href="data:,">
    <form method="post" action="${shop().https('shop', '/paid')}"><button>Pay</button></form>
    <a href="${shop().https('shop')}">Back</a>
    <img src="${shop().https('shop', '/dot.svg')}">
    <script>
      window.noted = fetch('${shop().https('shop', '/beacon')}', { method: 'POST', mode: 'no-cors', credentials: 'include' })
        .then(() => 'noted')
    </script>`,
  '/paid': () => '<!doctype html><title>paid</title><link rel="icon" href="data:,">thank you',
  '/dot.svg': () => '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>',
  '/beacon': () => 'noted',
})

inBrowser(({ site, visitor }) => {
  const start = async (cookie: object = {}) => {
    const shop: Site = await site({
      pluginConfig: { session: { cookie, signing: SIGNING } },
      env: ENVIRONMENT,
      pages: pages(() => shop),
    })
    return shop
  }

  test('a form that is posted from there leaves the good cookie alone', async () => {
    await using shop = await start()
    const somebody = await visitor()
    const first = await visit(somebody, shop.https('shop'))
    const kept = await keptCookie(somebody, shop.https('shop'))
    expect(first.cookie).toBe(`ISTIOID=${idOf(kept?.value ?? '')}`)

    const page = await somebody.newPage()
    await page.goto(shop.https('partner', '/pay'))
    await page.click('button')
    await page.waitForURL('**/paid')
    expect(await page.innerText('body')).toBe('thank you')
    expect(shop.logged('/paid')).toMatchObject([{ method: 'POST', cookie: '-' }])
    expect(await keptCookie(somebody, shop.https('shop'))).toEqual(kept)
    expect(await visit(somebody, shop.https('shop'))).toEqual(first)
  })

  test.each([
    ['Lax', 'has it', true],
    ['Strict', 'is shown without it', false],
  ])('with SameSite=%s a link from there keeps it: who follows it %s', async (sameSite, _, isSent) => {
    await using shop = await start({ sameSite })
    const somebody = await visitor()
    const first = await visit(somebody, shop.https('shop'))
    const kept = await keptCookie(somebody, shop.https('shop'))

    const page = await somebody.newPage()
    await page.goto(shop.https('partner', '/pay'))
    await page.click('a')
    await page.waitForURL(shop.https('shop'))
    expect(await shownBy(page)).toEqual(first)
    const cookies = shop.logged('/').map(({ cookie }) => cookie)
    expect(cookies.sort()).toEqual([isSent ? first.cookie : '-', first.cookie].sort())
    expect(await keptCookie(somebody, shop.https('shop'))).toEqual(kept)
  })

  test('who comes by a link for the first time begins a session, who posts a form does not', async () => {
    await using shop = await start()
    const [follower, payer] = [await visitor(), await visitor()]
    const follow = await follower.newPage()
    await follow.goto(shop.https('partner', '/pay'))
    await follow.click('a')
    await follow.waitForURL(shop.https('shop'))
    const { cookie } = await shownBy(follow)
    const { value = '' } = (await keptCookie(follower, shop.https('shop'))) ?? {}
    expect(cookie).toBe(`ISTIOID=${idOf(value)}`)
    expect(shop.logged('/').map((line) => line.cookie)).toEqual([cookie])

    const pay = await payer.newPage()
    await pay.goto(shop.https('partner', '/pay'))
    await pay.click('button')
    await pay.waitForURL('**/paid')
    expect(await keptCookie(payer, shop.https('shop'))).toBeUndefined()
    expect((await visit(payer, shop.https('shop'))).cookie).toMatch(/^ISTIOID=/)
  })

  test('pictures and requests of scripts there begin none and end none', async () => {
    await using shop = await start()
    const somebody = await visitor()
    const first = await visit(somebody, shop.https('shop'))
    const kept = await keptCookie(somebody, shop.https('shop'))
    const page = await somebody.newPage()
    await page.goto(shop.https('partner', '/pay'))
    expect(await page.evaluate('window.noted')).toBe('noted')
    expect(shop.logged('/dot.svg')).toMatchObject([{ method: 'GET', cookie: '-' }])
    expect(shop.logged('/beacon')).toMatchObject([{ method: 'POST', cookie: '-' }])
    expect(await keptCookie(somebody, shop.https('shop'))).toEqual(kept)
    expect(await visit(somebody, shop.https('shop'))).toEqual(first)
  })
})
