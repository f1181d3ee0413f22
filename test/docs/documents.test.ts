import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ENVIRONMENT } from '../config/compiler.ts'
import { startMooring } from '../filter/mooring.ts'
import { ENVIRONMENT as SIGNING } from '../session/keys.ts'
import { DOCUMENTS } from './all-documents.ts'

/** Secrets that the documents name. */
const SECRETS = { ...ENVIRONMENT, ...SIGNING }

describe.each(DOCUMENTS)('%s', (path) => {
  const text = readFileSync(path, 'utf8')

  test('links to files that are there', () => {
    const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '')
    expect(targets.filter((target) => !existsSync(join(dirname(path), target)))).toEqual([])
  })

  test('names only make targets that exist', () => {
    const named = [...text.matchAll(/^(?: {4}|`)make ([a-z]+)/gm)].map(([, target]) => target ?? '')
    const targets = new Set(
      [...readFileSync('Makefile', 'utf8').matchAll(/^([a-z]+):/gm)].map(([, target]) => target),
    )
    expect(named.filter((target) => !targets.has(target))).toEqual([])
  })

  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block ?? '')
  // What findings show is wrong on purpose; test/cli/findings.test.ts has them.
  if (blocks.length === 0 || path.startsWith('docs/findings/')) return
  test('shows only configurations that the filter accepts', () => {
    for (const block of blocks) {
      for (const document of parseAllDocuments(block, { version: '1.1' })) {
        expect(document.errors).toEqual([])
        const value = document.toJS() as Record<string, unknown>
        const configuration = 'kind' in value ? pluginConfigOf(value) : (value['pluginConfig'] ?? value)
        if (configuration !== undefined) startMooring(configuration, { environment: SECRETS })
      }
    }
  })
})

/** The configuration inside a WasmPlugin; other kinds have none. */
function pluginConfigOf(manifest: Record<string, unknown>): unknown {
  return (manifest['spec'] as Record<string, unknown> | undefined)?.['pluginConfig']
}

test("README shows what make demo prints, but for ids and the pods' choice", () => {
  const shown =
    /It begins like this:\n\n((?: {4}.*\n|\n)+)/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? ''
  const printed = execFileSync(
    process.execPath,
    ['build/js/demo/main.js', '--embedded', '--only', 'httpCookie'],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const expected = masked(shown.replace(/^ {4}/gm, '').trimEnd())
  expect(masked(printed).slice(0, expected.length)).toBe(expected)
})

/** Without what differs from run to run: the proxy, ids, which pod, and so the order of the logs. */
function masked(text: string): string {
  return text
    .replace(/^Mooring in .*,/, 'Mooring in a proxy,')
    .replace(/test2-bwce-srv-7c6d8f9b5b-[a-z0-9]{5}/g, '<pod>')
    .replace(/ISTIOID=[A-Za-z0-9_-]{22}/g, 'ISTIOID=<id>')
    .replace(/(?: {2}log of <pod>: .*\n(?: {4}<pod> .*\n)*)+/g, '  <logs>\n')
    .replace(/\(\d+ \/ \d+ \/ \d+\)/, '(<counts>)')
}
