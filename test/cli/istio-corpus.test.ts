/** What the corpus of Istio's own manifests is. */
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
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
})
