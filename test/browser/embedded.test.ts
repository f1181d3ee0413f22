/** The application inside other sites' pages. */
import type { Frame, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { inBrowser } from './in-browser.ts'
import { keptCookie, shownBy, visit, type Shown } from './session.ts'
import type { Site } from './site.ts'

const NAME = '__Host-pod'
const EMBEDDED = { session: { cookie: { name: NAME, secure: true, sameSite: 'None', partitioned: true } } }

/** A page that shows the shop in a frame. */
const framing = (shop: () => Site) => ({
  '/around': () =>
    `<!doctype html><title>around</title><iframe src="${shop().https('shop')}" width="600" height="500"></iframe>`,
})

function frameOf(page: Page): Frame {
  const [frame] = page.mainFrame().childFrames()
  if (frame === undefined) throw new Error('the page has no frame')
  return frame
}

async function shownInside(page: Page, url: string): Promise<Shown> {
  await page.goto(url)
  return await shownBy(frameOf(page))
}

inBrowser(({ site, visitor }) => {
  test('`__Host-` with Partitioned is kept over https', async () => {
    await using shop = await site({ pluginConfig: EMBEDDED, cookie: NAME })
    const somebody = await visitor()
    const url = shop.https('shop')
    const first = await visit(somebody, url)
    expect(await keptCookie(somebody, url, NAME)).toMatchObject({
      value: first.cookie.slice(NAME.length + 1),
      domain: 'shop.test',
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'None',
      partitionKey: 'https://shop.test',
    })
    expect(await visit(somebody, url)).toEqual(first)
  })

  test("with Partitioned it lives in another site's frame, a session for each site around it", async () => {
    await using shop: Site = await site({
      pluginConfig: EMBEDDED,
      cookie: NAME,
      pages: framing(() => shop),
    })
    const somebody = await visitor()
    const page = await somebody.newPage()
    const partner = shop.https('partner', '/around')
    const inPartner = await shownInside(page, partner)
    expect(inPartner.cookie).toMatch(/^__Host-pod=[A-Za-z0-9_-]{22}$/)
    expect(await shownInside(page, partner)).toEqual(inPartner)
    expect(await keptCookie(somebody, shop.https('shop'), NAME)).toMatchObject({
      value: inPartner.cookie.slice(NAME.length + 1),
      partitionKey: 'https://partner.test',
    })

    const inRival = await shownInside(page, shop.https('rival', '/around'))
    const alone = await visit(somebody, shop.https('shop'))
    expect(new Set([inPartner.cookie, inRival.cookie, alone.cookie]).size).toBe(3)
    expect(await shownInside(page, partner)).toEqual(inPartner)
  })

  test("without it no cookie is kept in another site's frame: every answer starts a session", async () => {
    await using shop: Site = await site({ pages: framing(() => shop) })
    const somebody = await visitor()
    const page = await somebody.newPage()
    const partner = shop.https('partner', '/around')
    const first = await shownInside(page, partner)
    expect((await shownInside(page, partner)).cookie).not.toBe(first.cookie)
    expect(await keptCookie(somebody, shop.https('shop'))).toBeUndefined()
  })
})
