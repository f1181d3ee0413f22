import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'mooring-cli-'))
const good = join(folder, 'good.yaml')
const bad = join(folder, 'bad.yaml')

beforeAll(() => {
  writeFileSync(good, 'session: {}\n')
  writeFileSync(bad, 'session: {cookie: {tll: 8h}}\nkey: {from: [{header: x-user}, session]}\n')
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function mooring(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/js/cli/main.js', ...args], {
    input,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('mooring check', () => {
  test('accepts a configuration that the filter accepts', () => {
    expect(mooring(['check', good])).toEqual({
      status: 0,
      stdout: `${good}: pluginConfig: accepted\n`,
      stderr: '',
    })
  })

  test('says nothing of a namespace that only the proxy knows', () => {
    const rule = '{name: a, match: {namespaces: [shop]}, skip: true}'
    expect(mooring(['check', '-'], `session: {}\nrules: [${rule}]\n`)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/: pluginConfig: accepted\n$/) as unknown,
    })
  })

  test("accepts the project's own manifest", () => {
    expect(mooring(['check', 'manifests/ingress-gateway/wasm-plugin.yaml'])).toEqual({
      status: 0,
      stdout: 'manifests/ingress-gateway/wasm-plugin.yaml: WasmPlugin istio-system/mooring: accepted\n',
      stderr: '',
    })
  })

  test('refuses what the filter refuses, and says everything it says', () => {
    expect(mooring(['check', good, bad])).toEqual({
      status: 1,
      stdout:
        `${good}: pluginConfig: accepted\n` +
        `${bad}: pluginConfig: refused\n` +
        '  error    unknown_field  /session/cookie/tll\n' +
        '           not known here; did you mean ttl?\n' +
        '  warning  unkeyed_hash  /key\n' +
        '           without hashSecret a key is shortened, not protected: who guesses a value can compute its key\n',
      stderr: '',
    })
  })

  test('says it to programs too', () => {
    const { status, stdout } = mooring(['check', '--format', 'json', bad])
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toEqual([
      {
        file: bad,
        object: 'pluginConfig',
        accepted: false,
        findings: [
          {
            severity: 'error',
            code: 'unknown_field',
            pointer: '/session/cookie/tll',
            message: 'not known here; did you mean ttl?',
          },
          {
            severity: 'warning',
            code: 'unkeyed_hash',
            pointer: '/key',
            message:
              'without hashSecret a key is shortened, not protected: who guesses a value can compute its key',
          },
        ],
      },
    ])
  })

  test('reads what kubectl prints, and passes over other kinds', () => {
    const list = {
      kind: 'List',
      items: [
        { kind: 'Service', metadata: { name: 'web' } },
        { kind: 'WasmPlugin', metadata: { name: 'empty', namespace: 'shop' }, spec: { pluginConfig: {} } },
      ],
    }
    expect(mooring(['check', '-'], JSON.stringify(list))).toEqual({
      status: 1,
      stdout:
        '-: WasmPlugin shop/empty: refused\n' +
        '  error    empty_configuration  (root)\n' +
        '           neither session nor key is there; write {"session": {}} for a session cookie and a key from it\n',
      stderr: '',
    })
  })

  test('takes a secret that only the proxy has to be there, but not one that nobody provides', () => {
    const plugin = (env: object[]) =>
      JSON.stringify({
        kind: 'WasmPlugin',
        metadata: { name: 'keyed' },
        spec: { vmConfig: { env }, pluginConfig: { session: {}, key: { hashSecret: { env: 'SECRET' } } } },
      })
    expect(mooring(['check', '-'], plugin([{ name: 'SECRET', valueFrom: 'HOST' }])).status).toBe(0)
    const missing = mooring(['check', '-'], plugin([]))
    expect(missing.status).toBe(1)
    expect(missing.stdout).toContain('secret_missing  /key/hashSecret/env')
    const weak = mooring(['check', '-'], plugin([{ name: 'SECRET', value: 'aGVsbG8=' }]))
    expect(weak.status).toBe(1)
    expect(weak.stdout).toContain('secret_invalid  /key/hashSecret/env')
    expect(weak.stdout).not.toContain('aGVsbG8')
  })

  test.each([
    [['check'], 'mooring: check: name a file, or - for standard input\nmooring --help says more\n'],
    [[], 'mooring: no command; there is: check\nmooring --help says more\n'],
    [['chekc', 'x'], 'mooring: no command "chekc"; there is: check\nmooring --help says more\n'],
    [
      ['check', '--format', 'xml', 'x'],
      'mooring: --format xml: expected text or json\nmooring --help says more\n',
    ],
  ])('ends with 2 and says what to write: %j', (args, stderr) => {
    expect(mooring(args)).toEqual({ status: 2, stdout: '', stderr })
  })

  test('ends with 2 for a file that is not there, or is no YAML, or has nothing to check', () => {
    const absent = mooring(['check', join(folder, 'absent.yaml')])
    expect(absent.status).toBe(2)
    expect(absent.stderr).toMatch(/^mooring: ENOENT: no such file or directory, open /)
    expect(mooring(['check', '-'], 'a: [').status).toBe(2)
    expect(mooring(['check', '-'], 'kind: Service\n')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'mooring: -: no WasmPlugin and no pluginConfig in there\n',
    })
  })

  test('refuses a key that is written twice, which Kubernetes would hide from the filter', () => {
    const { status, stderr } = mooring(['check', '-'], 'session: {}\nsession: {}\n')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^mooring: -: Map keys must be unique/)
  })
})

test('--help says how to use it, with examples', () => {
  const help = execFileSync(process.execPath, ['build/js/cli/main.js', 'check', '--help'], { encoding: 'utf8' })
  expect(help).toMatch(/^Usage: mooring check FILE\.\.\.\n/)
  expect(help).toContain('mooring check manifests/ingress-gateway/wasm-plugin.yaml')
})
