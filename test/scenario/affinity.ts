import { beforeAll, describe, expect, test } from 'vitest'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import type { IngressKind } from '../../demo/ingress.ts'
import { runScenario, SCENARIOS, type Run } from '../../demo/scenario.ts'

const CLIENTS = 100
const REQUESTS = 20

/** What Mooring sets for the cookie of manifests/ingress-gateway/wasm-plugin.yaml over plain HTTP: 16 random bytes in base64url. */
const SET_COOKIE = /^ISTIOID=[A-Za-z0-9_-]{21}[AQgw]; Path=\/; HttpOnly; SameSite=Lax$/

/**
 * The promise of the seed scenario, for any gateway: a hundred clients behind one connection, twenty requests each,
 * cookies kept for each client. `scenarios` are ids of the demo's.
 */
export function promiseAffinity(kind: IngressKind, scenarios: readonly string[]): void {
  describe.each(scenarios)('with the DestinationRule of %s', (id) => {
    let run: Run

    beforeAll(async () => {
      const scenario = SCENARIOS.find((each) => each.id === id)
      if (scenario === undefined) throw new Error(`the demo has no scenario ${id}`)
      run = await runScenario(kind, scenario, { wasm: BUILT_FILTER, clients: CLIENTS, requests: REQUESTS })
    }, 120_000)

    test('2,000 requests come over one connection and a pod answers each', () => {
      const all = run.clients.flat()
      expect(all.length).toBe(CLIENTS * REQUESTS)
      expect(new Set(all.map(({ connection }) => connection)).size).toBe(1)
      expect(all.filter(({ status, echo }) => status !== 200 || echo === undefined)).toEqual([])
    })

    test('every request of a client, its first included, reaches one pod', () => {
      const pods = run.clients.map((exchanges) => new Set(exchanges.map(({ echo }) => echo?.pod)).size)
      expect(pods).toEqual(new Array<number>(CLIENTS).fill(1))
    })

    test('every pod has clients, and its own log agrees with what they saw', () => {
      const answered = run.clients.flat().map(({ echo }) => echo?.pod)
      for (const [pod, lines] of run.logs) {
        expect(lines.length).toBeGreaterThan(0)
        expect(lines.length).toBe(answered.filter((each) => each === pod).length)
      }
    })

    test('the first answer sets one cookie, and no later answer sets any: the gateway adds none of its own', () => {
      for (const [first, ...later] of run.clients) {
        expect(first?.setCookie).toEqual([expect.stringMatching(SET_COOKIE)])
        expect(later.flatMap(({ setCookie }) => setCookie)).toEqual([])
      }
    })

    test('no two clients share an id', () => {
      const ids = run.clients.flat().flatMap(({ setCookie }) => setCookie)
      expect(new Set(ids).size).toBe(CLIENTS)
    })

    test('the pod sees the cookie on the first request as on the last', () => {
      for (const exchanges of run.clients) {
        const cookies = exchanges.map(({ echo }) => echo?.headers.filter(([name]) => name === 'cookie'))
        const minted = exchanges[0]?.setCookie[0]?.split(';')[0]
        expect(cookies).toEqual(exchanges.map(() => [['cookie', minted]]))
      }
    })
  })
}
