/**
 * Applications that keep their sessions in the memory of each pod, three pods each, before a real Envoy: their users fill a
 * basket, sign in, which changes the session's id, act and sign out. With `session.application` each stays with the pod that
 * knows him.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HashKey } from '../../demo/resources.ts'
import { DEFAULT_ENVOY_VERSION } from '../../tools/envoy.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { crowd, type Customer } from './customer.ts'
import { EXPRESS_SHOP } from './express-shop.ts'
import { Gateway } from './gateway.ts'
import { Pods } from './pod.ts'
import { applying } from './plugin.ts'
import { withServlet } from './servlet-shop.ts'
import type { Shop } from './shop.ts'

const PROVE = process.env['PROVE'] !== undefined
const TIMEOUT = PROVE ? 1_200_000 : 120_000
/** In the newest Envoy, and in the others: what differs between Envoys few see as well as many. */
const USERS = PROVE ? ([5_000, 5_000] as const) : ([500, 100] as const)
/** Of whom two thirds and more are asked again: with so many it is never just half of them. */
const USERS_WITHOUT = PROVE ? 5_000 : 200

interface Life {
  /** What each request was answered, in order. */
  readonly answers: readonly string[]
  /** Those that he met until he was out. */
  readonly pods: readonly string[]
  /** Whether somebody who had signed in was asked to do so again. */
  readonly askedAgain: boolean
  /** The cookies that he has once signed in, and in the end. */
  readonly cookies: readonly (readonly string[])[]
}

/** A customer's whole visit. */
async function live(customer: Customer): Promise<Life> {
  const begun = [await customer.fillBasket(), await customer.login(), await customer.act()]
  const within = await customer.cookies()
  const visit = [...begun, await customer.act(), await customer.logout(), await customer.act()]
  return {
    answers: visit.map(({ status, body }) => (status === 302 ? '302' : `${status} ${body}`)),
    pods: [...new Set(visit.slice(0, 5).map(({ pod }) => pod))],
    askedAgain: visit.slice(2, 4).some(({ status }) => status === 401),
    cookies: [within, await customer.cookies()],
  }
}

/** What everybody sees whose session is known wherever he comes. */
const WELL = (user: string) => [
  '200 basket 1',
  '302',
  `200 ${user} 2`,
  `200 ${user} 3`,
  '200 bye',
  '401 who are you?',
]

inEnvoy(({ binary, version }) => {
  const isNewest = version === DEFAULT_ENVOY_VERSION
  const [many, few] = USERS
  const users = isNewest ? many : few
  const lives = (shop: Shop) => {
    describe(shop.name, () => {
      let pods: Pods
      beforeAll(async () => {
        pods = await Pods.start(shop.startPod)
      })
      afterAll(() => pods[Symbol.asyncDispose]())

      test.each([
        ['wrap', users],
        ['follow', Math.min(users, few)],
      ])(
        '%s: %i users sign in, act and sign out, and nobody is asked to sign in twice',
        { timeout: TIMEOUT },
        async (strategy, count) => {
          await using gateway = await Gateway.start({
            binary,
            pods: pods.running,
            pluginConfig: applying(shop.cookie, { strategy }),
          })
          const visits = await crowd(count, gateway.port, live)
          expect(visits.map(({ answers }) => answers)).toEqual(visits.map((_, i) => WELL(`user${i}`)))
          // Each on one pod, and all pods have some.
          expect(visits.map(({ pods: seen }) => seen.length)).toEqual(visits.map(() => 1))
          expect(new Set(visits.flatMap(({ pods: seen }) => seen)).size).toBe(3)
          const has = (name: string) =>
            visits.map(({ cookies }) => cookies.map((names) => names.includes(name)))
          expect(has(shop.cookie).map(([within]) => within)).toEqual(visits.map(() => true))
          // Mooring's own cookie is there exactly where the application's is, or never.
          expect(has('ISTIOID')).toEqual(
            strategy === 'follow' ? has(shop.cookie) : visits.map(() => [false, false]),
          )
        },
      )

      // No filter, nothing to prove of an Envoy.
      if (!isNewest) return
      test.each<[string, HashKey]>([
        ['a hash of nothing', { kind: 'httpHeaderName', name: 'x-mooring-key' }],
        ["a hash of the application's cookie", { kind: 'httpCookie', name: shop.cookie }],
      ])('without the filter, with %s, most are', { timeout: TIMEOUT }, async (_, hash) => {
        await using gateway = await Gateway.start({ binary, pods: pods.running, hash })
        const visits = await crowd(USERS_WITHOUT, gateway.port, live)
        const asked = visits.filter(({ askedAgain }) => askedAgain).length
        expect(asked, `${asked} of ${USERS_WITHOUT}`).toBeGreaterThan(USERS_WITHOUT / 2)
      })
    })
  }
  lives(EXPRESS_SHOP)
  withServlet(lives)
})
