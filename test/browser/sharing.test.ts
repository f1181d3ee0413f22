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

  test.each(['http', 'https'] as const)(
    'a WebSocket and an EventSource reach the pod of their page, over %s',
    async (scheme) => {
      await using shop = await site({
        pages: {
          '/live': ({ pod }) => `<!doctype html><title>${pod}</title><link rel="icon" href="data:,">
            <script>
              const first = (source) => new Promise((resolve, reject) => {
                Object.assign(source, { onmessage: ({ data }) => resolve(data), onerror: reject })
              })
              window.pods = Promise.all([
                first(new EventSource('/pod.events')),
                first(new WebSocket('/socket')),
                fetch('/pod').then((answer) => answer.text()),
              ])
            </script>`,
          '/pod.events': ({ pod }) => `data: ${pod}\n\n`,
          '/pod': ({ pod }) => pod,
        },
      })
      const page = await (await visitor()).newPage()
      await page.goto(shop[scheme]('shop', '/live'))
      const pod = await page.title()
      expect(await page.evaluate('window.pods')).toEqual([pod, pod, pod])
      const [cookie, ...others] = new Set(
        ['/live', '/pod.events', '/socket', '/pod']
          .flatMap((path) => shop.logged(path))
          .map((line) => line.cookie),
      )
      expect(cookie).toMatch(/^ISTIOID=/)
      expect(others).toEqual([])
    },
  )

  test('a session that starts with a WebSocket goes on', async () => {
    await using shop = await site({
      pluginConfig: { session: {}, rules: [{ name: 'start', match: { paths: ['/start'] }, skip: true }] },
      pages: { '/start': () => '<!doctype html><link rel="icon" href="data:,">' },
    })
    const somebody = await visitor()
    const page = await somebody.newPage()
    await page.goto(shop.https('shop', '/start'))
    expect(await keptCookie(somebody, shop.https('shop'))).toBeUndefined()
    const pod = await page.evaluate(
      `new Promise((resolve) => { new WebSocket('/socket').onmessage = ({ data }) => resolve(data) })`,
    )
    const { value = '' } = (await keptCookie(somebody, shop.https('shop'))) ?? {}
    expect(shop.logged('/socket')).toEqual([
      { pod, method: 'GET', path: '/socket', cookie: `ISTIOID=${value}` },
    ])
    expect(await visit(somebody, shop.https('shop'))).toEqual({ pod, cookie: `ISTIOID=${value}` })
  })
})
