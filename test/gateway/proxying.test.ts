import { Agent } from 'node:http'
import { createServer as createSocketServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeaderEntry, RingHash, xxHash64 } from '../../host/envoy/index.ts'
import { Gateway, type GatewayConfig } from '../../host/gateway/index.ts'
import { type App, ask, exchangeBytes, latch, type Received, startApp, valuesOf } from './app.ts'

/** A gateway that sends everything to one cluster. */
function towards(endpoints: { address: string; healthy?: boolean }[], more: Partial<GatewayConfig> = {}) {
  return Gateway.start({
    virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app' }] }],
    clusters: [{ name: 'app', endpoints }],
    ...more,
  })
}

describe('a request', () => {
  let app: App
  let gateway: Gateway
  beforeAll(async () => {
    app = await startApp((received, response) => response.end(`${received.method} ${received.body}`))
    gateway = await towards([app], { useRemoteAddress: true })
  })
  afterAll(async () => {
    await gateway.close()
    await app[Symbol.asyncDispose]()
  })
  const last = (): Received => {
    const received = app.received[app.received.length - 1]
    if (received === undefined) throw new Error('nothing has reached the upstream')
    return received
  }

  test('reaches the upstream with lower-case names, in order, Cookie lines apart, values byte for byte', async () => {
    const headers: HeaderEntry[] = [
      ['host', 'test.com'],
      ['X-First', 'a'],
      ['Cookie', 'a=1'],
      ['X-Bytes', '\u00c3\u00bc\u00ff'],
      ['Cookie', 'b=2'],
      ['X-First', 'b'],
    ]
    expect(await ask(`${gateway.url}/path?q=1`, { headers })).toMatchObject({ status: 200, body: 'GET ' })
    expect(last().path).toBe('/path?q=1')
    const sent = last().headers.filter(
      ([name]) => !['connection', 'x-request-id'].includes(name.toLowerCase()),
    )
    expect(sent).toEqual([
      ['host', 'test.com'],
      ['x-first', 'a'],
      ['cookie', 'a=1'],
      ['x-bytes', '\u00c3\u00bc\u00ff'],
      ['cookie', 'b=2'],
      ['x-first', 'b'],
      ['x-forwarded-proto', 'http'],
      ['x-forwarded-for', '127.0.0.1'],
    ])
    expect(valuesOf(last(), 'x-request-id')).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)])
  })

  test('leaves behind what concerns the connection only', async () => {
    const headers: HeaderEntry[] = [
      ['connection', 'keep-alive, x-hop, te'],
      ['keep-alive', 'timeout=9'],
      ['proxy-connection', 'keep-alive'],
      ['x-hop', '1'],
      ['te', 'trailers'],
      ['x-stays', '1'],
    ]
    await ask(gateway.url, { headers })
    expect(valuesOf(last(), 'x-hop')).toEqual([])
    expect(valuesOf(last(), 'proxy-connection')).toEqual([])
    expect(valuesOf(last(), 'te')).toEqual(['trailers'])
    expect(valuesOf(last(), 'x-stays')).toEqual(['1'])
  })

  test('brings its body along, with a length or in chunks', async () => {
    expect(await ask(gateway.url, { method: 'POST', body: 'with a length' })).toMatchObject({
      body: 'POST with a length',
    })
    expect(valuesOf(last(), 'content-length')).toEqual(['13'])
    const chunked = 'PUT / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n'
    const answer = await exchangeBytes(gateway.port, `${chunked}2\r\nin\r\n7\r\n chunks\r\n0\r\n\r\n`)
    expect(answer).toMatch(/PUT in chunks/)
    expect(valuesOf(last(), 'transfer-encoding')).toEqual(['chunked'])
  })

  test('that names its host in the request line is meant for that host', async () => {
    await exchangeBytes(
      gateway.port,
      'GET http://shop.example.com/a HTTP/1.1\r\nhost: other\r\nconnection: close\r\n\r\n',
    )
    expect(last().path).toBe('/a')
    expect(valuesOf(last(), 'host')).toEqual(['shop.example.com'])
  })

  test('that is no HTTP gets 400 and reaches nobody', async () => {
    const before = app.received.length
    expect(await exchangeBytes(gateway.port, 'GET / HTTP/1.1\r\nhost: a\r\nx-nul: a\0b\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n/,
    )
    expect(app.received.length).toBe(before)
  })
})

describe('an answer', () => {
  test('reaches the client with its status and headers, Set-Cookie lines apart, and with Envoy’s own', async () => {
    await using app = await startApp((_request, response) => {
      response.writeHead(201, ['Set-Cookie', 'a=1', 'X-App', 'yes', 'Set-Cookie', 'b=2', 'Server', 'app'])
      response.end('created')
    })
    await using gateway = await towards([app])
    const seen = await ask(gateway.url, { headers: [['connection', 'keep-alive']], agent: new Agent() })
    expect(seen.status).toBe(201)
    expect(seen.body).toBe('created')
    expect(valuesOf(seen, 'set-cookie')).toEqual(['a=1', 'b=2'])
    expect(valuesOf(seen, 'x-app')).toEqual(['yes'])
    expect(valuesOf(seen, 'server')).toEqual(['envoy'])
    expect(valuesOf(seen, 'x-envoy-upstream-service-time')).toEqual([expect.stringMatching(/^\d+$/)])
    expect(valuesOf(seen, 'connection')).toEqual([])
    expect(valuesOf(seen, 'keep-alive')).toEqual([])
  })

  test('streams: the client reads its beginning before the upstream has written its end', async () => {
    const firstRead = latch()
    await using app = await startApp((_request, response) => {
      response.write('first')
      void firstRead.opened.then(() => response.end(' last'))
    })
    await using gateway = await towards([app])
    const answer = await fetch(gateway.url)
    const reader = (answer.body ?? new ReadableStream<Uint8Array>()).getReader()
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('first')
    firstRead.open()
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(' last')
  })

  test.each(['HEAD', 'GET'])('to %s without a body has none', async (method) => {
    await using app = await startApp((_request, response) => response.writeHead(204).end())
    await using gateway = await towards([app])
    expect(await ask(gateway.url, { method })).toMatchObject({ status: 204, body: '' })
  })

  test('that breaks off does not look whole', async () => {
    await using app = await startApp((_request, response) => {
      response.writeHead(200, { 'content-length': '10' })
      response.write('abc', () => response.destroy())
    })
    await using gateway = await towards([app])
    await expect(ask(gateway.url)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})

describe('a request that cannot be answered by an upstream gets Envoy’s reply', () => {
  const failing = async (onRequest: 'close' | 'garbage') => {
    const server = createSocketServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () =>
        onRequest === 'close' ? socket.destroy() : socket.end('this is no HTTP\r\n\r\n'),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { address: `127.0.0.1:${port}`, [Symbol.dispose]: () => server.close() }
  }

  test('404 without a route', async () => {
    await using gateway = await Gateway.start({ virtualHosts: [], clusters: [] })
    const seen = await ask(gateway.url)
    expect(seen).toMatchObject({ status: 404, body: '' })
    expect(valuesOf(seen, 'content-length')).toEqual(['0'])
    expect(valuesOf(seen, 'x-envoy-upstream-service-time')).toEqual([])
  })

  test('503 when no host is healthy', async () => {
    await using gateway = await Gateway.start({
      virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app' }] }],
      clusters: [
        { name: 'app', endpoints: [{ address: '127.0.0.1:1', healthy: false }], healthyPanicThreshold: 0 },
      ],
    })
    const seen = await ask(gateway.url)
    expect(seen).toMatchObject({ status: 503, body: 'no healthy upstream' })
    expect(valuesOf(seen, 'content-type')).toEqual(['text/plain'])
  })

  test('503 when the host refuses the connection', async () => {
    await using gateway = await towards([{ address: '127.0.0.1:1' }])
    expect(await ask(gateway.url)).toMatchObject({
      status: 503,
      body: 'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure',
    })
  })

  test('503 when the host closes the connection without an answer', async () => {
    using host = await failing('close')
    await using gateway = await towards([host])
    expect(await ask(gateway.url)).toMatchObject({
      status: 503,
      body: 'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
    })
  })

  test('502 when the host answers something that is no HTTP', async () => {
    using host = await failing('garbage')
    await using gateway = await towards([host])
    expect(await ask(gateway.url)).toMatchObject({
      status: 502,
      body: 'upstream connect error or disconnect/reset before headers. reset reason: protocol error',
    })
  })
})

describe('the hash policy', () => {
  const apps: App[] = []
  beforeAll(async () => {
    for (const name of ['a', 'b', 'c']) {
      apps.push(await startApp((_request, response) => response.setHeader('x-pod', name).end()))
    }
  })
  afterAll(async () => {
    for (const app of apps) await app[Symbol.asyncDispose]()
  })
  const balanced = (hashPolicy: NonNullable<GatewayConfig['virtualHosts'][0]['routes'][0]['hashPolicy']>) =>
    towards([], {
      virtualHosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app', hashPolicy }] },
      ],
      clusters: [{ name: 'app', endpoints: apps, loadBalancer: { ringHash: {} } }],
    })
  const podOf = async (url: string, headers: HeaderEntry[] = []) =>
    valuesOf(await ask(url, { headers }), 'x-pod')[0]
  const podsByAddress = () => new Map(apps.map(({ address }, i) => [address, ['a', 'b', 'c'][i]]))

  test('decides the host of each request as the model does', async () => {
    await using gateway = await balanced([{ header: { headerName: 'x-user' } }])
    const ring = new RingHash(apps)
    for (let i = 0; i < 20; i++) {
      const expected = podsByAddress().get(ring.chooseHost(xxHash64(`user-${i}`))?.address ?? '')
      expect(await podOf(gateway.url, [['x-user', `user-${i}`]])).toBe(expected)
    }
  })

  test('generates a cookie from the connection, keeps it out of the upstream request and hashes it next time', async () => {
    await using gateway = await balanced([{ cookie: { name: 'ISTIOID', ttl: 60, path: '/' } }])
    const first = await ask(gateway.url)
    const [setCookie = ''] = valuesOf(first, 'set-cookie')
    expect(setCookie).toMatch(/^ISTIOID="[0-9a-f]{16}"; Max-Age=60; Path=\/; HttpOnly$/)
    expect(apps.flatMap(({ received }) => received.flatMap((one) => valuesOf(one, 'cookie')))).toEqual([])

    const [cookie = ''] = setCookie.split(';')
    const again = await ask(gateway.url, { headers: [['cookie', cookie]] })
    expect(valuesOf(again, 'x-pod')).toEqual(valuesOf(first, 'x-pod'))
    expect(valuesOf(again, 'set-cookie')).toEqual([])
  })

  test('that finds nothing leaves the host to a random number', async () => {
    let drawn = 0n
    await using gateway = await Gateway.start({
      virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app' }] }],
      clusters: [{ name: 'app', endpoints: apps, loadBalancer: { maglev: { tableSize: 7 } } }],
      random: () => drawn++,
    })
    const pods = new Set<string | undefined>()
    for (let i = 0; i < 7; i++) pods.add(await podOf(gateway.url))
    expect([...pods].sort()).toEqual(['a', 'b', 'c'])
  })
})

describe('a gateway', () => {
  test('keeps connections open on both sides', async () => {
    await using app = await startApp()
    await using gateway = await towards([app])
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = 0; i < 3; i++) await ask(gateway.url, { agent })
    expect(gateway.stats()).toContain('http.ingress.downstream_cx_total: 1')
    expect(gateway.stats()).toContain('http.ingress.downstream_rq_total: 3')
    agent.destroy()
  })

  test('shows its counters on the admin page, in Envoy’s names', async () => {
    await using app = await startApp()
    await using gateway = await towards([app], { admin: {} })
    await ask(gateway.url)
    await ask(gateway.url, { headers: [['host', 'test.com']] })
    const page = await ask(`${gateway.adminUrl ?? ''}/stats?filter=cluster.app`)
    expect(page.body.split('\n')).toEqual([
      'cluster.app.membership_healthy: 1',
      'cluster.app.membership_total: 1',
      'cluster.app.upstream_rq_2xx: 2',
      'cluster.app.upstream_rq_active: 0',
      'cluster.app.upstream_rq_total: 2',
      '',
    ])
    expect(await ask(`${gateway.adminUrl ?? ''}/ready`)).toMatchObject({ status: 200, body: 'LIVE\n' })
    expect(await ask(`${gateway.adminUrl ?? ''}/`)).toMatchObject({ status: 404 })
  })

  test('finishes what is in flight when it closes, and takes nothing new', async () => {
    const arrived = latch()
    const answered = latch()
    await using app = await startApp((_request, response) => {
      arrived.open()
      void answered.opened.then(() => response.end('late'))
    })
    const gateway = await towards([app])
    const agent = new Agent({ keepAlive: true })
    const late = ask(gateway.url, { agent })
    await arrived.opened
    const closed = gateway.close()
    await expect(ask(gateway.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    answered.open()
    const seen = await late
    expect(seen.body).toBe('late')
    expect(valuesOf(seen, 'connection')).toEqual(['close'])
    await closed
    agent.destroy()
  })

  test('cuts off what takes longer than drainTime', async () => {
    const arrived = latch()
    await using app = await startApp(arrived.open)
    const gateway = await towards([app], { drainTime: 20 })
    const never = ask(gateway.url).catch((error: unknown) => error)
    await arrived.opened
    await gateway.close()
    expect(await never).toMatchObject({ code: 'ECONNRESET' })
  })

  test('gives up upstream what the client has given up', async () => {
    const arrived = latch()
    const givenUp = latch()
    await using app = await startApp((_request, response) => {
      response.once('close', givenUp.open)
      arrived.open()
    })
    await using gateway = await towards([app])
    const impatient = new AbortController()
    const call = fetch(gateway.url, { signal: impatient.signal }).catch((error: unknown) => error)
    await arrived.opened
    impatient.abort()
    expect(await call).toMatchObject({ name: 'AbortError' })
    await givenUp.opened
    expect(gateway.stats()).toContain('cluster.app.upstream_rq_active: 0')
    expect(gateway.stats()).not.toContain('cluster.app.upstream_rq_5xx: 1')
  })
})
