/**
 * How many sessions move when replicas come and go, in real Envoys that get them from Istio. docs/mesh.md shows the
 * shares.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Client, oneConnection } from '../../demo/client.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { TestMesh } from './control-plane.ts'
import { withGoTools } from './go-tools.ts'

const SESSIONS = 1_500
/** So many meet every replica of six, on any ring of the sizes here. */
const FEW_SESSIONS = 150
// Istio ends its clusters' names in statistics with a semicolon.
const MEMBERSHIP = 'cluster.outbound|8080||test2-bwce-srv.shop.svc.cluster.local;.membership_total'
/** How many move depends on the replicas' ports, which are others in each run: on a ring of 1,024 by 6 points either way. */
const TOLERANCE = 8

type Placement = ReadonlyMap<string, string>

async function place(mesh: TestMesh, sessions = SESSIONS): Promise<Placement> {
  const agents = Array.from({ length: 8 }, () => oneConnection())
  const placed = await Promise.all(
    agents.map(async (agent, lane) => {
      const own: [string, string][] = []
      for (let session = lane; session < sessions; session += agents.length) {
        const client = new Client({ name: 'client', port: mesh.port, agent })
        const { status, echo } = await client.get({ cookie: `ISTIOID=session-${session}` })
        expect(status).toBe(200)
        own.push([`session-${session}`, echo?.pod ?? ''])
      }
      agent.destroy()
      return own
    }),
  )
  return new Map(placed.flat())
}

const podsOf = (placement: Placement) => [...new Set(placement.values())].sort()

/** Waits until Envoy balances over these replicas, and says where every session is then. */
async function settle(mesh: TestMesh, names: readonly string[]): Promise<Placement> {
  await expect
    .poll(async () => (await mesh.envoy.stats('membership_total')).get(MEMBERSHIP), { timeout: 20_000 })
    .toBe(names.length)
  await expect
    .poll(async () => podsOf(await place(mesh, FEW_SESSIONS)), { timeout: 60_000 })
    .toEqual([...names].sort())
  return await place(mesh)
}

/** The share of sessions that are elsewhere now, in percent. */
function moved(before: Placement, after: Placement): number {
  const elsewhere = [...before].filter(([session, pod]) => after.get(session) !== pod)
  return (100 * elsewhere.length) / before.size
}

/** The rows of the table in docs/mesh.md: what changes, the least that has to move, then each balancer's share. */
function documented(change: string): readonly number[] {
  const page = readFileSync('docs/mesh.md', 'utf8')
  const row = page.split('\n').find((line) => line.startsWith(`| ${change} |`)) ?? ''
  return [...row.matchAll(/(\d+) %/g)].map(([, share]) => Number(share))
}

withGoTools(['istio'], ({ istio }) => {
  inEnvoy(({ binary }) => {
    describe.each([
      ['hash-header', 1],
      ['ring-hash', 2],
      ['maglev', 3],
    ])('%s', (set, column) => {
      test('sessions move as docs/mesh.md says, and no request fails', async () => {
        await using mesh = await TestMesh.start({ binary, istio, set, replicas: 3 })
        const three = [...mesh.replicas.keys()]
        const start = await settle(mesh, three)

        const added = await mesh.add()
        const grown = await settle(mesh, [...three, added])
        const onGrowth = moved(start, grown)

        await mesh.remove(added)
        const shrunk = await settle(mesh, three)
        const onLoss = moved(grown, shrunk)
        // The ring depends on who is there, not on who was: everybody is back.
        expect(moved(start, shrunk)).toBe(0)

        const replaced = [await mesh.add(), await mesh.add(), await mesh.add()]
        await settle(mesh, [...three, ...replaced])
        for (const name of three) await mesh.remove(name)
        const onReplacement = moved(start, await settle(mesh, replaced))

        process.stderr.write(
          `${set}: ${onGrowth.toFixed(1)} % moved from 3 to 4 replicas, ${onLoss.toFixed(1)} % back\n`,
        )
        for (const [change, share] of [
          ['3 to 4 replicas', onGrowth],
          ['4 to 3 replicas', onLoss],
          ['all 3 replaced', onReplacement],
        ] as const) {
          const [least = Number.NaN] = documented(change)
          const expected = documented(change)[column] ?? Number.NaN
          expect(share, change).toBeGreaterThan(least - TOLERANCE)
          expect(Math.abs(share - expected), `${change}: ${share} %`).toBeLessThanOrEqual(TOLERANCE)
        }
      })
    })
  })
})
