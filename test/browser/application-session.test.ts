/** The application's own session in a browser: people who sign in at a form. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXPRESS_SHOP } from '../applications/express-shop.ts'
import { Gateway } from '../applications/gateway.ts'
import { wrapping } from '../applications/plugin.ts'
import { Pods } from '../applications/pod.ts'
import { withServlet } from '../applications/servlet-shop.ts'
import type { Shop } from '../applications/shop.ts'
import { unwrap } from '../session/wrapped.ts'
import { inBrowser } from './in-browser.ts'
import { keptCookie } from './session.ts'
import { TEST_DOMAIN } from './site.ts'

const PROVE = process.env['PROVE'] !== undefined
const VISITORS = PROVE ? 20 : 4
const ROUNDS = PROVE ? 20 : 2

inBrowser(({ envoy, visitor }) => {
  const shops = (shop: Shop) => {
    describe(shop.name, () => {
      let pods: Pods
      let gateway: Gateway
      let url: string
      beforeAll(async () => {
        pods = await Pods.start(shop.startPod)
        gateway = await Gateway.start({
          binary: envoy,
          pods: pods.running,
          pluginConfig: wrapping(shop.cookie),
          hosts: [`*.${TEST_DOMAIN}`],
        })
        url = `http://shop.${TEST_DOMAIN}:${gateway.port}/`
      })
      afterAll(async () => {
        await gateway[Symbol.asyncDispose]()
        await pods[Symbol.asyncDispose]()
      })

      /** Fills the form in, and returns what the page says then, with the pod that said it. */
      async function signIn(tab: Page, user: string): Promise<{ text: string; pod: string | undefined }> {
        await tab.goto(url)
        await tab.fill('input[name=user]', user)
        const [answer] = await Promise.all([
          tab.waitForResponse((response) => response.url().endsWith('/act')),
          tab.click('button'),
        ])
        await tab.waitForLoadState()
        return { text: await tab.innerText('body'), pod: answer.headers()['x-pod'] }
      }

      const kept = async (somebody: BrowserContext) =>
        unwrap((await keptCookie(somebody, url, shop.cookie))?.value ?? '')

      test('who signs in is known on every later page, by one pod', async () => {
        await Promise.all(
          Array.from({ length: VISITORS }, async (_, i) => {
            const somebody = await visitor()
            const tab = await somebody.newPage()
            const { text, pod } = await signIn(tab, `user${i}`)
            expect(text).toBe(`user${i} 1`)
            for (const count of [2, 3, 4]) {
              const answer = await tab.reload()
              expect(await tab.innerText('body')).toBe(`user${i} ${count}`)
              expect(answer?.headers()['x-pod']).toBe(pod)
            }
            // A script of the page: many requests at once, all of them in the session.
            const statuses = await tab.evaluate(
              async () =>
                await Promise.all(Array.from({ length: 10 }, async () => (await fetch('/act')).status)),
            )
            expect(statuses).toEqual(Array(10).fill(200))
            await tab.reload()
            expect(await tab.innerText('body')).toBe(`user${i} 15`)
            expect((await keptCookie(somebody, url, shop.cookie))?.httpOnly).toBe(true)
          }),
        )
      })

      test('two tabs that sign in at once share the session that the browser kept', async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const somebody = await visitor()
          const tabs = [await somebody.newPage(), await somebody.newPage()] as const
          await Promise.all(tabs.map((tab) => signIn(tab, 'ann')))
          const counts = []
          for (const tab of [...tabs, ...tabs]) {
            await tab.goto(`${url}act`)
            counts.push(Number(/^ann (\d+)$/.exec(await tab.innerText('body'))?.[1]))
          }
          const [first = Number.NaN] = counts
          expect(counts).toEqual([first, first + 1, first + 2, first + 3])
        }
      })

      test('signing out ends the session, and the next one is known as well as the first', async () => {
        const somebody = await visitor()
        const tab = await somebody.newPage()
        const values = new Set<string | undefined>()
        for (const user of ['ann', 'bob', 'ann', 'cat']) {
          expect((await signIn(tab, user)).text).toBe(`${user} 1`)
          values.add((await kept(somebody))?.value)
          expect(
            await tab.evaluate(async () => await (await fetch('/logout', { method: 'POST' })).text()),
          ).toBe('bye')
          expect((await tab.goto(`${url}act`))?.status()).toBe(401)
        }
        expect(values.size).toBe(4)
        expect(values).not.toContain(undefined)
      })
    })
  }
  shops(EXPRESS_SHOP)
  // What a browser does it does before any framework; test/applications has Tomcat in every run.
  if (PROVE) withServlet(shops)
})
