/** docs/compatibility.md claims what the build pins, and no more. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TESTED_ENVOY_VERSIONS } from '../../tools/envoy.ts'

const page = readFileSync('docs/compatibility.md', 'utf8')
const rows = [...page.matchAll(/^\| (Istio|plain Envoy|Envoy Gateway)(.*)\|$/gm)].map(([row]) => row)
const rowsThat = (pattern: RegExp) => rows.filter((row) => pattern.test(row))

test('generated is what the pinned Istio generated', () => {
  const pinned = /istio\.io\/istio v[\d.]+-\d+-([0-9a-f]{12})/.exec(
    readFileSync('test/istio/go.mod', 'utf8'),
  )?.[1]
  expect(rowsThat(/generated, all sets/)).toEqual([expect.stringContaining(`commit ${pinned ?? '?'}`)])
})

test('by schema are the lines whose CRDs make istio asks', () => {
  const asked = /^ISTIO_APIS := (.*)$/m.exec(readFileSync('Makefile', 'utf8'))?.[1]?.split(' ') ?? []
  const gateway = /^ENVOY_GATEWAY := v(.*)$/m.exec(readFileSync('Makefile', 'utf8'))?.[1] ?? '?'
  expect(rowsThat(/^\| Envoy Gateway/)).toEqual([expect.stringContaining(`Envoy Gateway ${gateway} |`)])
  const claimed = rowsThat(/^\| Istio.*by schema/).map(
    (row) => /(1\.\d+\.\d+)(?: by schema|.*\| by schema)/.exec(row)?.[1],
  )
  expect(claimed.map((version) => `v${version ?? '?'}`).sort()).toEqual(asked)
})

test('run are the versions of Envoy that every end-to-end test runs in', () => {
  const [row = ''] = rowsThat(/run, every test/)
  expect(row).toContain(`plain Envoy ${TESTED_ENVOY_VERSIONS.join(', ')} |`)
  expect(rowsThat(/run, every test/)).toHaveLength(1)
})

test('everything else says that it was not run', () => {
  const others = rows.filter((row) => !/run, every test|was run/.test(row))
  expect(others.length).toBeGreaterThan(4)
  expect(others.filter((row) => !row.includes('not run'))).toEqual([])
})
