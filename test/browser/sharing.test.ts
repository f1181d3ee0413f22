import { expect, test } from 'vitest'
import { inBrowser } from './in-browser.ts'
import { keptCookie, shownBy, visit } from './session.ts'

inBrowser(({ site, visitor }) => {
  test('two tabs share a session', async () => {
    await using shop = await site()
    const somebody = await visitor()
    const tabs = [await somebody.newPage(), await somebody.newPage()] as const
    for (const tab of tabs) await tab.goto(shop.https('shop'))
    const shown = [await shownBy(tabs[0]), await shownBy(tabs[1])]
    expect(shown[1]).toEqual(shown[0])
    await tabs[0].reload()
    expect(await shownBy(tabs[0])).toEqual(shown[0])
  })

  test('an incognito window has one of its own, and leaves the other alone', async () => {
    await using shop = await site()
    const [somebody, incognito] = [await visitor(), await visitor()]
    const url = shop.https('shop')
    const first = await visit(somebody, url)
    const hidden = await visit(incognito, url)
    expect(hidden.cookie).not.toBe(first.cookie)
    expect(await visit(somebody, url)).toEqual(first)
    expect(await visit(incognito, url)).toEqual(hidden)
  })

  test('two sites behind one gateway have one each', async () => {
    await using shop = await site()
    const somebody = await visitor()
    const first = await visit(somebody, shop.https('shop'))
    const second = await visit(somebody, shop.https('other'))
    expect(second.cookie).not.toBe(first.cookie)
    expect(await visit(somebody, shop.https('shop'))).toEqual(first)
  })

  test('images, fetches and frames of one page reach one pod, in one session', async () => {
    const COUNT = 40
    const numbers = JSON.stringify(Array.from({ length: COUNT }, (_, index) => index))
    await using shop = await site({
      pages: {
        '/gallery': () => `<!doctype html><title>gallery</title><link rel="icon" href="data:,">
          <iframe src="/framed"></iframe>
          <script>
            const images = ${numbers}.map((number) => new Promise((resolve, reject) => {
              const image = document.createElement('img')
              Object.assign(image, { onload: resolve, onerror: reject, src: '/dot.svg?' + number })
              document.body.append(image)
            }))
            const fetches = ${numbers}.map((number) => fetch('/fetched?' + number))
            window.loaded = Promise.all([...images, ...fetches]).then(() => 'all')
          </script>`,
        '/dot.svg': () => '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>',
        '/fetched': () => 'fetched',
        '/framed': () => 'framed',
      },
    })
    for (const scheme of ['http', 'https'] as const) {
      const somebody = await visitor()
      const host = `shop-${scheme}`
      const page = await somebody.newPage()
      await page.goto(shop[scheme](host, '/gallery'))
      expect(await page.evaluate('window.loaded')).toBe('all')

      const { value = '' } = (await keptCookie(somebody, shop[scheme](host))) ?? {}
      const lines = ['/gallery', '/dot.svg', '/fetched', '/framed']
        .flatMap((path) => shop.logged(path))
        .filter(({ cookie }) => cookie === `ISTIOID=${value}`)
      expect(lines).toHaveLength(2 * COUNT + 2)
      expect(new Set(lines.map(({ pod }) => pod)).size).toBe(1)
    }
    expect(shop.logged('/dot.svg')).toHaveLength(2 * COUNT)
    expect(shop.logged('/fetched')).toHaveLength(2 * COUNT)
  })
})
