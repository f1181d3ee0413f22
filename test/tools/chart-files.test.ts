import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const read = (path: string) => readFileSync(path, 'utf8')

/** As tools/chart-files.ts: patterns that RE2 cannot say are left out. */
const sayable = (_: string, value: unknown) =>
  typeof value === 'string' && /\(\?[=!]|\\u|\[\^\]/.test(value) ? undefined : value

test("the chart's schema holds that of pluginConfig; if not, run make chart", () => {
  const { $defs } = JSON.parse(read('chart/values.schema.json')) as { $defs: { pluginConfig: object } }
  expect($defs.pluginConfig).toEqual({
    ...(JSON.parse(read('schema/plugin-config.schema.json'), sayable) as object),
    $id: 'urn:mooring:plugin-config',
  })
})

test("the chart's alerts are those of the manifests; if not, run make chart", () => {
  const { spec } = parse(read('manifests/alerts/prometheus-rule.yaml')) as { spec: unknown }
  expect(parse(read('chart/files/alerts.yaml'))).toEqual(spec)
})
