/** The application inside other sites' pages. */
import type { Frame, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { ENVIRONMENT, SIGNING } from '../filter/signing.ts'
import { inBrowser } from './in-browser.ts'
import { keptCookie, shownBy, visit, type Shown } from './session.ts'
import type { Site } from './site.ts'
import { idOf } from '../session/token.ts'

const NAME = '__Host-pod'
const COOKIE = { name: NAME, secure: true, sameSite: 'None', partitioned: true }
const UNSIGNED = { pluginConfig: { session: { cookie: COOKIE } }, cookie: NAME }
const SIGNED = {
  pluginConfig: { session: { cookie: COOKIE, signing: SIGNING } },
  env: ENVIRONMENT,
  cookie: NAME,
}

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
  describe.each([
    ['', UNSIGNED, (value: string) => value],
    [', signed', SIGNED, idOf],
  ])('Partitioned%s', (_, options, idOf) => {
    test('with `__Host-` is kept over https', async () => {
      await using shop = await site(options)
      const somebody = await visitor()
      const url = shop.https('shop')
      const first = await visit(somebody, url)
      const kept = await keptCookie(somebody, url, NAME)
      expect(kept).toMatchObject({
        domain: 'shop.test',
        path: '/',
        secure: true,
        httpOnly: true,
        sameSite: 'None',
        partitionKey: 'https://shop.test',
      })
      expect(first.cookie).toBe(`${NAME}=${idOf(kept?.value ?? '')}`)
      expect(await visit(somebody, url)).toEqual(first)
    })

    test("lives in another site's frame, a session for each site around it", async () => {
      await using shop: Site = await site({ ...options, pages: framing(() => shop) })
      const somebody = await visitor()
      const page = await somebody.newPage()
      const partner = shop.https('partner', '/around')
      const inPartner = await shownInside(page, partner)
      expect(inPartner.cookie).toMatch(/^__Host-pod=[A-Za-z0-9_-]{22}$/)
      expect(await shownInside(page, partner)).toEqual(inPartner)
      const kept = await keptCookie(somebody, shop.https('shop'), NAME)
      expect(kept?.partitionKey).toBe('https://partner.test')
      expect(inPartner.cookie).toBe(`${NAME}=${idOf(kept?.value ?? '')}`)

      const inRival = await shownInside(page, shop.https('rival', '/around'))
      const alone = await visit(somebody, shop.https('shop'))
      expect(new Set([inPartner.cookie, inRival.cookie, alone.cookie]).size).toBe(3)
      expect(await shownInside(page, partner)).toEqual(inPartner)
    })
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
