/** docs/probe.md: its commands are run, at a gateway of the embedded host; its tables are complete. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CAUSES, NOTES } from '../../cli/probe/advice.ts'
import { readArguments } from '../../cli/probe/arguments.ts'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { embeddedIngress } from '../../demo/embedded-ingress.ts'
import { readMesh } from '../../demo/mesh.ts'
import { POD_NAMES, Replicas } from '../../demo/replica.ts'
import { mooring } from '../cli/mooring.ts'

const page = readFileSync('docs/probe.md', 'utf8')
const help = spawnSync(process.execPath, ['build/js/cli/main.js', 'probe', '--help'], {
  encoding: 'utf8',
}).stdout
const words = (command: string) =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
const commands = [
  ...[...page.matchAll(/^ {4}node build\/js\/cli\/main\.js probe (.*)$/gm)].map(([, args = '']) => args),
  ...[...help.matchAll(/^ {2}mooring probe (.*)$/gm)].map(([, args = '']) => args),
]

test('there are commands', () => {
  expect(commands.length).toBe(7)
})

describe.each(commands)('probe %s', (command) => {
  test('can be read', () => {
    expect(() => readArguments(words(command))).not.toThrow()
  })

  if (!command.includes('http://127.0.0.1:8080/')) return
  test('finds that every session sticks', async () => {
    await using replicas = await Replicas.start(POD_NAMES, (_request, response, { pod }) => {
      response.setHeader('x-pod', pod)
      return false
    })
    const mesh = readMesh({ destinationRule: 'destination-rules/http-header-name.yaml', filter: true })
    await using gateway = await embeddedIngress().start(mesh, {
      wasm: BUILT_FILTER,
      replicas: replicas.ports,
    })
    const local = command.replace(':8080/', `:${gateway.port}/`)
    const { status, stdout } = await mooring('probe', ...words(local))
    expect(status).toBe(0)
    expect(stdout).toMatch(
      local.includes('json') ? /"share": 1,/ : /stuck from the first request on {4}100\.0 %/,
    )
  })
})

test('the manifests are there, and say what the page shows', () => {
  const [, file = ''] = /kubectl apply -f (\S+)/.exec(page) ?? []
  const [headers = ''] = /^ {4}headers:\n(?: {6}.*\n)+/m.exec(page) ?? []
  const { spec } = parse(readFileSync(file, 'utf8')) as { spec: { http: { headers: object }[] } }
  expect(parse(headers)).toEqual({ headers: spec.http[0]?.headers })

  const [twin = ''] = /manifests\/http-routes\/\S+\.yaml/.exec(page) ?? []
  const [filters = ''] = /^ {4}filters:\n(?: {6}.*\n)+/m.exec(page) ?? []
  const route = parse(readFileSync(twin, 'utf8')) as { spec: { rules: { filters: object[] }[] } }
  expect(parse(filters)).toEqual({ filters: route.spec.rules[0]?.filters })
})

test('every cause and every note is in its table', () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code)
  expect(rows.sort()).toEqual([...Object.keys(CAUSES), ...Object.keys(NOTES)].sort())
})
