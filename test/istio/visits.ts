/** Clients of a set that runs, and what tells that each stays on its pod. */
import type { Agent } from 'node:http'
import { expect } from 'vitest'
import { Client, oneConnection, type Exchange } from '../../demo/client.ts'
import type { RunningSet } from './golden.ts'

export const CLIENTS = 16
const REQUESTS = 4
/** The first cookie of a session without timeouts, by http. */
export const UNSIGNED = /^ISTIOID=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Lax$/
/** The first cookie of options/signing, by http. */
export const SIGNED =
  /^ISTIOID=1\.k1\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/
/** The host that calls within the mesh name. */
export const SERVICE = 'test2-bwce-srv.shop.svc.cluster.local:8080'

export interface Visit {
  /** @param request of this client, from 0 */
  readonly path?: (client: number, request: number) => string
  readonly headers?: (client: number, request: number) => Readonly<Record<string, string>>
  readonly from?: (client: number) => string
  /** Connections in place of one for each client; they end with Envoy. */
  readonly agent?: () => Agent
  readonly host?: string
}

/** What each of some clients saw, by client. Each has a cookie jar of its own. */
export async function visit(
  set: Pick<RunningSet, 'port'>,
  { path, headers, from, agent: connect, host }: Visit = {},
) {
  return await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      const agent = connect?.() ?? oneConnection(from?.(index))
      const client = new Client({
        name: `client ${index}`,
        port: set.port,
        agent,
        ...(host === undefined ? {} : { host }),
      })
      const exchanges: Exchange[] = []
      for (let request = 0; request < REQUESTS; request += 1) {
        exchanges.push(await client.get(headers?.(index, request), path?.(index, request)))
      }
      if (connect === undefined) agent.destroy()
      return exchanges
    }),
  )
}

export type Visits = readonly (readonly Exchange[])[]

export const podsOf = (exchanges: readonly Exchange[]) => new Set(exchanges.map(({ echo }) => echo?.pod))

/** Each client stays on one pod, and together they use several. */
export function expectSticky(visits: Visits): void {
  expect(visits.flat().map(({ status }) => status)).toEqual(visits.flat().map(() => 200))
  expect(visits.map((exchanges) => podsOf(exchanges).size)).toEqual(visits.map(() => 1))
  expect(podsOf(visits.flat()).size).toBeGreaterThan(1)
}

/** Some client meets several pods. */
export function expectScattered(visits: Visits): void {
  expect(visits.flat().map(({ status }) => status)).toEqual(visits.flat().map(() => 200))
  expect(Math.max(...visits.map((exchanges) => podsOf(exchanges).size))).toBeGreaterThan(1)
}

/** One cookie for each client, with its first answer. */
export function expectMinted(visits: Visits, minted: RegExp = UNSIGNED): void {
  for (const [first, ...rest] of visits) {
    expect(first?.setCookie).toEqual([expect.stringMatching(minted)])
    expect(rest.flatMap(({ setCookie }) => setCookie)).toEqual([])
  }
}

export const setCookies = (visits: Visits) => visits.flat().flatMap(({ setCookie }) => setCookie)
