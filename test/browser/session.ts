import type { BrowserContext, Cookie, Frame, Page } from 'playwright-core'

/** The cookie as the browser keeps it for a URL; undefined for none. */
export async function keptCookie(
  visitor: BrowserContext,
  url: string,
  name = 'ISTIOID',
): Promise<Cookie | undefined> {
  return (await visitor.cookies(url)).find((cookie) => cookie.name === name)
}

/** What the demo's page says once a pod has answered it: the pod, and the cookie as it arrived there. */
export interface Shown {
  readonly pod: string
  readonly cookie: string
}

/** Reads the demo's page, in a tab or in a frame. */
export async function shownBy(page: Page | Frame): Promise<Shown> {
  const text = async (id: string) => await page.locator(`#${id}:not(:text-is("..."))`).innerText()
  return { pod: await text('pod'), cookie: await text('cookie') }
}

/** Opens the demo's page in a new tab and reads it. */
export async function visit(visitor: BrowserContext, url: string): Promise<Shown> {
  const page = await visitor.newPage()
  await page.goto(url)
  const shown = await shownBy(page)
  await page.close()
  return shown
}
