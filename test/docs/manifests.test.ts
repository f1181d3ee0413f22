/** Every configuration in manifests/, in whatever it stands, is one that the filter takes without a word. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ENVIRONMENT } from '../config/compiler.ts'
import { Vm } from '../../host/index.ts'
import { mooringModule, proxyIn, startPlugin } from '../filter/mooring.ts'

const files = readdirSync('manifests', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => join('manifests', file))

/** Values named `pluginConfig` (WasmPlugin, TrafficExtension), `config` (Envoy Gateway) or `configuration` (Envoy). */
function configurationsIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(configurationsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    if (name === 'pluginConfig') return [inner]
    if (name === 'configuration') return [JSON.parse((inner as { value: string }).value) as unknown]
    const filterConfig = inner as Record<string, unknown> | null
    if (name === 'config' && filterConfig?.['vm_config'] === undefined) return [inner]
    return configurationsIn(inner)
  })
}

const configurations = files.flatMap((file) =>
  parseAllDocuments(readFileSync(file, 'utf8'), { version: '1.1' }).flatMap((document) =>
    configurationsIn(document.toJS()).map((configuration) => ({ file, configuration })),
  ),
)

describe('a configuration in the manifests', () => {
  test('is looked for, and found', () => {
    expect(configurations.length).toBeGreaterThan(12)
  })

  test.each(configurations)('$file', ({ file, configuration }) => {
    const vm = new Vm(mooringModule, { environment: ENVIRONMENT })
    startPlugin(vm, configuration, proxyIn('shop'))
    // A tenant's name is no secret, and the sidecars of a namespace have none.
    const expected = file.includes('mesh-override') ? [expect.stringMatching(/^unkeyed_hash at /)] : []
    expect(vm.logs.messages()).toEqual(expected)
  })
})

test('the alerts name only counters that docs/metrics.md has', () => {
  const named = [
    ...readFileSync('manifests/alerts/prometheus-rule.yaml', 'utf8').matchAll(/\bmooring_([a-z_]+)/g),
  ].map(([, counter]) => counter)
  const page = readFileSync('docs/metrics.md', 'utf8')
  expect(named.length).toBeGreaterThan(2)
  expect(named.filter((counter) => !page.includes(`\`${counter ?? ''}\``))).toEqual([])
})
