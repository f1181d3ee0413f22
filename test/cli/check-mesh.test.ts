/** What mooring check makes of Istio's mesh configuration, where it is among the manifests. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { check } from '../../cli/check/check.ts'
import { YamlFile } from '../../cli/manifests/yaml-file.ts'
import { ProxyWasmModule } from '../../host/index.ts'

const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))
const codes = (...objects: readonly object[]) =>
  check([new YamlFile('mesh.yaml', JSON.stringify({ kind: 'List', items: objects }))], new Set(), {
    module,
  }).findings.map(({ code }) => code)

const configMap = (name: string) => (meshConfig: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'istio-system' },
  data: { mesh: stringify(meshConfig) },
})

const FORMS: readonly [string, (meshConfig: object) => object][] = [
  ["istiod's ConfigMap", configMap('istio')],
  ["a revision's ConfigMap", configMap('istio-canary')],
  [
    'an IstioOperator',
    (meshConfig) => ({
      apiVersion: 'install.istio.io/v1alpha1',
      kind: 'IstioOperator',
      spec: { meshConfig },
    }),
  ],
  [
    "the sail operator's Istio",
    (meshConfig) => ({ apiVersion: 'sailoperator.io/v1', kind: 'Istio', spec: { values: { meshConfig } } }),
  ],
]

describe.each(FORMS)('in %s', (_, form) => {
  const rule = (localityLbSetting?: object) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: {
      host: 'cart',
      trafficPolicy: {
        loadBalancer: { consistentHash: { httpHeaderName: 'x-mooring-key' }, localityLbSetting },
        outlierDetection: { consecutive5xxErrors: 5 },
      },
    },
  })

  test('localityLbSetting holds where a DestinationRule has none of its own', () => {
    expect(codes(form({}), rule())).toEqual(['zones_differ'])
    expect(codes(form({ localityLbSetting: { enabled: false } }), rule())).toEqual([])
    expect(codes(form({ localityLbSetting: { enabled: false } }), rule({ enabled: true }))).toEqual([
      'zones_differ',
    ])
  })

  test('rootNamespace says whose plugins are for the whole mesh', () => {
    const plugin = (namespace: string, priority: number) => ({
      apiVersion: 'extensions.istio.io/v1alpha1',
      kind: 'WasmPlugin',
      metadata: { name: namespace, namespace },
      spec: {
        url: 'oci://registry.example.com/mooring:0.1.0',
        phase: 'AUTHZ',
        priority,
        match: [{ mode: 'CLIENT' }],
        failStrategy: 'FAIL_OPEN',
        pluginConfig: { session: { readOnly: true } },
      },
    })
    const both = [plugin('mesh-root', 20), plugin('shop', 10)]
    expect(codes(form({}), ...both)).toEqual([])
    expect(codes(form({ rootNamespace: 'mesh-root' }), ...both)).toEqual(['order_reversed'])
  })
})

test('a mesh configuration that is no YAML says nothing', () => {
  const broken = { kind: 'ConfigMap', metadata: { name: 'istio' }, data: { mesh: 'a: [' } }
  expect(codes(broken)).toEqual([])
})
