/** What the corpus of Istio's own manifests is, and what mooring check says of it. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { check } from '../../cli/check/check.ts'
import { YamlFile } from '../../cli/manifests/yaml-file.ts'
import { ProxyWasmModule } from '../../host/index.ts'
import { withIstioCorpus } from './istio-corpus.ts'

const KINDS = ['DestinationRule', 'VirtualService', 'WasmPlugin', 'TrafficExtension']

withIstioCorpus((files) => {
  const plain = files.filter(({ isTemplate }) => !isTemplate)

  test('it is that of the pinned version: so many files, and so many templates among them', () => {
    const count = (folder: string) => files.filter(({ path }) => path.startsWith(`${folder}/`)).length
    expect({
      files: files.length,
      templates: files.length - plain.length,
      samples: count('samples'),
      tests: count('tests'),
    }).toEqual({ files: 149, templates: 33, samples: 28, tests: 74 })
  })

  test('whatever is no template is YAML', () => {
    const kinds = plain.flatMap(({ path, text }) =>
      parseAllDocuments(text).map((document) => {
        expect(document.errors, path).toEqual([])
        return (document.toJS() as { kind?: string } | null)?.kind
      }),
    )
    const count = (kind: string) => kinds.filter((found) => found === kind).length
    expect(Object.fromEntries(KINDS.map((kind) => [kind, count(kind)]))).toEqual({
      DestinationRule: 69,
      VirtualService: 164,
      WasmPlugin: 23,
      TrafficExtension: 1,
    })
  })

  // Each was looked at: test data that is wrong on purpose, or has two objects of one name; a field that Istio once had
  // (websocketUpgrade); and minimumRingSize in the DestinationRule that shows every field.
  test('mooring check finds in it what is there, and nothing else', () => {
    const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))
    const found = plain.flatMap(({ path, text }) => {
      const { findings } = check([new YamlFile(path, text)], new Set(), { module })
      const lines = findings.map(({ place, code }) => `${String(place.line)} ${code}`)
      return lines.length === 0 ? [] : [[path, lines] as const]
    })
    expect(Object.fromEntries(found)).toEqual({
      'pkg/config/analysis/analyzers/testdata/virtualservice_destinationhosts.yaml': ['97 not_by_schema'],
      'pkg/config/validation/testdata/crds/destinationrule-invalid.yaml': [
        '12 not_by_schema',
        '18 duplicate_object',
        '23 not_by_schema',
        '30 duplicate_object',
        '37 not_by_schema',
      ],
      'pkg/config/validation/testdata/crds/destinationrule-valid.yaml': [
        '15 duplicate_object',
        '27 duplicate_object',
      ],
      'pkg/config/validation/testdata/crds/wasm-invalid.yaml': [
        '6 not_by_schema',
        '9 not_by_schema',
        '17 not_by_schema',
        '42 not_by_schema',
        '51 not_by_schema',
        '60 not_by_schema',
        '83 not_by_schema',
        '89 duplicate_object',
        '102 duplicate_object',
        '116 not_by_schema',
        '124 not_by_schema',
        '141 duplicate_object',
      ],
      'tests/testdata/config/destination-rule-all.yaml': ['60 minimum_ring_size_deprecated'],
      'tests/testdata/config/rule-websocket-route.yaml': ['56 not_by_schema', '79 not_by_schema'],
    })
  })
})
