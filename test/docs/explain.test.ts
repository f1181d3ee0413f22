/** Every command of docs/explain.md, run as it stands, and what the page says that it prints. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HASH_SECRET } from '../filter/mooring.ts'

const blocks = [
  ...readFileSync('docs/explain.md', 'utf8').matchAll(/```sh\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```)?/g),
].map(([, command = '', output]) => ({ command, output }))

const folder = mkdtempSync(join(tmpdir(), 'mooring-docs-'))

function executable(name: string, script: string): void {
  const file = join(folder, 'bin', name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}

beforeAll(() => {
  mkdirSync(join(folder, 'bin'))
  symlinkSync(resolve('manifests'), join(folder, 'manifests'))
  executable('mooring', `exec '${process.execPath}' '${resolve('build/js/cli/main.js')}' "$@"`)
  // A cluster: what the project's manifests apply, and two pods.
  executable(
    'kubectl',
    'cat manifests/ingress-gateway/wasm-plugin.yaml separator manifests/destination-rules/maglev.yaml slices.yaml',
  )
  // The breaker of weighted routes without its plugin, and with other weights.
  const [, ...objects] = readFileSync('test/istio/breakers/weighted_routes/wrong.yaml', 'utf8').split('---\n')
  const canary = objects.join('---\n').replace('weight: 50', 'weight: 90').replace('weight: 50', 'weight: 10')
  writeFileSync(join(folder, 'canary.yaml'), canary)
  writeFileSync(join(folder, 'separator'), '---\n')
  writeFileSync(
    join(folder, 'slices.yaml'),
    `---
kind: EndpointSlice
metadata: {name: a, namespace: shop, labels: {kubernetes.io/service-name: test2-bwce-srv}}
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2]}]
`,
  )
  const request = (url: string): object => ({
    request: { method: 'GET', url, headers: [{ name: 'cookie', value: 'ISTIOID=abc' }] },
  })
  const entries = [request('https://test.com/'), request('https://test.com/cart')]
  writeFileSync(join(folder, 'visit.har'), JSON.stringify({ log: { entries } }))
  writeFileSync(join(folder, 'secret'), HASH_SECRET)
  writeFileSync(
    join(folder, 'by-user.yaml'),
    'session: {}\nkey: {hashSecret: {env: MOORING_HASH_SECRET}, from: [{claim: sub}, session]}\n',
  )
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

test('the page has commands', () => {
  expect(blocks).toHaveLength(7)
})

test.each(blocks)('$command', ({ command, output }) => {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` },
  })
  expect([stderr, status]).toEqual(['', 0])
  if (output === undefined) expect(stdout).toMatch(/\npod {9}10\.0\.0\.[12]:8080\n$/)
  else expect(stdout).toBe(output)
})
