/** The project's own manifests, as somebody applies them, give no findings. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { check } from '../../cli/check/check.ts'
import { YamlFile } from '../../cli/manifests/yaml-file.ts'
import { ProxyWasmModule } from '../../host/index.ts'
import { withGoTools } from '../istio/go-tools.ts'
import { manifestText } from '../istio/manifest-text.ts'

const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))
const sets = parse(readFileSync('test/istio/sets.yaml', 'utf8')) as readonly {
  readonly name: string
  readonly manifests: readonly string[]
}[]

/** The one set that shows what goes wrong. */
const WRONG = 'retries-key-removed'

withGoTools(['kustomize'], ({ kustomize }) => {
  const textOf = (path: string) => manifestText(kustomize, path)
  const texts = new Map(
    [...new Set(sets.flatMap(({ manifests }) => manifests))].map((path) => [path, textOf(path)]),
  )

  test.each(sets)('$name', ({ name, manifests }) => {
    const files = manifests.map((path) => new YamlFile(path, texts.get(path) ?? ''))
    const { findings, objects } = check(files, new Set(), { module })
    expect(objects).toBeGreaterThan(0)
    expect(findings.map(({ code, object }) => `${code}: ${object}`)).toEqual(
      name === WRONG ? ['key_header_removed: VirtualService shop/test-vs'] : [],
    )
  })
})
