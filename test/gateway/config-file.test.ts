import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GatewayConfigError, readGatewayConfig } from '../../host/gateway/index.ts'
import { ask, startApp, valuesOf } from './app.ts'
import { compileGuest } from './guest.ts'

let directory: string
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mooring-gateway-'))
  writeFileSync(join(directory, 'guest.wasm'), await compileGuest())
})
afterAll(() => {
  rmSync(directory, { recursive: true })
})

const ROUTES = 'virtualHosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, cluster: app}]}]'
const CLUSTERS = 'clusters: [{name: app, endpoints: [{address: "127.0.0.1:9"}]}]'

function refusal(text: string): { code: string; message: string } | undefined {
  try {
    readGatewayConfig(text, directory)
    return undefined
  } catch (error) {
    if (error instanceof GatewayConfigError) return { code: error.code, message: error.message }
    throw error
  }
}

describe('a configuration file', () => {
  test('names modules by their paths, and hands an object on as JSON', () => {
    const filters =
      'filters: [{name: a, module: guest.wasm, configuration: {b: [1]}}, {name: c, module: guest.wasm, configuration: text}]'
    const config = readGatewayConfig([ROUTES, CLUSTERS, filters].join('\n'), directory)
    expect(config.filters?.map(({ name, configuration }) => [name, configuration])).toEqual([
      ['a', '{"b":[1]}'],
      ['c', 'text'],
    ])
    expect(
      Buffer.from(config.filters?.[0]?.module ?? [])
        .subarray(0, 4)
        .toString(),
    ).toBe('\0asm')
  })

  test('says when a request is tried again, and what a cluster speaks', () => {
    const route =
      '{match: {prefix: /}, cluster: app, retryPolicy: {retryOn: "5xx,reset", perTryTimeout: 250}}'
    const config = readGatewayConfig(
      `
      virtualHosts: [{name: all, domains: ["*"], includeRequestAttemptCount: true, routes: [${route}]}]
      clusters: [{name: app, endpoints: [], http2ProtocolOptions: {}, circuitBreakers: {maxRetries: 9}}]
      `,
      directory,
    )
    expect(config.virtualHosts[0]?.routes[0]?.retryPolicy).toEqual({
      retryOn: '5xx,reset',
      perTryTimeout: 250,
    })
    expect(config.clusters[0]).toMatchObject({ http2ProtocolOptions: {}, circuitBreakers: { maxRetries: 9 } })
    const wrong = route.replace('"5xx,reset"', '[5xx]').replace('250', '0')
    expect(
      refusal(`virtualHosts: [{name: all, domains: ["*"], routes: [${wrong}]}]\n${CLUSTERS}`)?.message,
    ).toBe(
      [
        '/virtualHosts/0/routes/0/retryPolicy/retryOn: must be string',
        '/virtualHosts/0/routes/0/retryPolicy/perTryTimeout: must be >= 1',
      ].join('\n'),
    )
  })

  test('says everything that is wrong with it', () => {
    expect(
      refusal(`
        listner: {port: 80}
        virtualHosts: [{name: all, domains: "*", routes: [{match: {prefix: /, path: /a}, cluster: app}]}]
        clusters:
          - name: app
            endpoints: [{address: "127.0.0.1:9", weight: 0}]
            loadBalancer: fastest
          - name: other
            loadBalancer: {ringHash: {minimumSize: 7}}
      `),
    ).toEqual({
      code: 'bad_field',
      message: [
        '(root): unknown field "listner"',
        '/virtualHosts/0/domains: must be array',
        '/virtualHosts/0/routes/0/match: expected exactly one of its kinds',
        '/clusters/0/endpoints/0/weight: must be >= 1',
        '/clusters/0/loadBalancer: expected one of ["random","roundRobin"]',
        "/clusters/1: must have required property 'endpoints'",
        '/clusters/1/loadBalancer/ringHash: unknown field "minimumSize"',
      ].join('\n'),
    })
  })

  test.each([
    ['a: [', 'not_yaml'],
    [`${ROUTES}\nclusters: []`, 'unknown_cluster'],
    [`${ROUTES}\n${CLUSTERS}\nfilters: [{name: a, module: gone.wasm}]`, 'unreadable_module'],
  ])('is refused: %s', (text, code) => {
    expect(refusal(text)?.code).toBe(code)
  })
})

describe('mooring-gateway', () => {
  const MAIN = 'build/js/cli/gateway.js'

  test('runs a filter until it is told to end', async () => {
    await using app = await startApp()
    const file = join(directory, 'gateway.yaml')
    writeFileSync(
      file,
      `
admin: {}
filters: [{name: guest, module: guest.wasm, failurePolicy: FAIL_RELOAD}]
${ROUTES}
clusters: [{name: app, endpoints: [{address: "${app.address}"}], loadBalancer: {maglev: {tableSize: 251}}}]
`,
    )
    const child = spawn(process.execPath, [MAIN, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    try {
      const said = await firstLines(child, 2)
      const [, url = ''] = /^listening on (\S+)$/m.exec(said) ?? []
      const [, admin = ''] = /^admin page on (\S+)$/m.exec(said) ?? []
      expect((await ask(url)).status).toBe(200)
      expect(valuesOf(app.received[0] ?? { headers: [] }, 'x-seen-by')).toEqual(['guest'])
      expect((await ask(admin)).body).toContain('http.ingress.downstream_rq_2xx: 1\n')
    } finally {
      child.kill('SIGTERM')
    }
    expect(await exited).toBe(0)
  })

  test.each([
    [['--help'], 0, /^Usage: mooring-gateway FILE/, ''],
    [[], 2, /^$/, 'mooring-gateway: name one file\nmooring-gateway --help says more\n'],
    [
      ['/no/such.yaml'],
      2,
      /^$/,
      "mooring-gateway: ENOENT: no such file or directory, open '/no/such.yaml'\n",
    ],
  ])('%j', (args, status, stdout, stderr) => {
    const result = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
    expect([result.status, result.stderr]).toEqual([status, stderr])
    expect(result.stdout).toMatch(stdout)
  })
})

function firstLines(child: ChildProcess, count: number): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.split('\n').length > count) resolve(said)
    })
  })
}
