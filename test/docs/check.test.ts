/** The commands of docs/check.md, as they stand there. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { check } from '../../cli/check/check.ts'
import { YamlFile } from '../../cli/manifests/yaml-file.ts'
import { ProxyWasmModule } from '../../host/index.ts'
import { withGoTools } from '../istio/go-tools.ts'

const page = readFileSync('docs/check.md', 'utf8')
const commands = [...page.matchAll(/^ {4}(.*node build\/js\/cli\/main\.js .*)$/gm)].map(
  ([, line]) => line ?? '',
)
const shell = (command: string) =>
  spawnSync('sh', ['-c', command], { encoding: 'utf8' }) as { stdout: string; status: number; stderr: string }

test('shows commands that read files, and what they print', () => {
  const [first = ''] = commands
  const shown = /^ {4}(\d objects, .*)$/m.exec(page)?.[1] ?? ''
  expect(shell(first)).toMatchObject({ status: 0, stdout: `${shown}\n`, stderr: '' })
})

test('the format of GitHub is empty where nothing is found', () => {
  const command = commands.find((line) => line.includes('--format github')) ?? ''
  expect(shell(command)).toMatchObject({ status: 0, stdout: '', stderr: '' })
})

withGoTools(['kustomize', 'helm'], ({ kustomize, helm }) => {
  test.each([
    ['kubectl kustomize', `${kustomize} build`],
    ['helm template', `${helm} template`],
  ])('%s', (name, tool) => {
    const command = commands.find((line) => line.startsWith(name)) ?? ''
    const { status, stdout } = shell(command.replace(name, tool))
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^\d+ objects?, 1 configuration of Mooring: nothing found\n$/) as unknown,
    })
  })
})

describe('what is shown', () => {
  const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))

  test('the finding is what mooring check says', () => {
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy:
    loadBalancer:
      consistentHash: {httpHeaderName: x-moring-key}
`
    const plugin = readFileSync('manifests/ingress-gateway/wasm-plugin.yaml', 'utf8')
    const files = [new YamlFile('rule.yaml', rule), new YamlFile('plugin.yaml', plugin)]
    const [finding] = check(files, new Set(), { module }).findings
    const { file, line, column } = finding?.place ?? { file: '', line: 0, column: 0 }
    expect(page).toContain(
      `    ${file}:${String(line)}:${String(column)}: ${finding?.severity ?? ''} ${finding?.code ?? ''}: ${finding?.object ?? ''}\n` +
        `        ${finding?.message ?? ''}\n        instead: ${finding?.instead ?? ''}\n`,
    )
  })

  test('the annotation silences what it names', () => {
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
    const codes = (text: string) =>
      check([new YamlFile('x.yaml', text)], new Set(), { module }).findings.map(({ code }) => code)
    expect(codes(yaml)).toEqual([])
    expect(codes(yaml.replace('ignore.mooring-check', 'other'))).toEqual(['zones_differ'])
  })
})

test('1,000 objects take less than two seconds of a processor', () => {
  const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))
  const [, right = ''] =
    /Right:\n\n```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/findings/weighted_routes.md', 'utf8')) ?? []
  const [, plugin = ''] =
    /Right:\n\n```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/findings/key_not_hashed.md', 'utf8')) ?? []
  const texts = Array.from({ length: 250 }, (_, index) =>
    [right, plugin.replace('host: cart', 'host: basket').replace('name: cart', 'name: basket')]
      .join('---\n')
      .replace(/\b(cart|basket|mooring)\b(?=[,}\n])/g, `$1-${String(index)}`),
  )
  const before = process.cpuUsage()
  const { objects, configurations } = check([new YamlFile('x.yaml', texts.join('---\n'))], new Set(), {
    module,
  })
  const { user, system } = process.cpuUsage(before)
  expect({ objects, configurations }).toEqual({ objects: 1_000, configurations: 250 })
  expect(user + system).toBeLessThan(2_000_000)
})

test('the page and --help name the same options', () => {
  const help = execFileSync(process.execPath, ['build/js/cli/main.js', 'check', '--help'], {
    encoding: 'utf8',
  })
  for (const option of ['--istio', '--deployed', '--fix', '--ignore', '--strict', '--format']) {
    expect(help).toContain(option)
    expect(page).toContain(option)
  }
})

test('README counts the pages', () => {
  const rows = readFileSync('docs/findings/README.md', 'utf8').match(/^\| \[/gm)?.length
  expect(readFileSync('README.md', 'utf8')).toContain(
    `[${String(rows)} kinds of mistakes](docs/findings/README.md)`,
  )
})
