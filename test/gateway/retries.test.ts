/** Retries of the gateway. test/envoy/gateway-retries.test.ts compares more of them with a real Envoy. */
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Gateway, type GatewayConfig, type RetryPolicy, type RouteConfig } from '../../host/gateway/index.ts'
import { ask, latch, startApp, valuesOf } from './app.ts'
import { compileGuest } from './guest.ts'
import { RETRY_SCENARIOS, type RetryBench, startRetryBench, statsOf } from './retry-scenarios.ts'

const REFUSED =
  'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure'

describe('a request is tried again', () => {
  let bench: RetryBench
  let gateway: Gateway
  beforeAll(async () => {
    bench = await startRetryBench()
    gateway = await Gateway.start(bench.config)
  })
  afterAll(async () => {
    await gateway.close()
    await bench[Symbol.asyncDispose]()
  })

  test.each<[name: string, attempts: number, status: number, body: string]>([
    ['no-policy', 1, 503, 'answer 1'],
    ['once-by-default', 2, 503, 'answer 2'],
    ['twice', 3, 200, 'answer 3'],
    ['not-asked-for', 1, 500, 'answer 1'],
    ['status-codes', 3, 200, 'answer 3'],
    ['limited', 1, 503, 'limited'],
    ['reset', 2, 200, 'answer 2'],
    ['half', 1, 0, 'broken off'],
    ['connect-failure', 0, 503, REFUSED],
    ['connect-failure-elsewhere', 1, 200, 'answer 1'],
    ['per-try-timeout', 2, 200, 'answer 2'],
    ['per-try-timeout-not-asked-for', 1, 504, 'upstream request timeout'],
    ['body-too-large', 1, 503, 'answer 1'],
    ['no-more-at-once', 1, 503, 'answer 1'],
    ['http2-refused-stream', 2, 200, 'answer 2'],
    ['http2-reset-is-no-refusal', 1, 503, expect.stringMatching(/reset reason: remote reset$/) as string],
  ])('%s: %i reach a host, and the client gets %i', async (name, attempts, status, body) => {
    const scenario = RETRY_SCENARIOS.find((each) => each.name === name)
    if (scenario === undefined) throw new Error(`no scenario ${name}`)
    const seen = await bench.run(gateway.url, scenario, () => Promise.resolve(statsOf(gateway)))
    expect(seen).toMatchObject({ status, body })
    expect(seen.attempts.length).toBe(attempts)
  })

  test('on every host once before any again, each told its number', async () => {
    const scenario = RETRY_SCENARIOS.find(({ name }) => name === 'other-hosts')
    if (scenario === undefined) throw new Error('no scenario')
    const { attempts, stats, said } = await bench.run(gateway.url, scenario, () =>
      Promise.resolve(statsOf(gateway)),
    )
    expect(new Set(attempts.slice(0, 3).map((attempt) => attempt.slice(0, 'host 0'.length))).size).toBe(3)
    expect(attempts.map((attempt) => /told (\d)/.exec(attempt)?.[1])).toEqual(['1', '2', '3', '4'])
    expect(said).toEqual(['attempts 4', 'answer of 4'])
    expect(stats).toEqual({
      upstream_rq_total: 4,
      upstream_rq_2xx: 1,
      'retry.upstream_rq_5xx': 3,
      upstream_rq_retry: 3,
      upstream_rq_retry_success: 1,
      upstream_rq_retry_backoff_exponential: 3,
    })
  })
})

const POLICY: RetryPolicy = { retryOn: '5xx', retryBackOff: { baseInterval: 1 } }

function towards(
  address: string,
  route: Partial<RouteConfig> = {},
  more: Partial<GatewayConfig> = {},
): Promise<Gateway> {
  return Gateway.start({
    virtualHosts: [
      {
        name: 'all',
        domains: ['*'],
        routes: [{ match: { prefix: '/' }, cluster: 'app', retryPolicy: POLICY, ...route }],
      },
    ],
    clusters: [{ name: 'app', endpoints: [{ address }] }],
    ...more,
  })
}

test('nobody is told the number of an attempt who has not asked', async () => {
  let count = 0
  await using app = await startApp((_request, response) =>
    response.writeHead(count++ === 0 ? 503 : 200).end(),
  )
  await using gateway = await towards(app.address)
  const seen = await ask(gateway.url)
  expect(seen.status).toBe(200)
  expect(valuesOf(seen, 'x-envoy-attempt-count')).toEqual([])
  expect(app.received.flatMap((one) => valuesOf(one, 'x-envoy-attempt-count'))).toEqual([])
})

test('filters see a request once and the last answer only, and what they make of a body is sent each time', async () => {
  let count = 0
  await using app = await startApp((_request, response) =>
    response.writeHead(count++ === 0 ? 503 : 200).end(`answer ${count}`),
  )
  const module = await compileGuest()
  await using gateway = await towards(app.address, {}, { filters: [{ name: 'one', module }] })
  const seen = await ask(gateway.url, { method: 'POST', body: 'sign' })
  expect(seen).toMatchObject({ status: 200, body: 'answer 2+' })
  expect(valuesOf(seen, 'x-passed')).toEqual(['one'])
  expect(valuesOf(seen, 'x-upstream')).toEqual([app.address])
  expect(app.received.map(({ body }) => body)).toEqual(['sign-signed!', 'sign-signed!'])
  expect(app.received.map((one) => valuesOf(one, 'x-seen-by'))).toEqual([['one'], ['one']])
})

/** A request whose body is not whole: what is written here comes after the head. */
function halfRequest(gateway: Gateway): { write(body: string): void; end(): void; answer: Promise<string> } {
  const socket = connect(gateway.port, '127.0.0.1')
  let text = ''
  const answer = new Promise<string>((resolve) => {
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    socket.once('close', () => {
      resolve(text)
    })
  })
  socket.write('POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n')
  return {
    write: (body) => socket.write(`${body.length.toString(16)}\r\n${body}\r\n`),
    end: () => socket.write('0\r\n\r\n'),
    answer,
  }
}

/** Answers 503 to the head of the first request, and to later ones what their bodies are. */
async function hasty(gateway: (address: string) => Promise<Gateway>) {
  const { opened: refused, open } = latch()
  const bodies: string[] = []
  let count = 0
  const server = createServer((message, response) => {
    message.on('error', () => undefined)
    if (count++ === 0) {
      response.writeHead(503).end()
      open()
      return
    }
    let body = ''
    message.setEncoding('latin1').on('data', (chunk: string) => (body += chunk))
    message.once('end', () => {
      bodies.push(body)
      response.end(`got ${body}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    gateway: await gateway(`127.0.0.1:${port}`),
    refused,
    bodies,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function untilRetrying(gateway: Gateway): Promise<void> {
  while ((statsOf(gateway).get('cluster.app.retry.upstream_rq_5xx') ?? 0) === 0) await sleep(1)
}

test('a body that is still coming is sent from its beginning, and then as it comes', async () => {
  const { gateway, refused, bodies, close } = await hasty((address) => towards(address))
  const half = halfRequest(gateway)
  half.write('first ')
  await refused
  await untilRetrying(gateway)
  half.write('second')
  half.end()
  expect(await half.answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*got first second/)
  expect(bodies).toEqual(['first second'])
  await gateway.close()
  close()
})

test('a body that outgrows its limit between two tries is answered by 507', async () => {
  const retryPolicy = { retryOn: '5xx', retryBackOff: { baseInterval: 60_000 } }
  const { gateway, refused, bodies, close } = await hasty((address) =>
    towards(address, { retryPolicy, perRequestBufferLimitBytes: 8 }, { random: () => 59_999n }),
  )
  const half = halfRequest(gateway)
  half.write('12345678')
  await refused
  await untilRetrying(gateway)
  half.write('9')
  half.end()
  expect(await half.answer).toMatch(
    /^HTTP\/1\.1 507 Insufficient Storage\r\n[^]*exceeded request buffer limit while retrying upstream/,
  )
  expect(bodies).toEqual([])
  const stats = statsOf(gateway)
  expect(stats.get('cluster.app.retry_or_shadow_abandoned')).toBe(1)
  expect(stats.get('cluster.app.upstream_rq_retry')).toBe(undefined)
  await gateway.close()
  close()
})

test('a client that leaves ends the tries', async () => {
  await using app = await startApp((_request, response) => response.writeHead(503).end())
  const retryPolicy = { retryOn: '5xx', numRetries: 9, retryBackOff: { baseInterval: 60_000 } }
  await using gateway = await towards(app.address, { retryPolicy }, { random: () => 59_999n })
  const leaving = new AbortController()
  const asked = ask(gateway.url, { signal: leaving.signal }).catch((error: unknown) => error)
  await untilRetrying(gateway)
  leaving.abort()
  expect(await asked).toMatchObject({ name: 'AbortError' })
  await gateway.close()
  expect(app.received.length).toBe(1)
})
