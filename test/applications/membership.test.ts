/**
 * Pods that come and go under users who have signed in: exactly those are asked to sign in again whose session has to be
 * on another pod by then, and they stay there.
 */
import { readFileSync } from 'node:fs'
import type { Agent } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { HashAlgorithm } from '../../demo/resources.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { Connections, Customer } from './customer.ts'
import { EXPRESS_SHOP } from './express-shop.ts'
import { Gateway } from './gateway.ts'
import { byHash, type Placement, whileItIsThere } from './placement.ts'
import { Pods, type Pod } from './pod.ts'
import { applying, wrapping } from './plugin.ts'
import { withServlet } from './servlet-shop.ts'
import type { Shop } from './shop.ts'

const PROVE = process.env['PROVE'] !== undefined
const USERS = PROVE ? 2_000 : 200
const TIMEOUT = PROVE ? 1_200_000 : 120_000

/** A way to keep sessions where they are. */
interface Persistence {
  readonly name: string
  readonly pluginConfig: (cookie: string) => object
  readonly algorithm: HashAlgorithm
  readonly placement: Placement
  /** How many more than have to may move when a pod goes, as a share of all: docs/mesh.md compares the balancers. */
  readonly surplus: number
  /** Whether a new pod has to take its share of the sessions that there are. */
  readonly shares: boolean
  readonly podHeader?: string
}

const RING = { ringHash: { minimumRingSize: 1024 } }
const POD_HEADER = 'x-session-pod'

const PERSISTENCES: readonly Persistence[] = [
  {
    name: 'a ring of 1,024',
    pluginConfig: wrapping,
    algorithm: { kind: 'ringHash', minimumRingSize: 1024 },
    placement: byHash(RING),
    surplus: 0.4,
    shares: true,
  },
  {
    name: 'Maglev',
    pluginConfig: wrapping,
    algorithm: { kind: 'maglev', tableSize: 65_537 },
    placement: byHash({ maglev: { tableSize: 65_537 } }),
    surplus: 0.06,
    shares: true,
  },
  {
    name: 'strong persistence',
    pluginConfig: (cookie) => applying(cookie, { persistence: { header: POD_HEADER } }),
    algorithm: { kind: 'ringHash', minimumRingSize: 1024 },
    placement: whileItIsThere(byHash(RING)),
    surplus: 0,
    shares: false,
    podHeader: POD_HEADER,
  },
]

/** A user who has signed in. */
interface Resident {
  readonly customer: Customer
  readonly pod: string
  readonly logins: number
}

async function residence(customer: Customer, logins: number): Promise<Resident> {
  expect((await customer.login()).status).toBe(302)
  const { status, pod } = await customer.act()
  expect(status).toBe(200)
  return { customer, pod, logins: logins + 1 }
}

/** Somebody acts; if he is not known there, he signs in again. */
async function stay(resident: Resident): Promise<Resident> {
  const { status } = await resident.customer.act()
  return status === 401 ? residence(resident.customer, resident.logins) : resident
}

/** Everybody who shops here, and where. */
class Town {
  residents: readonly Resident[] = []
  readonly #shop: Shop
  readonly #persistence: Persistence
  readonly #gateway: Gateway

  constructor(shop: Shop, persistence: Persistence, gateway: Gateway) {
    this.#shop = shop
    this.#persistence = persistence
    this.#gateway = gateway
  }

  async settle(agent: Agent, pods: readonly Pod[]): Promise<void> {
    const customers = Array.from(
      { length: USERS },
      (_, i) => new Customer(`user${i}`, this.#gateway.port, agent),
    )
    this.residents = await Promise.all(customers.map((customer) => residence(customer, 0)))
    expect(this.residents.map(({ pod }) => pod)).toEqual(await this.#places(pods))
  }

  /** Lets everybody act where these are the pods, and proves that just those had to sign in anew whose place is another. */
  async change(what: string, pods: readonly Pod[], leaving?: Pod): Promise<void> {
    const before = this.residents
    const expected = await this.#places(pods)
    await this.#gateway.balanceOver(pods)
    this.residents = await Promise.all(before.map(stay))
    expect(this.residents.map(({ pod }) => pod)).toEqual(expected)
    const moved = before.filter(({ pod }, i) => pod !== expected[i]).length
    expect(this.residents.filter(({ logins }, i) => logins !== before[i]?.logins)).toHaveLength(moved)
    const onLeaving = before.filter(({ pod }) => pod === leaving?.name).length
    if (leaving !== undefined)
      expect((moved - onLeaving) / USERS).toBeLessThanOrEqual(this.#persistence.surplus)
    const least = leaving !== undefined ? onLeaving : this.#persistence.shares ? USERS / pods.length : 0
    if (least === 0) expect(moved).toBe(0)
    this.#report(`${what}: ${percent(moved)} sign in again, ${percent(least)} have to`)
  }

  /** Proves that each resident signed in at least once since, as he had to, and says how often. */
  replaced(before: readonly Resident[]): void {
    const logins = this.residents.map((resident, i) => resident.logins - (before[i]?.logins ?? 0))
    expect(Math.min(...logins)).toBeGreaterThanOrEqual(1)
    const mean = logins.reduce((sum, count) => sum + count) / USERS
    expect(Math.abs(mean - documentedLogins(this.#persistence.name)), `${mean}`).toBeLessThanOrEqual(0.5)
    this.#report(`rolling restart: ${mean.toFixed(2)} logins for each user, 1 has to be`)
  }

  async #places(pods: readonly Pod[]): Promise<readonly (string | undefined)[]> {
    return await Promise.all(
      this.residents.map(async ({ customer, pod }) => {
        const kept = await customer.kept(this.#shop.cookie)
        expect(kept).toBeDefined()
        return this.#persistence.placement({ k: kept?.k ?? new Uint8Array(), pod }, pods)
      }),
    )
  }

  #report(line: string): void {
    process.stderr.write(`${this.#shop.name}, ${this.#persistence.name}, ${line}\n`)
  }
}

/** How often a user signs in during a rolling restart, as docs/application-recipes.md has it. */
function documentedLogins(balancer: string): number {
  const page = readFileSync('docs/application-recipes.md', 'utf8')
  return Number(
    page
      .split('\n')
      .find((line) => line.startsWith(`| ${balancer} |`))
      ?.split('|')[2],
  )
}

const percent = (count: number) => `${((100 * count) / USERS).toFixed(1)} %`

inEnvoy(({ binary }) => {
  const changes = (shop: Shop) => {
    test.each(PERSISTENCES)(
      `${shop.name}, $name: a fourth pod, one less, and all of them replaced`,
      { timeout: TIMEOUT },
      async (persistence) => {
        await using pods = await Pods.start(shop.startPod)
        const three = pods.running
        await using gateway = await Gateway.start({
          binary,
          pods: three,
          pluginConfig: persistence.pluginConfig(shop.cookie),
          algorithm: persistence.algorithm,
          ...(persistence.podHeader === undefined ? {} : { podHeader: persistence.podHeader }),
        })
        using agent = new Connections()
        const town = new Town(shop, persistence, gateway)
        await town.settle(agent, three)

        const add = async (what: string) => {
          const pod = await pods.add()
          await town.change(what, pods.running)
          return pod
        }
        // A pod is told to end when nobody is sent to it any more, as Kubernetes does.
        const remove = async (what: string, pod: Pod) => {
          const others = pods.running.filter((other) => other !== pod)
          await town.change(what, others, pod)
          await pods.stop(pod)
        }
        await remove('one less', await add('a fourth pod'))
        const before = town.residents
        for (const [i, old] of three.entries()) {
          await add(`rolling restart, new pod ${i + 1}`)
          await remove(`rolling restart, old pod ${i + 1}`, old)
        }
        town.replaced(before)
      },
    )
  }
  describe('sessions move as their placement says, and no others', () => {
    changes(EXPRESS_SHOP)
    // Processes that start take their time.
    if (PROVE) withServlet(changes)
  })
})
