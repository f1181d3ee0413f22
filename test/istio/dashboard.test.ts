/** Every panel of the dashboard shows something, and every expression of the pages is one, on what real proxies say. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { startGateway } from '../envoy/gateway.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { countersAt, signing } from '../envoy/signed.ts'
import { rawRequest } from '../envoy/raw-request.ts'
import { ENVIRONMENT, K1, K2 } from '../session/keys.ts'
import { TestMesh } from './control-plane.ts'
import { withGoTools } from './go-tools.ts'
import { ISTIO_TAGS } from './istio-tags.ts'
import { growing, inPod, readScrape, testExpressions, type Series } from './promtool.ts'
import { refusedPlugin } from './refused-plugin.ts'

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] }
  readonly panels: readonly {
    readonly title: string
    readonly gridPos: { readonly x: number; readonly y: number }
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
  }[]
}

const DASHBOARD = JSON.parse(readFileSync('manifests/dashboard/mooring.json', 'utf8')) as Dashboard
const panels = DASHBOARD.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legend: legendFormat })),
)

/** What Grafana makes of an expression before it asks. */
const asked = (expr: string) =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', '.*').replaceAll('$instance', '.*')

const PAGES = readdirSync('docs/runbooks').map((name) => ({
  name,
  text: readFileSync(`docs/runbooks/${name}`, 'utf8'),
}))
const queries = PAGES.flatMap(({ name, text }) =>
  [...text.matchAll(/^ {4}(\S*(?:mooring_|istio_|pilot_|sum ).*)$/gm)].map(([, expr = '']) => ({
    name,
    expr,
  })),
).filter(({ expr }) => !/^(?:kubectl|istioctl|node) /.test(expr))

test('it is what tools/dashboard.ts writes; if not, run make dashboard', () => {
  const before = readFileSync('manifests/dashboard/mooring.json', 'utf8')
  const { status } = spawnSync('make', ['--silent', 'dashboard'], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(readFileSync('manifests/dashboard/mooring.json', 'utf8')).toBe(before)
})

test('no two panels lie on one another', () => {
  const places = DASHBOARD.panels.map(({ gridPos: { x, y } }) => `${x},${y}`)
  expect(new Set(places).size).toBe(places.length)
})

test('every counter of docs/metrics.md is shown', () => {
  const counters = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| ((?:`[a-z_]+` ?)+) \|/gm)]
    .flatMap(([, names = '']) => [...names.matchAll(/`([a-z_]+)`/g)])
    .map(([, name]) => `mooring_${name ?? ''}`)
  expect(counters.length).toBeGreaterThan(50)
  const shown = new Set(panels.flatMap(({ expr }) => [...expr.matchAll(/mooring_[a-z_]+/g)].map(String)))
  // An answer that explains itself is neither good nor bad.
  expect(counters.filter((name) => !shown.has(name))).toEqual(['mooring_debug_shown'])
})

withGoTools(['promtool', 'istio', 'kustomize'], ({ promtool, istio, kustomize }) => {
  test('kustomize makes it the ConfigMap that Grafana looks for', () => {
    const { status, stdout } = spawnSync(kustomize, ['build', 'manifests/dashboard'], { encoding: 'utf8' })
    expect(status).toBe(0)
    const { data, metadata } = parse(stdout) as { data: Record<string, string>; metadata: object }
    expect(JSON.parse(data['mooring.json'] ?? '')).toEqual(DASHBOARD)
    expect(metadata).toEqual({
      name: 'mooring-dashboard',
      namespace: 'istio-system',
      labels: { grafana_dashboard: '1' },
    })
  })

  inEnvoy(({ binary }) => {
    /** What Prometheus has of a gateway with signed sessions, of its agent, and of an istiod whom a proxy refused something. */
    async function everything(): Promise<Series> {
      await using gateway = await startGateway({
        binary,
        statsTags: ISTIO_TAGS,
        pluginConfig: { session: { signing: signing(K2, K1) } },
        env: ENVIRONMENT,
      })
      const scrape = async () => readScrape(await gateway.envoy.admin('/stats/prometheus?filter=mooring_'))
      const before = await scrape()
      await rawRequest(gateway.port, [])
      await countersAt(gateway.envoy, 1)

      await using mesh = await TestMesh.start({ binary, istio, set: 'reject-bad-configuration' })
      await mesh.plane.apply(refusedPlugin())
      const planes = async () =>
        [...readScrape(await mesh.plane.metrics())].filter(([name]) =>
          /^(?:istio_agent_wasm_|pilot_total_xds_rejects)/.test(name),
        )
      await expect
        .poll(async () => (await planes()).map(([name]) => name.split('{')[0]), { timeout: 20_000 })
        .toContain('pilot_total_xds_rejects')
      return {
        ...growing(before, await scrape()),
        ...Object.fromEntries((await planes()).map(([name, value]) => [inPod(name), `${value}+0x100`])),
      }
    }

    test('each line of each panel has something to draw', async () => {
      const series = await everything()
      const exprs = panels.map(({ expr }) => asked(expr))
      expect(exprs.filter((expr) => expr.includes('$'))).toEqual([])
      const evaluations = exprs.map((expr) => ({ expr: `count(${expr}) > bool 0`, value: 1 }))
      expect(testExpressions(promtool, series, 30, evaluations)).toBe('')
      // A mistake would be seen: no such metric, no such label.
      for (const expr of ['mooring_request', 'mooring_requests{instance="default"}']) {
        const wrong = [{ expr: `count(${expr}) > bool 0`, value: 1 }]
        expect(testExpressions(promtool, series, 30, wrong)).toContain('FAILED')
      }
      const labels = panels.flatMap(({ expr, legend }) =>
        [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => ({
          expr: asked(expr),
          label: label ?? '',
        })),
      )
      // What has the label empty or not at all is taken away.
      const labelled = labels.map(({ expr, label }) => ({
        expr: `count(${expr} unless on (${label}) vector(0)) > bool 0`,
        value: 1,
      }))
      expect(labelled.length).toBe(3)
      expect(testExpressions(promtool, series, 30, labelled)).toBe('')

      const names = new Set(Object.keys(series).map((name) => name.split('{')[0]))
      // Istio's statistics filter is not in Envoy's official builds; agents fetch by a double here.
      const elsewhere = ['istio_requests_total', 'istio_agent_wasm_remote_fetch_count']
      const named = queries.flatMap(({ expr }) =>
        [...expr.matchAll(/(?:mooring|istio|pilot)_\w+/g)].map(String),
      )
      expect(new Set(queries.map(({ name }) => name)).size).toBe(PAGES.length)
      expect(named.filter((name) => !names.has(name) && !elsewhere.includes(name))).toEqual([])
    })
  })

  test.each(queries)('docs/runbooks/$name: $expr', ({ expr }) => {
    const args = ['--experimental', 'promql', 'format', expr]
    expect(spawnSync(resolve(promtool), args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })
})
