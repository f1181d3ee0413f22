/** The command as users run it, and what it prints. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HASH_SECRET } from '../filter/mooring.ts'
import { type Ended, runMooring } from './run-mooring.ts'

const folder = mkdtempSync(join(tmpdir(), 'mooring-explain-'))
const file = (name: string): string => join(folder, name)
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const GATEWAY = 'manifests/ingress-gateway'
const RULES = 'manifests/destination-rules'
const PODS = ['--pods', '10.0.0.1:8080,10.0.0.2:8080']

const EVIL: Readonly<Record<string, string>> = {
  plugin: JSON.stringify({
    kind: 'WasmPlugin',
    metadata: { name: 'a\u001b[2Jb', namespace: 'ns' },
    spec: { pluginConfig: { key: { from: [{ constant: 'a\u009b[2Jb' }] } } },
  }),
  rule: JSON.stringify({
    kind: 'DestinationRule',
    metadata: { name: 'a\u0007', namespace: 'ns' },
    spec: {
      host: 'web',
      trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-mooring-key' } } },
    },
  }),
}

function explain(args: readonly string[], options: Parameters<typeof runMooring>[1] = {}): Ended {
  return runMooring(['explain', ...args], options)
}

test('says each step from the request to the pod', () => {
  const manifests = `${GATEWAY},${RULES}/http-header-name.yaml`
  const request = ['-H', 'cookie: ISTIOID=abc', '-X', 'POST', 'https://test.com/cart?token=hunter2']
  expect(explain(['--manifests', manifests, ...PODS, ...request])).toEqual({
    status: 0,
    stdout: `\
POST https://test.com/cart
plugin      WasmPlugin istio-system/mooring (manifests/ingress-gateway/wasm-plugin.yaml), in a proxy of namespace istio-system
rule        none, the top level decides
session     valid: the session cookie counts
sources     from[0]  session  yielded
key         from session, in x-mooring-key
fingerprint N2KcaKaN
to          test2-bwce-srv.shop.svc.cluster.local
hashed      the header x-mooring-key, by DestinationRule shop/default-sticky-dr (manifests/destination-rules/http-header-name.yaml)
hash        0x5119d3b441aa868f
position    entry 325 of 1024 on the ring, at 0x511cea6438d719d5
pod         10.0.0.2:8080
`,
    stderr: '',
  })
})

test('says it to programs', () => {
  const args = ['--format', 'json', '--manifests', GATEWAY, '--manifests', `${RULES}/maglev.yaml`, ...PODS]
  const { status, stdout, stderr } = explain([...args, '-b', 'ISTIOID=abc', 'https://test.com/cart'])
  expect([status, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toEqual({
    request: 'GET https://test.com/cart',
    plugin: 'WasmPlugin istio-system/mooring (manifests/ingress-gateway/wasm-plugin.yaml)',
    namespace: 'istio-system',
    rule: null,
    mode: 'enforce',
    session: 'valid',
    sessionBecause: [],
    setsCookies: [],
    sources: [{ at: 'from[0]', source: 'session', outcome: 'yielded' }],
    key: 'session',
    keyHeader: 'x-mooring-key',
    fingerprint: 'N2KcaKaN',
    route: null,
    destination: {
      object: 'DestinationRule shop/default-sticky-dr (manifests/destination-rules/maglev.yaml)',
      host: 'test2-bwce-srv.shop.svc.cluster.local',
      subset: null,
      hashes: 'the header x-mooring-key',
    },
    outcome: {
      kind: 'pod',
      hash: '0x5119d3b441aa868f',
      position: { on: 'maglev', slot: 51072, size: 65537 },
      pod: '10.0.0.1:8080',
    },
    notes: [],
  })
})

test('a first visit: the pod cannot be foretold', () => {
  expect(explain(['--manifests', `${GATEWAY},${RULES}/http-header-name.yaml`, ...PODS, 'test.com'])).toEqual({
    status: 0,
    stdout: `\
GET http://test.com/
plugin      WasmPlugin istio-system/mooring (manifests/ingress-gateway/wasm-plugin.yaml), in a proxy of namespace istio-system
rule        none, the top level decides
session     minted: none came, a new session begins
            the answer sets the cookie ISTIOID
sources     from[0]  session  yielded
key         from session, in x-mooring-key
to          test2-bwce-srv.shop.svc.cluster.local
hashed      the header x-mooring-key, by DestinationRule shop/default-sticky-dr (manifests/destination-rules/http-header-name.yaml)
pod         cannot be foretold: the id of the new session is random; the pod that it picks stays, where the client keeps the cookie
`,
    stderr: '',
  })
})

describe('ends with 1 where something is missing, and says the rest', () => {
  test.each<[string, readonly string[], string]>([
    [
      'no pods',
      [`${GATEWAY},${RULES}/http-header-name.yaml`],
      'hash        0x5119d3b441aa868f\npod         unknown: no pods: give --pods, or the EndpointSlices of test2-bwce-srv.shop.svc.cluster.local, or its Service and Pods\n',
    ],
    [
      'no DestinationRule',
      [GATEWAY, ...PODS],
      'fingerprint N2KcaKaN\npod         unknown: no DestinationRule in the manifests\n',
    ],
    [
      'no address',
      [`${GATEWAY},${RULES}/use-source-ip.yaml`, ...PODS],
      "pod         unknown: the client's address is hashed: give --source-address\n",
    ],
  ])('%s', (_, args, end) => {
    const { status, stdout } = explain(['--manifests', ...args, '-b', 'ISTIOID=abc', 'test.com'])
    expect(status).toBe(1)
    expect(stdout.slice(-end.length)).toBe(end)
  })
})

describe('secrets', () => {
  const config = file('keyed.yaml')
  const secret = file('hash-secret')

  beforeAll(() => {
    writeFileSync(config, 'key: {hashSecret: {env: MOORING_HASH_SECRET}, from: [{header: x-user}]}\n')
    writeFileSync(secret, `${HASH_SECRET}\n`)
  })

  const args = [
    '--manifests',
    `${config},${RULES}/ring-hash.yaml`,
    ...PODS,
    '-H',
    'x-user: alice',
    'test.com',
  ]

  test('that only the proxy has are asked for', () => {
    expect(explain(args)).toEqual({
      status: 1,
      stdout: `\
pluginConfig (${config}): refused
  secret_missing at /key/hashSecret/env: MOORING_HASH_SECRET is not set; set it in the WasmPlugin, vmConfig.env (Envoy: vm_config.environment_variables); up to Envoy 1.38 plugins of one image share the environment of the first
a secret that only the proxy has is given by --env NAME=FILE, or in the environment
`,
      stderr: '',
    })
  })

  test('come from a file or from the environment, and the answer is the same', () => {
    const fromFile = explain(['--env', `MOORING_HASH_SECRET=${secret}`, ...args])
    expect(fromFile.status).toBe(0)
    expect(fromFile.stdout).toContain('\npod         10.0.0.')
    expect(explain(args, { env: { MOORING_HASH_SECRET: HASH_SECRET } })).toEqual(fromFile)
  })

  test('are never shown, nor is a key, a cookie or a claim', () => {
    const raw = file('raw.yaml')
    writeFileSync(raw, 'session: {}\nkey: {format: raw, from: [{claim: sub}, {header: x-user}]}\n')
    const values = ['alice-of-wonderland', 'bob-the-builder', 'cookie-value-7']
    const request = [
      '-H',
      `x-user: ${values[1] ?? ''}`,
      '-b',
      `ISTIOID=${values[2] ?? ''}`,
      'http://test.com/?t=hunter2',
    ]
    for (const format of ['text', 'json']) {
      for (const claims of [[], ['--claims', `{"sub":"${values[0] ?? ''}"}`]]) {
        const manifests = ['--manifests', `${raw},${RULES}/ring-hash.yaml`]
        const ended = explain(['--format', format, ...manifests, ...claims, ...PODS, ...request])
        expect(ended.status).toBe(0)
        for (const value of [...values, 'hunter2']) expect(ended.stdout).not.toContain(value)
      }
      const keyed = explain(['--format', format, '--env', `MOORING_HASH_SECRET=${secret}`, ...args])
      expect(keyed.stdout).not.toContain(HASH_SECRET.slice(0, 12))
    }
  })
})

test('nothing of a manifest or a request is obeyed by a terminal', () => {
  const manifests = ['plugin', 'rule'].map((name) => {
    writeFileSync(file(`${name}.yaml`), EVIL[name] ?? '')
    return file(`${name}.yaml`)
  })
  const { status, stdout } = explain([
    '--manifests',
    manifests.join(','),
    ...PODS,
    '-H',
    'host: a\u009b2Jb',
    'test.com',
  ])
  expect(status).toBe(0)
  expect(stdout).toContain('\nplugin      WasmPlugin ns/a?[2Jb (')
  expect(stdout).toContain('\nsources     from[0]  constant "a?[2Jb"  yielded\n')
  // eslint-disable-next-line no-control-regex -- that there are none is the point
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})

test('a configuration that proxies refuse is refused, to programs too', () => {
  const config = file('bad.yaml')
  writeFileSync(config, 'session: {cookie: {tll: 8h}}\n')
  const errors = ['unknown_field at /session/cookie/tll: not known here; did you mean ttl?']
  expect(explain(['--manifests', config, 'test.com'])).toEqual({
    status: 1,
    stdout: `pluginConfig (${config}): refused\n  ${errors.join('')}\n`,
    stderr: '',
  })
  const { status, stdout } = explain(['--format', 'json', '--manifests', config, 'test.com'])
  expect([status, JSON.parse(stdout)]).toEqual([1, { plugin: `pluginConfig (${config})`, refused: errors }])
})

test('reads what kubectl prints from standard input, and a request from a HAR file', () => {
  const har = file('visit.har')
  writeFileSync(
    har,
    JSON.stringify({
      log: { entries: [{ request: { method: 'GET', url: 'https://test.com/carts/7', headers: [] } }] },
    }),
  )
  const cluster = `
apiVersion: v1
kind: List
items:
- kind: WasmPlugin
  metadata: {name: mooring, namespace: istio-system}
  spec: {pluginConfig: {rules: [{name: carts, match: {paths: [/carts/**]}, key: {from: [{path: "/carts/{cart}"}]}}], session: {}}}
- kind: DestinationRule
  metadata: {name: web, namespace: shop}
  spec: {host: web, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: X-Mooring-Key}}}}
- kind: EndpointSlice
  metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
  ports: [{port: 80}]
  endpoints: [{addresses: [10.0.0.7]}]
`
  const { status, stdout, stderr } = explain(['--manifests', '-', '--har', har], { input: cluster })
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toContain('\nrule        carts\n')
  expect(stdout).toContain('\nsources     from[0]  path /carts/{cart}  yielded\n')
  expect(stdout).toMatch(
    /\nposition {4}entry \d+ of 1024 on the ring, at 0x[0-9a-f]{16}\npod {9}10\.0\.0\.7:80\n$/,
  )
})

describe('ends with 2 and says what to write', () => {
  test.each<[readonly string[], string]>([
    [[], 'mooring: explain: name manifests with --manifests PATH\nmooring explain --help says more\n'],
    [
      ['--manifests', GATEWAY],
      'mooring: explain: name one URL, or --har FILE\nmooring explain --help says more\n',
    ],
    [
      ['--manifests', RULES, 'test.com'],
      'mooring: no WasmPlugin, no TrafficExtension and no pluginConfig in the manifests\nmooring explain --help says more\n',
    ],
    [
      ['--manifests', GATEWAY, '--claims', 'alice', 'test.com'],
      'mooring: --claims: expected a JSON object, such as \'{"sub":"alice"}\'\nmooring explain --help says more\n',
    ],
  ])('%j', (args, stderr) => {
    expect(explain(args)).toEqual({ status: 2, stdout: '', stderr })
  })

  test.each([
    [['--manifests', '/nowhere', 'test.com'], /^mooring: ENOENT: no such file or directory, /],
    [['--manifests', '-', 'test.com'], /^mooring: -: Flow sequence in block collection must be/],
    [
      ['--env', 'A=/nowhere', '--manifests', GATEWAY, 'test.com'],
      /^mooring: ENOENT: no such file or directory, /,
    ],
    [['--wat', '--manifests', GATEWAY, 'test.com'], /^mooring: Unknown option '--wat'/],
  ])('%j', (args, stderr) => {
    const ended = explain(args, { input: 'a: [' })
    expect([ended.status, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toMatch(stderr)
  })
})

test('--help says how to use it, with exit codes and examples', () => {
  const { status, stdout } = explain(['--help'])
  expect(status).toBe(0)
  expect(stdout).toMatch(/^Usage: mooring explain --manifests PATH\.\.\. \[options\] URL\n/)
  expect(stdout).toContain('\nExit codes:\n  0   explained')
  expect(stdout).toContain('\nExamples:\n  mooring explain --manifests manifests/ingress-gateway,')
  expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
})
