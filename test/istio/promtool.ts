/** Prometheus' own rules engine, fed with what was scraped. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'

/** Each series of a scrape, as it stands there, and its value. */
export type Scrape = ReadonlyMap<string, number>

/** Series, with promtool's notation for their values, one a minute. */
export type Series = Readonly<Record<string, string>>

interface Alert {
  readonly alert: string
  readonly annotations: Readonly<Record<string, string>>
}

const RULES = parse(readFileSync('manifests/alerts/prometheus-rule.yaml', 'utf8')) as {
  readonly spec: { readonly groups: readonly { readonly rules: readonly Alert[] }[] }
}

export const ALERTS: readonly Alert[] = RULES.spec.groups.flatMap(({ rules }) => rules)

/** Reads Prometheus' text format; its comments are left out. */
export function readScrape(text: string): Scrape {
  return new Map(
    text
      .split('\n')
      .map((line) => /^([a-zA-Z_:][^ {]*(?:\{.*\})?) (\S+)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, series = '', value]) => [series, Number(value)]),
  )
}

/** The series as Prometheus keeps it for a pod: its labels, and those of the target. */
export function inPod(series: string, namespace = 'istio-system', pod = 'gateway-1'): string {
  const [name = '', labels = ''] = series.split(/\{|\}/)
  const own = labels === '' ? '' : `${labels},`
  return `${name}{${own}namespace="${namespace}",pod="${pod}"}`
}

/** Each counter grows, every minute, by what it grew between the two scrapes; then it stays as it is, for hours. */
export function growing(before: Scrape, after: Scrape, minutes = 60): Series {
  return Object.fromEntries(
    [...after].map(([series, value]) => {
      const start = before.get(series) ?? 0
      const step = value - start
      return [inPod(series), `${start}+${step}x${minutes} ${start + minutes * step}+0x120`]
    }),
  )
}

export interface Firing {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** The alerts that fire at a minute, as promtool has to find them: exactly these. */
export interface Expectation {
  readonly series: Series
  readonly minute: number
  readonly firing: Readonly<Record<string, readonly Firing[]>>
}

/** An expression and the value that it has to have, without labels. */
export interface Evaluation {
  readonly expr: string
  readonly value: number
}

function run(promtool: string, files: Readonly<Record<string, unknown>>, ...args: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-promtool-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(directory, name), JSON.stringify(content))
    }
    const { status, stdout, stderr } = spawnSync(resolve(promtool), args, {
      encoding: 'utf8',
      cwd: directory,
    })
    return { status, stdout, stderr }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** `promtool check rules` on the rules of the manifest. */
export function checkRules(promtool: string) {
  return run(
    promtool,
    { 'rules.json': RULES.spec },
    'check',
    'rules',
    '--lint=all',
    '--lint-fatal',
    'rules.json',
  )
}

/** Which alerts fire, `promtool test rules` says; an empty text is success. */
export function testAlerts(promtool: string, { series, minute, firing }: Expectation): string {
  return testRules(promtool, {
    input_series: inputs(series),
    alert_rule_test: ALERTS.map(({ alert }) => ({
      eval_time: `${minute}m`,
      alertname: alert,
      exp_alerts: (firing[alert] ?? []).map(({ labels, annotations }) => ({
        exp_labels: labels,
        exp_annotations: annotations,
      })),
    })),
  })
}

/** What expressions are at a minute, by the same engine. */
export function testExpressions(
  promtool: string,
  series: Series,
  minute: number,
  evaluations: readonly Evaluation[],
): string {
  return testRules(promtool, {
    input_series: inputs(series),
    promql_expr_test: evaluations.map(({ expr, value }) => ({
      expr,
      eval_time: `${minute}m`,
      exp_samples: [{ labels: '{}', value }],
    })),
  })
}

const inputs = (series: Series) => Object.entries(series).map(([name, values]) => ({ series: name, values }))

function testRules(promtool: string, test: object): string {
  const suite = {
    rule_files: ['rules.json'],
    evaluation_interval: '1m',
    tests: [{ interval: '1m', ...test }],
  }
  const { status, stdout, stderr } = run(
    promtool,
    { 'rules.json': RULES.spec, 'suite.json': suite },
    ...['test', 'rules', 'suite.json'],
  )
  return status === 0 ? '' : `${stdout}${stderr}`
}
