import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeaderEntry, Maglev, xxHash64 } from '../../host/envoy/index.ts'
import { Gateway, type GatewayConfig, type WasmFilterConfig } from '../../host/gateway/index.ts'
import type { LogEntry } from '../../host/index.ts'
import { type App, ask, startApp, valuesOf } from './app.ts'
import { compileGuest } from './guest.ts'

let module: Uint8Array
let app: App
beforeAll(async () => {
  module = await compileGuest()
  app = await startApp((received, response) => {
    const order = /^\/answer\/([a-z]+)/.exec(received.path)?.[1]
    if (order !== undefined) response.setHeader('x-do', order)
    response.end('from the app')
  })
})
afterAll(() => app[Symbol.asyncDispose]())

function guarded(filters: Partial<WasmFilterConfig>[], more: Partial<GatewayConfig> = {}) {
  return Gateway.start({
    virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app' }] }],
    clusters: [{ name: 'app', endpoints: [app] }],
    filters: filters.map((filter, i) => ({ name: `guest-${i}`, module, ...filter })),
    ...more,
  })
}

const order = (what: string, who = ''): { headers: HeaderEntry[] } => ({
  headers: [
    ['x-do', what],
    ['x-who', who],
  ],
})
const lastReceived = () => app.received.slice(-1)[0] ?? { headers: [], path: '', body: '' }
const counted = (gateway: Gateway, name: string) =>
  gateway.stats().find((line) => line.startsWith(`wasmcustom.gateway_guest.${name}: `)) ?? 'none'

describe('filters', () => {
  test('see requests in order and answers in reverse', async () => {
    await using gateway = await guarded([{ name: 'first' }, { name: 'second' }])
    const seen = await ask(gateway.url)
    expect(seen).toMatchObject({ status: 200, body: 'from the app++' })
    expect(valuesOf(lastReceived(), 'x-seen-by')).toEqual(['first', 'second'])
    expect(valuesOf(seen, 'x-passed')).toEqual(['second', 'first'])
  })

  test('read the client’s address, what a hook knows of the request, and where the answer came from', async () => {
    await using gateway = await guarded([{}], {
      metadata: (request) => ({ auth: { tenant: `tenant of ${request.get('authorization') ?? 'nobody'}` } }),
      useRemoteAddress: true,
      xffNumTrustedHops: 1,
    })
    const headers: HeaderEntry[] = [
      ['authorization', 'alice'],
      ['x-forwarded-for', '203.0.113.7'],
    ]
    const seen = await ask(gateway.url, { headers })
    expect(valuesOf(lastReceived(), 'x-source')).toEqual(['203.0.113.7:0'])
    expect(valuesOf(lastReceived(), 'x-tenant')).toEqual(['tenant of alice'])
    expect(valuesOf(seen, 'x-details')).toEqual(['via_upstream'])
    expect(valuesOf(seen, 'x-upstream')).toEqual([app.address])
  })

  test('decide the route by what they write', async () => {
    await using gateway = await guarded([{}], {
      virtualHosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { path: '/rerouted' }, cluster: 'app' }] },
      ],
    })
    expect(await ask(`${gateway.url}/elsewhere`)).toMatchObject({ status: 404 })
    expect(await ask(`${gateway.url}/elsewhere`, order('reroute'))).toMatchObject({ status: 200 })
    expect(lastReceived().path).toBe('/rerouted')
  })

  test('decide the hash by what they write', async () => {
    const endpoints = [{ address: '127.0.0.1:1' }, { address: app.address }]
    const table = new Maglev(endpoints, { tableSize: 251 })
    const hashPolicy = [{ header: { headerName: 'x-seen-by' } }]
    const expected: number[] = []
    const statuses: number[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await using gateway = await guarded([{ name }], {
        virtualHosts: [
          { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app', hashPolicy }] },
        ],
        clusters: [{ name: 'app', endpoints, loadBalancer: { maglev: { tableSize: 251 } } }],
      })
      expected.push(table.chooseHost(xxHash64(name))?.address === app.address ? 200 : 503)
      statuses.push((await ask(gateway.url)).status)
    }
    expect(statuses).toEqual(expected)
  })

  test('end every stream with log and delete, in filters that the request never reached too', async () => {
    await using gateway = await guarded([{}, {}])
    await ask(gateway.url)
    await ask(gateway.url, order('reply', 'guest-0'))
    await ask(gateway.url)
    expect(counted(gateway, 'logged')).toBe('wasmcustom.gateway_guest.logged: 6')
    expect(counted(gateway, 'deleted')).toBe('wasmcustom.gateway_guest.deleted: 6')
  })

  test('change a request’s body on its way', async () => {
    await using gateway = await guarded([{}])
    await ask(gateway.url, { method: 'POST', body: 'sign this' })
    expect(lastReceived().body).toBe('sign this-signed!')
    expect(valuesOf(lastReceived(), 'content-length')).toEqual([])
  })

  test('log into the gateway’s log', async () => {
    const lines: LogEntry[] = []
    const gateway = await guarded([{ rootId: 'mine' }], { log: (entry) => lines.push(entry) })
    await ask(gateway.url)
    await gateway.close()
    expect(lines.map(({ message, rootId }) => `${rootId}: ${message}`)).toEqual(['mine: logged'])
  })

  test('tick on a real timer, and no longer once the gateway is closed', async () => {
    const gateway = await guarded([{ configuration: 'tick' }])
    while (counted(gateway, 'ticks') === 'none') await new Promise((resolve) => setTimeout(resolve, 5))
    await gateway.close()
    const ticks = counted(gateway, 'ticks')
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(counted(gateway, 'ticks')).toBe(ticks)
  })

  test('that refuse their configuration keep the gateway from starting', async () => {
    await expect(guarded([{ configuration: 'refuse' }])).rejects.toMatchObject({
      name: 'PluginRefusedError',
      code: 'configure_failed',
    })
  })

  test('that are no Wasm keep the gateway from starting', async () => {
    await expect(guarded([{ module: Uint8Array.of(1, 2, 3) }])).rejects.toMatchObject({
      code: 'invalid_module',
    })
  })
})

describe('a local reply', () => {
  test('of a filter passes the filters in front of it and its own, and reaches no upstream', async () => {
    await using gateway = await guarded([{ name: 'first' }, { name: 'second' }, { name: 'third' }])
    const before = app.received.length
    const seen = await ask(gateway.url, order('reply', 'second'))
    expect(seen).toMatchObject({ status: 403, body: 'denied' })
    expect(valuesOf(seen, 'x-passed')).toEqual(['second', 'first'])
    expect(valuesOf(seen, 'x-details')).toEqual(['guest_said_no'])
    expect(valuesOf(seen, 'x-upstream')).toEqual(['-'])
    expect(app.received.length).toBe(before)
  })

  test.each([
    ['route_not_found', 404, { virtualHosts: [] }],
    [
      'no_healthy_upstream',
      503,
      {
        clusters: [
          { name: 'app', endpoints: [{ address: '127.0.0.1:1', healthy: false }], healthyPanicThreshold: 0 },
        ],
      },
    ],
    [
      'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}',
      503,
      { clusters: [{ name: 'app', endpoints: [{ address: '127.0.0.1:1' }] }] },
    ],
  ] satisfies [string, number, Partial<GatewayConfig>][])(
    'of the router passes all filters: %s',
    async (details, status, config) => {
      await using gateway = await guarded([{ name: 'first' }, { name: 'second' }], config)
      const seen = await ask(gateway.url)
      expect(seen.status).toBe(status)
      expect(valuesOf(seen, 'x-passed')).toEqual(['second', 'first'])
      expect(valuesOf(seen, 'x-details')).toEqual([details])
    },
  )

  test('to a request’s body cuts the request off and passes all filters', async () => {
    await using gateway = await guarded([{ name: 'first' }, { name: 'second' }])
    const before = app.received.length
    const seen = await ask(gateway.url, { method: 'POST', body: 'no, never' })
    expect(seen).toMatchObject({ status: 413, body: 'not this' })
    expect(valuesOf(seen, 'x-passed')).toEqual(['first', 'second'])
    expect(app.received.length).toBe(before)
  })

  test('in the middle of an answer takes its place', async () => {
    await using gateway = await guarded([{}])
    expect(await ask(`${gateway.url}/answer/reply`)).toMatchObject({ status: 418, body: 'instead' })
  })
})

describe('what a filter writes wrongly', () => {
  test('into a request is refused as Envoy refuses it', async () => {
    await using gateway = await guarded([{}])
    const before = app.received.length
    expect(await ask(gateway.url, order('crlf'))).toMatchObject({
      status: 503,
      body: 'invalid header value for: x-bad',
    })
    const badName = await ask(gateway.url, order('bad-name'))
    expect(badName).toMatchObject({ status: 503, body: 'invalid header name: x bad' })
    expect(valuesOf(badName, 'x-details')).toEqual([
      'filter_removed_required_request_headers{invalid_header_name:_x_bad}',
    ])
    expect(await ask(gateway.url, order('no-path'))).toMatchObject({ status: 404 })
    expect(app.received.length).toBe(before)
  })

  test('into an answer is not sent', async () => {
    await using gateway = await guarded([{}])
    const seen = await ask(`${gateway.url}/answer/crlf`)
    expect(seen).toMatchObject({ status: 502, body: 'invalid header value for: x-bad' })
    expect(valuesOf(seen, 'set-cookie')).toEqual([])
    expect(await ask(gateway.url, order('reply-crlf'))).toMatchObject({
      status: 502,
      body: 'invalid header value for: x-bad',
    })
  })

  test('a pause that nothing will end is answered', async () => {
    await using gateway = await guarded([{}])
    const seen = await ask(gateway.url, order('pause'))
    expect(seen).toMatchObject({ status: 503, body: '' })
  })

  test('a reset cuts the connection', async () => {
    await using gateway = await guarded([{}])
    await expect(ask(gateway.url, order('reset'))).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})

describe('a filter that traps', () => {
  const statuses = async (gateway: Gateway, ...orders: string[]) => {
    const found: number[] = []
    for (const what of orders) found.push((await ask(gateway.url, order(what))).status)
    return found
  }

  test('answers 503 from then on under FAIL_CLOSED, which is the default', async () => {
    await using gateway = await guarded([{}])
    expect(await statuses(gateway, '', 'trap', '', '')).toEqual([200, 503, 503, 503])
  })

  test('costs one 503 under FAIL_OPEN and is then left out', async () => {
    await using gateway = await guarded([{ failurePolicy: 'FAIL_OPEN' }])
    expect(await statuses(gateway, 'trap', '', '')).toEqual([503, 200, 200])
    expect(valuesOf(lastReceived(), 'x-seen-by')).toEqual([])
  })

  test('comes back in a new VM after a second under FAIL_RELOAD', async () => {
    await using gateway = await guarded([{ failurePolicy: 'FAIL_RELOAD' }])
    expect(await statuses(gateway, 'trap', '')).toEqual([503, 503])
    while ((await ask(gateway.url)).status === 503) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await ask(gateway.url)).toMatchObject({ status: 200 })
    expect(valuesOf(lastReceived(), 'x-seen-by')).toEqual(['guest-0'])
  })

  test('while it looks at an answer takes that answer’s place with 503', async () => {
    await using gateway = await guarded([{}])
    expect(await ask(`${gateway.url}/answer/trap`)).toMatchObject({ status: 503, body: '' })
  })

  test('takes along the filters that share its VM, and no others', async () => {
    const open = { failurePolicy: 'FAIL_OPEN' } as const
    await using gateway = await guarded([open, open, { ...open, environment: { OTHER: '1' } }])
    await ask(gateway.url, order('trap'))
    expect(await ask(gateway.url)).toMatchObject({ status: 200 })
    expect(valuesOf(lastReceived(), 'x-seen-by')).toEqual(['guest-2'])
  })
})
