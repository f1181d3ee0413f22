/** `key.bind: session`, on a page that does all that pages do, while its visitor logs in and out. */
import { expect, test } from 'vitest'
import { ENVIRONMENT, SIGNING } from '../filter/signing.ts'
import { inBrowser } from './in-browser.ts'
import { keptCookie } from './session.ts'
import type { Page } from './site.ts'
import { idOf } from '../session/token.ts'

// That each of them has the pod of the session by chance happens once in 3^20 runs.
const USERS = Array.from({ length: 20 }, (_, index) => `user-${index}`)
const PATHS = ['/app', '/dot.svg', '/pod', '/pod.events', '/socket']

const PAGES: Readonly<Record<string, Page>> = {
  '/app': () => `<!doctype html><title>app</title><link rel="icon" href="data:,">
    <script>
      const first = (source) => new Promise((resolve, reject) => {
        const done = ({ data }) => { source.close(); resolve(data) }
        Object.assign(source, { onmessage: done, onerror: reject })
      })
      const picture = () => new Promise((resolve, reject) => {
        Object.assign(new Image(), { onload: () => resolve('seen'), onerror: reject, src: '/dot.svg?' + pictures++ })
      })
      let pictures = 0
      window.logIn = (user) => { document.cookie = 'user=' + user + '; path=/' }
      window.logOut = () => { document.cookie = 'user=; path=/; max-age=0' }
      window.load = async () => await Promise.all([
        first(new EventSource('/pod.events')),
        first(new WebSocket('/socket')),
        fetch('/pod').then((answer) => answer.text()),
        picture(),
      ])
    </script>`,
  '/dot.svg': () => '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>',
  '/pod.events': ({ pod }) => `data: ${pod}\n\n`,
  '/pod': ({ pod }) => pod,
}

inBrowser(({ site, visitor }) => {
  /** Opens the page, loads all it has as a guest, then as each of the users, then as a guest again. */
  const visitAsEach = async (bind: string) => {
    await using shop = await site({
      pluginConfig: {
        session: { signing: SIGNING },
        key: { bind, from: [{ cookie: 'user' }, 'session'], hashSecret: { env: 'MOORING_HASH_SECRET' } },
      },
      env: ENVIRONMENT,
      pages: PAGES,
    })
    const somebody = await visitor()
    const page = await somebody.newPage()
    await page.goto(shop.https('shop', '/app'))
    const kept = await keptCookie(somebody, shop.https('shop'))
    const load = async () => {
      const [events, socket, fetched, picture] = await page.evaluate<string[]>('window.load()')
      expect(picture).toBe('seen')
      expect([socket, fetched]).toEqual([events, events])
      return events ?? ''
    }
    const guest = await load()
    const users: string[] = []
    for (const user of USERS) {
      await page.evaluate(`window.logIn('${user}')`)
      users.push(await load())
    }
    await page.evaluate('window.logOut()')
    const guestAgain = await load()
    expect(await keptCookie(somebody, shop.https('shop'))).toEqual(kept)
    const lines = PATHS.flatMap((path) => shop.logged(path))
    expect(lines).toHaveLength(1 + 4 * (USERS.length + 2))
    return {
      token: kept?.value ?? '',
      guest,
      users: new Set(users),
      guestAgain,
      ids: new Set(lines.map(({ cookie }) => /ISTIOID=([^;]*)/.exec(cookie)?.[1])),
      pods: new Set(lines.map(({ pod }) => pod)),
    }
  }

  test('pictures, fetches, EventSources and WebSockets stay on one pod through login and logout', async () => {
    const { token, guest, guestAgain, ...seen } = await visitAsEach('session')
    expect(seen).toEqual({
      users: new Set([guest]),
      ids: new Set([idOf(token)]),
      pods: new Set([guest]),
    })
    expect(guestAgain).toBe(guest)
    expect(token.split('.')).toHaveLength(6)
  })

  test('with `bind: none` the session stays, and the pod changes with the user', async () => {
    const { token, guest, guestAgain, users, ids } = await visitAsEach('none')
    expect(users.size).toBeGreaterThan(1)
    expect(guestAgain).toBe(guest)
    expect(ids).toEqual(new Set([idOf(token)]))
    expect(token.split('.')).toHaveLength(5)
  })
})
