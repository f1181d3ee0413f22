/** Every alert rings when its reason is there, and no other one does: by promtool, on what real proxies say. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TESTED_ENVOY_VERSIONS } from '../../tools/envoy.ts'
import { startGateway, type GatewayOptions, type TestGateway } from '../envoy/gateway.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { rawRequest } from '../envoy/raw-request.ts'
import { cookieOf, countersAt, signing, tokenAged } from '../envoy/signed.ts'
import { ENVIRONMENT, K1, K2, STRANGER } from '../session/keys.ts'
import { TestMesh } from './control-plane.ts'
import { withGoTools } from './go-tools.ts'
import { ISTIO_TAGS } from './istio-tags.ts'
import {
  ALERTS,
  checkRules,
  growing,
  inPod,
  readScrape,
  testAlerts,
  type Firing,
  type Scrape,
  type Series,
} from './promtool.ts'
import { refusedPlugin } from './refused-plugin.ts'

const [NEWEST] = TESTED_ENVOY_VERSIONS
const POD = { namespace: 'istio-system', pod: 'gateway-1' }
const INSTANCE = { namespace: 'istio-system', wasm_filter: 'default' }

/**
 * What Istio's own statistics filter counts in a gateway, by hand: `istio.stats` is compiled into Istio's Envoy alone
 * (stats.PluginConfig), and neither of the official builds that run here has it, or would take a configuration with it.
 */
const TRAFFIC: Series = { [inPod('istio_requests_total{reporter="source"}')]: '0+20x120' }

/** What an alert says where it fires. */
function firing(alert: string, labels: Readonly<Record<string, string>>, summary: string) {
  const found: Firing = {
    labels: { severity: 'warning', ...labels },
    annotations: { summary, runbook: `docs/runbooks/${alert}.md` },
  }
  return { [alert]: [found] }
}

const scrape = async ({ envoy }: Pick<TestGateway, 'envoy'>): Promise<Scrape> =>
  readScrape(await envoy.admin('/stats/prometheus?filter=mooring_'))

/** What is scraped of a gateway before and after these requests. */
async function scraped(
  options: GatewayOptions,
  requests: readonly (readonly string[])[],
): Promise<readonly [before: Scrape, after: Scrape]> {
  await using gateway = await startGateway({ statsTags: ISTIO_TAGS, ...options })
  const before = await scrape(gateway)
  for (const headers of requests) await rawRequest(gateway.port, headers)
  await countersAt(gateway.envoy, requests.length)
  return [before, await scrape(gateway)]
}

const times = (count: number, headers: readonly string[] = []) => Array.from({ length: count }, () => headers)

const SIGNED = { pluginConfig: { session: { signing: signing(K2, K1) } }, env: ENVIRONMENT }

describe('the rules', () => {
  test('each says where its page is, and the page has what somebody woken by it needs', () => {
    expect(ALERTS.length).toBe(10)
    for (const { alert, annotations } of ALERTS) {
      expect(annotations['runbook']).toBe(`docs/runbooks/${alert}.md`)
      const page = readFileSync(`docs/runbooks/${alert}.md`, 'utf8')
      expect([...page.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title)).toEqual([
        alert,
        'What users notice',
        'How to confirm',
        'Why',
        'What to do',
      ])
    }
  })
})

withGoTools(['promtool'], ({ promtool }) => {
  test('promtool finds nothing to complain about in the rules', () => {
    expect(checkRules(promtool)).toMatchObject({ status: 0, stderr: '' })
  })

  inEnvoy(({ binary, version }) => {
    /** Exactly these fire after 40 minutes in which a gateway goes on as between the two scrapes. */
    async function expectFiring(
      options: Omit<GatewayOptions, 'binary'>,
      requests: readonly (readonly string[])[],
      expected: Readonly<Record<string, readonly Firing[]>>,
    ): Promise<void> {
      const [before, after] = await scraped({ binary, ...options }, requests)
      const series = { ...growing(before, after), ...TRAFFIC }
      expect(testAlerts(promtool, { series, minute: 40, firing: expected })).toBe('')
    }

    describe('what wakes somebody', () => {
      test('nothing, while sessions are signed, renewed and known', async () => {
        await expectFiring(SIGNED, [...times(10), ...times(10, cookieOf(tokenAged()))], {})
      })

      test('nothing, where a fifth of the requests has no key', async () => {
        await expectFiring(
          { pluginConfig: { key: { from: [{ header: 'x-user' }] } } },
          [...times(2), ...times(8, ['x-user', 'somebody'])],
          {},
        )
      })

      test('a third of the requests without a key, those that a rule skips not counted', async () => {
        const skip = [{ name: 'static', match: { headers: [{ name: 'x-static', exact: '1' }] }, skip: true }]
        await expectFiring(
          { pluginConfig: { key: { from: [{ header: 'x-user' }] }, rules: skip } },
          [...times(3), ...times(6, ['x-user', 'somebody']), ...times(11, ['x-static', '1'])],
          firing('MooringWithoutKey', INSTANCE, '33.33% of the requests in istio-system have no key'),
        )
      })

      test('a bad configuration under passThrough', async () => {
        await expectFiring(
          { pluginConfig: { session: { coookie: {} } }, env: { MOORING_ON_BAD_CONFIG: 'passThrough' } },
          times(5),
          firing(
            'MooringPassesThrough',
            POD,
            'istio-system/gateway-1 has a bad configuration and lets every request pass without affinity',
          ),
        )
      })

      test('forged sessions', async () => {
        const forged = cookieOf(tokenAged().replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')))
        await expectFiring(
          SIGNED,
          [...times(16), ...times(4, forged)],
          firing('MooringForged', INSTANCE, '20% of the requests in istio-system bring a forged session'),
        )
      })

      test('sessions that a key signed which is not in the list', async () => {
        await expectFiring(
          SIGNED,
          [...times(18), ...times(2, cookieOf(tokenAged({ key: STRANGER })))],
          firing(
            'MooringUnknownKey',
            INSTANCE,
            '10% of the requests in istio-system bring a session signed by a key that is not in the list',
          ),
        )
      })

      test('a key whose secret the pod lacks', async () => {
        const { MOORING_SIGNING_2: first = '' } = ENVIRONMENT
        await expectFiring(
          { ...SIGNED, env: { MOORING_SIGNING_2: first } },
          times(5),
          firing(
            'MooringSigningKeyMissing',
            { ...POD, wasm_filter: 'default' },
            'istio-system/gateway-1 lacks the secrets of 1 signing keys',
          ),
        )
      })

      test('cookies that the proxy does not show', async () => {
        const large = times(2, ['cookie', `a=${'x'.repeat(1_100_000)}`])
        await expectFiring(
          { ...SIGNED, connectionManager: { max_request_headers_kb: 2_048 } },
          [...times(18), ...large],
          firing(
            'MooringImpaired',
            INSTANCE,
            'In istio-system Mooring cannot do its work for 10% of the requests',
          ),
        )
      })

      test('a filter that no longer sees the requests, until an hour after', async () => {
        const [before, after] = await scraped({ binary, ...SIGNED }, times(10))
        const series = { ...growing(before, after, 20), ...TRAFFIC }
        const alarm = firing(
          'MooringStopped',
          POD,
          'istio-system/gateway-1 handles requests, and Mooring no longer sees them',
        )
        expect(testAlerts(promtool, { series, minute: 20, firing: {} })).toBe('')
        expect(testAlerts(promtool, { series, minute: 30, firing: alarm })).toBe('')
        expect(testAlerts(promtool, { series, minute: 100, firing: {} })).toBe('')
      })
    })

    // Istio's own counters do not depend on the Envoy.
    if (version !== NEWEST) return
    withGoTools(['istio'], ({ istio }) => {
      describe("what wakes somebody, by Istio's own metrics", () => {
        /** Counters as they are born: not there for ten minutes, then with the value that was scraped. */
        const born = (metrics: Scrape, name: string, target: (series: string) => string): Series => {
          const found = [...metrics].filter(([series]) => series.startsWith(`${name}{`))
          expect(found.length).toBeGreaterThan(0)
          return Object.fromEntries(found.map(([series, value]) => [target(series), `_x10 ${value}+0x100`]))
        }
        const CONVERSIONS = 'istio_agent_wasm_config_conversion_count'

        test('a module that could not be fetched, until Mooring is there', async () => {
          await using mesh = await TestMesh.start({ binary, istio, set: 'hash-header', module: '' })
          const series = {
            ...born(readScrape(await mesh.plane.metrics()), CONVERSIONS, inPod),
            ...TRAFFIC,
          }
          const alarm = firing(
            'MooringNotFetched',
            POD,
            'istio-system/gateway-1 could not fetch a Wasm module, and handles requests without it',
          )
          expect(testAlerts(promtool, { series, minute: 9, firing: {} })).toBe('')
          expect(testAlerts(promtool, { series, minute: 15, firing: alarm })).toBe('')
          expect(testAlerts(promtool, { series, minute: 90, firing: alarm })).toBe('')
          const cured = { ...series, [inPod('mooring_requests{wasm_filter="default"}')]: '_x29 0+20x100' }
          expect(testAlerts(promtool, { series: cured, minute: 28, firing: alarm })).toBe('')
          expect(testAlerts(promtool, { series: cured, minute: 40, firing: {} })).toBe('')
          // Where nobody asks for anything nobody is woken.
          const quiet = { ...series, [inPod('istio_requests_total{reporter="source"}')]: '7+0x120' }
          expect(testAlerts(promtool, { series: quiet, minute: 40, firing: {} })).toBe('')

          // What cannot be provoked here: a resource that the agent cannot read. Its counter is the same, its result another.
          const unread = Object.fromEntries(
            Object.entries(series).map(([name, values]) => [
              name.replace('fetch_failure', 'unmarshal_failure'),
              values,
            ]),
          )
          expect(
            testAlerts(promtool, {
              series: unread,
              minute: 15,
              firing: firing(
                'MooringNotLoaded',
                POD,
                'istio-system/gateway-1 runs a substitute in place of a Wasm filter',
              ),
            }),
          ).toBe('')
        })

        test('nothing, where the module was fetched', async () => {
          await using mesh = await TestMesh.start({ binary, istio, set: 'hash-header' })
          const series = {
            ...born(readScrape(await mesh.plane.metrics()), CONVERSIONS, inPod),
            ...TRAFFIC,
          }
          expect(testAlerts(promtool, { series, minute: 15, firing: {} })).toBe('')
        })

        test('a configuration that a proxy refused, the first one and a later one, for ten minutes', async () => {
          await using mesh = await TestMesh.start({ binary, istio, set: 'reject-bad-configuration' })
          await mesh.plane.apply(refusedPlugin())
          const rejects = async () => readScrape(await mesh.plane.metrics())
          const NAME = 'pilot_total_xds_rejects'
          await expect
            .poll(async () => [...(await rejects()).keys()].filter((name) => name.startsWith(NAME)), {
              timeout: 20_000,
            })
            .not.toEqual([])
          const series = born(await rejects(), NAME, (name) => name)
          const alarm = firing(
            'MooringRejected',
            { type: 'ecds' },
            "A proxy refused an extension's configuration and keeps the old one",
          )
          const at = (minute: number, expected: typeof alarm | object, given: Series = series) => {
            expect(testAlerts(promtool, { series: given, minute, firing: expected as typeof alarm })).toBe('')
          }
          at(9, {})
          at(12, alarm)
          at(25, {})
          const again = Object.fromEntries(
            Object.entries(series).map(([name, values]) => [name, values.replace(/\+0x100/, '+0x20 9+0x70')]),
          )
          at(29, {}, again)
          at(35, alarm, again)
          at(50, {}, again)
        })
      })
    })
  })
})
