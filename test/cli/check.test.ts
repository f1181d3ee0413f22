import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

const UNKEYED =
  'without hashSecret a key is shortened, not protected: who guesses a value can compute its key'

const RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy:
    loadBalancer:
      consistentHash: {httpHeaderName: x-moring-key}
`
const PLUGIN = `apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: mooring, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  url: oci://registry.example.com/mooring:0.1.0
  pluginConfig:
    session: {}
`

describe('mooring check: a configuration by itself', () => {
  test('is accepted where the filter accepts it', () => {
    expect(mooring(['check', good])).toEqual({
      status: 0,
      stdout: '0 objects, 1 configuration of Mooring: nothing found\n',
      stderr: '',
    })
  })

  test('is refused with everything the filter says, each at its line', () => {
    expect(mooring(['check', good, bad])).toEqual({
      status: 1,
      stdout:
        `${bad}:1:20: error unknown_field: pluginConfig /session/cookie/tll\n` +
        '    not known here; did you mean ttl?\n' +
        `${bad}:2:1: warning unkeyed_hash: pluginConfig /key\n` +
        `    ${UNKEYED}\n` +
        '0 objects, 2 configurations of Mooring: 1 error, 1 warning\n',
      stderr: '',
    })
  })

  test('may name a namespace that only the proxy knows', () => {
    const rule = '{name: a, match: {namespaces: [shop]}, skip: true}'
    expect(mooring(['check', '-'], `session: {}\nrules: [${rule}]\n`).status).toBe(0)
  })

  test('is judged on the merged result of every rule', () => {
    const config =
      'session: {hideFromUpstream: true}\nrules: [{name: api, match: {paths: [/api]}, key: {skip: true}}]\n'
    const { status, stdout } = mooring(['check', '-'], config)
    expect(status).toBe(1)
    expect(stdout).toMatch(/^-:2:9: error hidden_from_hash: pluginConfig \/rules\/0\n/)
  })
})

describe('mooring check: manifests', () => {
  test("finds nothing in the project's own plugin, and accepts what it does not know", () => {
    expect(mooring(['check', 'manifests/ingress-gateway/wasm-plugin.yaml'])).toEqual({
      status: 0,
      stdout: '1 object, 1 configuration of Mooring: nothing found\n',
      stderr: '',
    })
    expect(mooring(['check', '-'], 'kind: Service\nmetadata: {name: web}\n').stdout).toBe(
      '1 object, 0 configurations of Mooring: nothing found\n',
    )
  })

  test('says where, what will happen, what to write instead, and what can be put right', () => {
    expect(mooring(['check', '-'], `${PLUGIN}---\n${RULE}`)).toEqual({
      status: 1,
      stdout:
        '-:4:1: warning priority_missing: WasmPlugin istio-system/mooring\n' +
        '    without a priority it runs last of its phase, after plugins with a negative one: another plugin that reads or writes its headers may come first\n' +
        '    instead: priority: 10\n' +
        '-:6:3: warning fail_strategy_missing: WasmPlugin istio-system/mooring\n' +
        '    without a failStrategy it is FAIL_CLOSE: while the image cannot be fetched every request is denied\n' +
        '    instead: failStrategy: FAIL_OPEN, or FAIL_CLOSE where no request may go without affinity\n' +
        '-:17:24: error header_not_written: DestinationRule shop/cart\n' +
        '    hashes x-moring-key, and Mooring writes x-mooring-key: no request has the header, and each goes to any pod\n' +
        '    instead: httpHeaderName: x-mooring-key\n' +
        '2 objects, 1 configuration of Mooring: 1 error, 2 warnings\n' +
        '3 findings can be put right by --fix\n',
      stderr: '',
    })
  })

  test('--fix writes that into the files, and leaves every other byte', () => {
    const directory = join(folder, 'fix')
    mkdirSync(directory)
    writeFileSync(join(directory, 'plugin.yaml'), `# why\n${PLUGIN}`)
    writeFileSync(join(directory, 'rule.yaml'), RULE)
    writeFileSync(
      join(directory, 'quoted.yaml'),
      `${PLUGIN.replace('mooring,', 'mooring-b,')}    key: {header: 010}\n`,
    )
    const { status, stdout, stderr } = mooring(['check', '--fix', directory])
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: '3 objects, 2 configurations of Mooring: nothing found\n',
    })
    expect(stderr).toBe(
      `${join(directory, 'plugin.yaml')}: 2 changed\n` +
        `${join(directory, 'quoted.yaml')}: 3 changed\n` +
        `${join(directory, 'rule.yaml')}: 1 changed\n`,
    )
    expect(readFileSync(join(directory, 'plugin.yaml'), 'utf8')).toBe(
      `# why\n${PLUGIN.replace('  selector', '  priority: 10\n  selector').replace('  url', '  failStrategy: FAIL_OPEN\n  url')}`,
    )
    expect(readFileSync(join(directory, 'rule.yaml'), 'utf8')).toBe(RULE.replace('moring', 'mooring'))
    expect(readFileSync(join(directory, 'quoted.yaml'), 'utf8')).toContain('key: {header: "010"}\n')
    rmSync(directory, { recursive: true })
  })

  test('reads what kubectl prints, with the places of the items', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { kind: 'Service', metadata: { name: 'web' } },
        {
          apiVersion: 'extensions.istio.io/v1alpha1',
          kind: 'WasmPlugin',
          metadata: { name: 'mooring', namespace: 'shop' },
          spec: {
            url: 'file:///mooring.wasm',
            priority: 1,
            match: [{ mode: 'CLIENT' }],
            pluginConfig: {},
          },
        },
      ],
    }
    const { status, stdout } = mooring(['check', '-'], JSON.stringify(list, null, 1))
    expect(status).toBe(1)
    expect(stdout).toBe(
      '-:26:5: error empty_configuration: WasmPlugin shop/mooring (root)\n' +
        '    neither session nor key is there; write {"session": {}} for a session cookie and a key from it\n' +
        '2 objects, 1 configuration of Mooring: 1 error, 0 warnings\n',
    )
  })

  test('reads a directory, and passes over what is no object there', () => {
    const directory = join(folder, 'deploy')
    mkdirSync(join(directory, 'base'), { recursive: true })
    writeFileSync(join(directory, 'values.yaml'), 'image: {tag: "1"}\n')
    writeFileSync(join(directory, 'base', 'rule.yml'), RULE.replace('moring', 'mooring'))
    writeFileSync(join(directory, 'base', 'notes.txt'), 'kind: {')
    expect(mooring(['check', directory]).stdout).toBe(
      '1 object, 0 configurations of Mooring: nothing found\n',
    )
    rmSync(directory, { recursive: true })
  })

  test('leaves the plugins of others alone', () => {
    const other = PLUGIN.replaceAll('mooring', 'coraza').replace('session: {}', 'directives: []')
    expect(mooring(['check', '-'], other).stdout).toBe(
      '1 object, 0 configurations of Mooring: nothing found\n',
    )
  })

  test('takes a secret that only the proxy has to be there, but not one that nobody provides', () => {
    const plugin = (env: object[]) =>
      JSON.stringify({
        kind: 'WasmPlugin',
        metadata: { name: 'keyed' },
        spec: {
          vmConfig: { env },
          priority: 1,
          failStrategy: 'FAIL_OPEN',
          match: [{ mode: 'CLIENT' }],
          pluginConfig: { session: {}, key: { hashSecret: { env: 'SECRET' } } },
        },
      })
    expect(mooring(['check', '-'], plugin([{ name: 'SECRET', valueFrom: 'HOST' }])).status).toBe(0)
    const missing = mooring(['check', '-'], plugin([]))
    expect(missing.status).toBe(1)
    expect(missing.stdout).toContain('error secret_missing: WasmPlugin keyed /key/hashSecret/env')
    const two = mooring(
      ['check', '-'],
      'session: {cookie: {secure: true}, signing: {keys: [{id: a, env: A}, {id: b, env: B}], idleTimeout: 1h}}\n',
    )
    expect(two.status).toBe(0)
    const weak = mooring(['check', '-'], plugin([{ name: 'SECRET', value: 'aGVsbG8=' }]))
    expect(weak.status).toBe(1)
    expect(weak.stdout).toContain('error secret_invalid: WasmPlugin keyed /key/hashSecret/env')
    expect(weak.stdout).not.toContain('aGVsbG8')
  })

  test('is silent about a code that the command line or the object itself says is meant so', () => {
    const codes = ['priority_missing', 'fail_strategy_missing', 'header_not_written']
    expect(
      mooring(['check', ...codes.flatMap((code) => ['--ignore', code]), '-'], `${PLUGIN}---\n${RULE}`),
    ).toEqual({
      status: 0,
      stdout: '2 objects, 1 configuration of Mooring: nothing found\n',
      stderr: '',
    })
    const annotated = RULE.replace(
      'namespace: shop}',
      'namespace: shop, annotations: {ignore.mooring-check/header_not_written: another filter writes it}}',
    )
    expect(mooring(['check', '-'], `${PLUGIN}---\n${annotated}`).stdout).not.toContain('header_not_written')
  })

  test('--strict ends with 1 for warnings too', () => {
    const plugin = PLUGIN.replace('  url', '  failStrategy: FAIL_OPEN\n  url')
    expect(mooring(['check', '-'], plugin).status).toBe(0)
    expect(mooring(['check', '--strict', '-'], plugin).status).toBe(1)
  })
})

describe('mooring check --format', () => {
  const SLIP = RULE.replace('metadata: {name: cart, namespace: shop}', 'metadata: {name: cart}')
  const PINNED = PLUGIN.replace('  url', '  priority: 10\n  failStrategy: FAIL_OPEN\n  url')
  const input = `${PINNED}---\n${SLIP}`
  const message =
    'hashes x-moring-key, and Mooring writes x-mooring-key: no request has the header, and each goes to any pod'

  test('json', () => {
    const { status, stdout } = mooring(['check', '--format', 'json', '-'], input)
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      objects: 2,
      configurations: 1,
      findings: [
        {
          severity: 'error',
          code: 'header_not_written',
          file: '-',
          line: 19,
          column: 24,
          object: 'DestinationRule cart',
          message,
          instead: 'httpHeaderName: x-mooring-key',
          fixable: true,
        },
      ],
    })
  })

  test('github', () => {
    expect(mooring(['check', '--format', 'github', '-'], input).stdout).toBe(
      `::error file=-,line=19,col=24,title=header_not_written::DestinationRule cart: ${message}%0Ainstead: httpHeaderName: x-mooring-key\n`,
    )
  })

  test('sarif', () => {
    expect(JSON.parse(mooring(['check', '--format', 'sarif', '-'], input).stdout)).toEqual({
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'mooring check', rules: [{ id: 'header_not_written' }] } },
          columnKind: 'utf16CodeUnits',
          results: [
            {
              ruleId: 'header_not_written',
              ruleIndex: 0,
              level: 'error',
              message: { text: `DestinationRule cart: ${message}\nInstead: httpHeaderName: x-mooring-key` },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'stdin' },
                    region: { startLine: 19, startColumn: 24 },
                  },
                },
              ],
            },
          ],
        },
      ],
    })
  })
})

describe('mooring check ends with 2', () => {
  test.each([
    [['check'], 'check: name a file, or - for standard input'],
    [[], 'no command; there is: check, explain, probe'],
    [['chekc', 'x'], 'no command "chekc"; there is: check, explain, probe'],
    [['check', '--format', 'xml', 'x'], '--format xml: expected text, json, sarif or github'],
    [['check', '--istio', 'new', 'x'], '--istio new: expected a version such as 1.29 or 1.29.6'],
    [['check', '--fix', '-'], '--fix: standard input cannot be changed'],
  ])('and says what to write: %j', (args, message) => {
    const { status, stdout, stderr } = mooring(args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr.startsWith(`mooring: ${message}`)).toBe(true)
    const command = args[0] === 'check' ? 'mooring check' : 'mooring'
    expect(stderr.endsWith(`\n${command} --help says more\n`)).toBe(true)
  })

  test('for a file that is not there, or has nothing to check', () => {
    const absent = mooring(['check', join(folder, 'absent.yaml')])
    expect(absent.status).toBe(2)
    expect(absent.stderr).toMatch(/^mooring: ENOENT: no such file or directory, /)
    expect(mooring(['check', '-'], '- a list\n')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'mooring: -: no Kubernetes object and no pluginConfig in there\n',
    })
  })
})

test('--help says how to use it, with examples', () => {
  const help = (...args: string[]) =>
    execFileSync(process.execPath, ['build/js/cli/main.js', ...args], { encoding: 'utf8' })
  expect(help('check', '--help')).toMatch(/^Usage: mooring check FILE\.\.\.\n/)
  expect(help('check', '--help')).toContain('mooring check manifests/ingress-gateway/wasm-plugin.yaml')
  expect(help('--help')).toMatch(/^Usage: mooring COMMAND\n/)
  expect(help('--help')).toContain('check      say what breaks sessions, before it is applied')
})
