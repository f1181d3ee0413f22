/** What mooring check says of values that Istio's CRDs do not have, and what it puts right. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { check } from '../../cli/check/check.ts'
import { fixed } from '../../cli/check/fix.ts'
import { YamlFile } from '../../cli/manifests/yaml-file.ts'
import { ProxyWasmModule } from '../../host/index.ts'

const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))

function route(match: string): YamlFile {
  return new YamlFile(
    'route.yaml',
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [test.com]
  http:
    - match: [${match}]
      route: [{destination: {host: cart}}]
`,
  )
}

describe('what YAML 1.1 takes for something else than a text', () => {
  test.each([
    ['yes', 'boolean'],
    ['off', 'boolean'],
    ['1', 'number'],
    ['1e3', 'number'],
  ])('%s', (value, type) => {
    const file = route(`{headers: {x-beta: {exact: ${value}}}}`)
    const { findings } = check([file], new Set(), { module })
    expect(findings.map(({ code, message, instead }) => [code, message, instead])).toEqual([
      [
        'not_by_schema',
        `Istio expects a text, and ${value} is a ${type} in YAML: it is refused`,
        `"${value}"`,
      ],
    ])
    const text = fixed([file], findings).get(file.name)?.text ?? ''
    expect(text).toBe(file.text.replace(`exact: ${value}`, `exact: "${value}"`))
    expect(check([new YamlFile(file.name, text)], new Set(), { module }).findings).toEqual([])
  })
})

test('another type is refused, and nothing is put right', () => {
  const { findings } = check([route('{headers: {x-beta: {exact: [a]}}}')], new Set(), { module })
  expect(findings.map(({ code, message, fix }) => [code, message, fix])).toEqual([
    ['not_by_schema', 'Istio refuses it: must be string', undefined],
  ])
})
