/** The pages of docs/findings: what each says is wrong gives its finding, and what it says is right gives none. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { check } from '../../cli/check/check.ts'
import { IstioVersion } from '../../cli/check/istio-version.ts'
import { RULES } from '../../cli/check/rules/index.ts'
import { YAML_CODES } from '../../cli/check/rules/yaml.ts'
import { YamlFile } from '../../cli/manifests/yaml-file.ts'
import { ProxyWasmModule } from '../../host/index.ts'

const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))
const CODES = [...RULES.map(({ code }) => code), ...YAML_CODES, 'not_by_schema'].toSorted()
const pages = readdirSync('docs/findings')
  .filter((name) => name !== 'README.md')
  .map((name) => name.replace(/\.md$/, ''))

test('every code has a page, and every page a code', () => {
  expect(pages.toSorted()).toEqual(CODES)
  expect(pages.length).toBeGreaterThanOrEqual(30)
})

test('the list of pages has each, as it says of itself', () => {
  const list = readFileSync('docs/findings/README.md', 'utf8')
  const rows = pages.map((code) => {
    const [, severity = '', what = ''] =
      /^(\w+)\. (.*)$/m.exec(readFileSync(`docs/findings/${code}.md`, 'utf8')) ?? []
    return `| [\`${code}\`](${code}.md) | ${severity.toLowerCase()}: ${what} |`
  })
  expect(list.match(/^\| \[.*$/gm)).toEqual(rows.toSorted())
})

describe.each(pages)('%s', (code) => {
  const page = readFileSync(`docs/findings/${code}.md`, 'utf8')
  const [, version] = /`--istio ([\d.]+)`/.exec(page) ?? []
  const block = (title: string) =>
    new RegExp(`(?:${title}):\\n\\n\`\`\`yaml\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? ''
  const deployed = [new YamlFile('deployed.yaml', block('There'))]
  const found = (title: string) => {
    const file = new YamlFile('x.yaml', block(title))
    const istio = version === undefined ? undefined : new IstioVersion(version)
    return check([file], new Set(), { module, istio, deployed }).findings
  }

  test('is found in what is wrong, and nothing else is', () => {
    const findings = found('Wrong')
    expect(new Set(findings.map((finding) => finding.code))).toEqual(new Set([code]))
    const [, severity] = /^(\w+)\. /m.exec(page) ?? []
    expect(new Set(findings.map((finding) => finding.severity))).toEqual(new Set([severity?.toLowerCase()]))
  })

  test('is not found in what is right, and nothing else is', () => {
    expect(block('Right')).not.toBe('')
    expect(found('Right')).toEqual([])
  })
})
