/**
 * Writes Grafana's dashboard, manifests/dashboard/mooring.json.
 *
 *     node build/js/tools/dashboard.js
 *
 * Grafana 10 and newer; on import it asks for a Prometheus.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'

interface Line {
  readonly expr: string
  /** What the legend says; Grafana puts labels in place of `{{label}}`. */
  readonly legend: string
}

interface Panel {
  readonly title: string
  readonly description: string
  readonly unit: 'reqps' | 'percentunit' | 'short'
  readonly stacked?: boolean
  readonly lines: readonly Line[]
}

const CHOSEN = '{namespace=~"$namespace",wasm_filter=~"$instance"}'
const rate = (counter: string) => `rate(mooring_${counter}${CHOSEN}[$__rate_interval])`
const total = (counter: string) => `sum(${rate(counter)})`

/** A line for each counter, with its name; a prefix that all share is left out of the legend. */
const each = (prefix: string, counters: string): readonly Line[] =>
  counters
    .split(' ')
    .map((counter) => ({ expr: total(`${prefix}${counter}`), legend: counter.replaceAll('_', ' ') }))

/** The share of the requests that Mooring has something to do with. */
const share = (counter: string): string =>
  `${total(counter)} / (${total('requests')} - ${total('requests_skipped')})`

const PANELS: readonly Panel[] = [
  {
    title: 'Requests by pod',
    description: 'Every request that the filter saw.',
    unit: 'reqps',
    lines: [{ expr: `sum by (pod) (${rate('requests')})`, legend: '{{pod}}' }],
  },
  {
    title: 'Requests without affinity',
    description: 'Of those that no rule skips. More than a fifth wakes somebody: MooringWithoutKey.',
    unit: 'percentunit',
    lines: [
      { expr: share('key_none'), legend: 'no key' },
      { expr: share('passed_through'), legend: 'passed through, bad configuration' },
    ],
  },
  {
    title: 'Sessions',
    description: 'Each request with a session part counts in exactly one of these.',
    unit: 'reqps',
    stacked: true,
    lines: each(
      'session_',
      'valid renewed minted replaced adopted none malformed domain_mismatch rejected read_only unreadable exhausted',
    ),
  },
  {
    title: 'Keys',
    description: 'Each request with a key part counts in exactly one of these: where its key came from.',
    unit: 'reqps',
    stacked: true,
    lines: each(
      'key_',
      'session cookie header query claim address constant path authority method grpc peer ' +
        'forwarded_client_cert all inbound bound none',
    ),
  },
  {
    title: 'Sessions that are not believed',
    description: 'Forged and of unknown keys: MooringForged, MooringUnknownKey. Expired ones are no fault.',
    unit: 'reqps',
    lines: each('session_', 'forged unknown_key expired_idle expired_absolute'),
  },
  {
    title: "The application's own sessions",
    description:
      'Answers that got the suffix, requests whose value has none, and values that were left bare since they are long.',
    unit: 'reqps',
    lines: each('application_', 'wrapped bare too_long'),
  },
  {
    title: 'Pods of sessions',
    description:
      'With session.persistence: answers from another pod than before, and pods in cookies that were not believed.',
    unit: 'reqps',
    lines: each('pod_', 'moved refused'),
  },
  {
    title: 'Cookies',
    description:
      'Set-Cookie lines added, and those left out; requests that brought several session cookies; sessions begun ' +
      'over http, without Secure.',
    unit: 'reqps',
    lines: each('', 'cookie_set cookie_withheld cookie_omitted cookie_duplicate session_minted_insecure'),
  },
  {
    title: 'Sources that yielded nothing',
    description: 'One request may count several times: each source that was tried before the one that won.',
    unit: 'reqps',
    lines: each('source_', 'absent malformed too_large unreadable'),
  },
  {
    title: 'Left alone',
    description: 'Requests that a rule skips, and those under mode: shadow.',
    unit: 'reqps',
    lines: each('', 'requests_skipped requests_shadowed'),
  },
  {
    title: 'Zero in a healthy proxy',
    description: 'MooringImpaired. key_rejected are the 400s of onNone: reject.',
    unit: 'reqps',
    lines: each(
      '',
      'session_unreadable session_exhausted write_refused match_unreadable key_rejected debug_refused',
    ),
  },
  {
    title: 'Signing keys without a secret',
    description: 'MooringSigningKeyMissing.',
    unit: 'short',
    lines: [{ expr: `max by (pod) (mooring_signing_keys_missing${CHOSEN})`, legend: '{{pod}}' }],
  },
  {
    title: 'Modules that the agents handed on',
    description:
      'By result, since the pods started, of all Wasm plugins. MooringNotFetched, MooringNotLoaded.',
    unit: 'short',
    lines: [
      {
        expr: 'sum by (result) (istio_agent_wasm_config_conversion_count{namespace=~"$namespace"})',
        legend: '{{result}}',
      },
    ],
  },
  {
    title: 'Extension configurations that proxies refused',
    description: 'Since istiod started, of all extensions. MooringRejected.',
    unit: 'short',
    lines: [{ expr: 'sum(pilot_total_xds_rejects{type="ecds"})', legend: 'refused' }],
  },
]

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
const [WIDTH, HEIGHT, COLUMNS] = [12, 8, 2]

function panel({ title, description, unit, stacked = false, lines }: Panel, index: number): object {
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    description,
    datasource: DATASOURCE,
    gridPos: {
      x: (index % COLUMNS) * WIDTH,
      y: Math.floor(index / COLUMNS) * HEIGHT,
      w: WIDTH,
      h: HEIGHT,
    },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: stacked ? { fillOpacity: 40, stacking: { mode: 'normal' } } : { fillOpacity: 0 },
      },
      overrides: [],
    },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: lines.map(({ expr, legend }, line) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + line),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  }
}

const choice = (name: string, label: string, query: string): object => ({
  name,
  label,
  type: 'query',
  datasource: DATASOURCE,
  query: { query, refId: name },
  includeAll: true,
  allValue: '.*',
  multi: true,
  current: { text: ['All'], value: ['$__all'] },
  refresh: 2,
  sort: 1,
})

const dashboard = {
  uid: 'mooring',
  title: 'Mooring',
  description: 'Session affinity: who has a session, where keys come from, and who goes without.',
  tags: ['istio', 'mooring'],
  schemaVersion: 39,
  editable: true,
  time: { from: 'now-6h', to: 'now' },
  refresh: '1m',
  templating: {
    list: [
      { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
      choice('namespace', 'Namespace', 'label_values(mooring_requests, namespace)'),
      choice('instance', 'Instance', 'label_values(mooring_requests{namespace=~"$namespace"}, wasm_filter)'),
    ],
  },
  panels: PANELS.map(panel),
}

writeFileSync(
  join(packageRoot, 'manifests', 'dashboard', 'mooring.json'),
  `${JSON.stringify(dashboard, null, 2)}\n`,
)
