import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

function convert(input: string, ...files: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['build/js/tools/traffic-extension.js', ...files],
    { encoding: 'utf8', input },
  )
  return { status, stdout, stderr }
}

const bases = readdirSync('manifests').filter((name) =>
  readdirSync('manifests', { recursive: true, encoding: 'utf8' }).includes(`${name}/wasm-plugin.yaml`),
)

describe.each(bases)('manifests/traffic-extension/%s', (base) => {
  test('is what make twins writes', () => {
    expect(convert('', `manifests/${base}/wasm-plugin.yaml`)).toEqual({
      status: 0,
      stderr: '',
      stdout: readFileSync(`manifests/traffic-extension/${base}/traffic-extension.yaml`, 'utf8'),
    })
  })
})

test('there is no twin without a WasmPlugin', () => {
  expect(readdirSync('manifests/traffic-extension').sort()).toEqual([...bases].sort())
  expect(bases.length).toBeGreaterThan(5)
})

test('other objects pass as they are, and the phase has its other name', () => {
  const { stdout } = convert(
    [
      'kind: Service # the app',
      'metadata: {name: a}',
      '---',
      'kind: WasmPlugin',
      'spec:',
      '  url: oci://x',
      '  phase: UNSPECIFIED_PHASE',
      '',
    ].join('\n'),
  )
  expect(stdout).toBe(
    [
      'kind: Service # the app',
      'metadata: {name: a}',
      '---',
      'kind: TrafficExtension',
      'spec:',
      '  phase: UNSPECIFIED',
      '',
      '  wasm:',
      '    url: oci://x',
      '',
    ].join('\n'),
  )
})

test('a field that has no place there is refused, and named', () => {
  expect(convert('kind: WasmPlugin\nspec: {verificationKey: x}\n')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'traffic-extension: spec.verificationKey: a TrafficExtension has no such field\n',
  })
})

test('a file that is not there is an error', () => {
  const { status, stderr } = convert('', 'nowhere.yaml')
  expect(status).toBe(1)
  expect(stderr).toMatch(/^traffic-extension: ENOENT/)
})
