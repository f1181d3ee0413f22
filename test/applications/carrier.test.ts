/** What a client holds of the application's session, from the first answer to the last, and who else shares its connection. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { Connections, Customer } from './customer.ts'
import { EXPRESS_SHOP } from './express-shop.ts'
import { Gateway } from './gateway.ts'
import { Pods } from './pod.ts'
import { wrapping } from './plugin.ts'
import { withServlet } from './servlet-shop.ts'
import type { Shop } from './shop.ts'

const SITE = 'http://test.com/'

inEnvoy(({ binary }) => {
  const carriers = (shop: Shop) => {
    describe(shop.name, () => {
      let pods: Pods
      let gateway: Gateway
      beforeAll(async () => {
        pods = await Pods.start(shop.startPod)
        gateway = await Gateway.start({ binary, pods: pods.running, pluginConfig: wrapping(shop.cookie) })
      })
      afterAll(async () => {
        await gateway[Symbol.asyncDispose]()
        await pods[Symbol.asyncDispose]()
      })

      test('a new id keeps K', async () => {
        using agent = new Connections()
        const ann = new Customer('ann', gateway.port, agent)
        await ann.fillBasket()
        const first = await ann.kept(shop.cookie)
        await ann.login()
        const second = await ann.kept(shop.cookie)
        expect(first?.value).not.toBe(second?.value)
        expect(first?.k).toEqual(second?.k)
        expect(second?.kid).toBe('k2')
      })

      test('of two first requests at once either cookie may win: its id and its K belong together', async () => {
        using agent = new Connections()
        const pairs = await Promise.all(
          Array.from({ length: 20 }, async () => {
            const tabs = [0, 1].map(() => new Customer('ann', gateway.port, agent)) as [Customer, Customer]
            return await Promise.all(tabs.map((tab) => tab.fillBasket()))
          }),
        )
        // Some pairs began on two pods.
        expect(pairs.filter(([one, other]) => one?.pod !== other?.pod).length).toBeGreaterThan(0)
        for (const pair of pairs) {
          for (const arrival of [pair, [...pair].reverse()]) {
            const ann = new Customer('ann', gateway.port, agent)
            for (const line of arrival.flatMap(({ setCookie }) => setCookie))
              await ann.jar.setCookie(line, SITE)
            const { pod, body } = await ann.fillBasket()
            expect(pod).toBe(arrival[1]?.pod)
            expect(body).toBe('basket 2')
          }
        }
      })

      test('everybody over one connection: nobody gets the session of somebody else', async () => {
        using agent = new Connections(1)
        const customers = Array.from({ length: 30 }, (_, i) => new Customer(`user${i}`, gateway.port, agent))
        await Promise.all(customers.map((customer) => customer.login()))
        const acts = await Promise.all(customers.map((customer) => customer.act()))
        expect(acts.map(({ body }) => body)).toEqual(customers.map(({ name }) => `${name} 1`))
        expect(new Set(acts.map(({ pod }) => pod)).size).toBeGreaterThan(1)
        const keys = await Promise.all(customers.map((customer) => customer.kept(shop.cookie)))
        expect(new Set(keys.map((kept) => kept?.k.toString())).size).toBe(30)
      })

      test('signing out and in on one connection: each session is known wherever it comes', async () => {
        using agent = new Connections(1)
        const ann = new Customer('ann', gateway.port, agent)
        for (let visit = 0; visit < 10; visit++) {
          expect((await ann.login()).status).toBe(302)
          expect((await ann.act()).body).toBe('ann 1')
          expect((await ann.logout()).body).toBe('bye')
          expect((await ann.act()).status).toBe(401)
        }
      })
    })
  }
  carriers(EXPRESS_SHOP)
  withServlet(carriers)

  test('express-session: an answer changes by the suffix and nothing else, and signing out ends K', async () => {
    await using pods = await Pods.start(EXPRESS_SHOP.startPod)
    const { cookie } = EXPRESS_SHOP
    await using gateway = await Gateway.start({ binary, pods: pods.running, pluginConfig: wrapping(cookie) })
    using agent = new Connections(1)
    const ann = new Customer('ann', gateway.port, agent)
    const [theme, line] = (await ann.login()).setCookie
    expect(theme).toBe('theme=dark; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT')
    expect(line).toMatch(/^connect\.sid=s%3A[\w%.+-]+~1\.k2\.[\w-]{22}\.[\w-]{22}; Path=\/; HttpOnly$/)
    const first = await ann.kept(cookie)
    expect((await ann.logout()).setCookie[1]).toBe(
      'connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    )
    expect(await ann.kept(cookie)).toBeUndefined()
    await ann.login()
    expect((await ann.kept(cookie))?.k).not.toEqual(first?.k)
  })
})
