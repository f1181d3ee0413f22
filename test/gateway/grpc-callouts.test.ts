/** gRPC callouts of a filter in the gateway. test/envoy/gateway-grpc.test.ts compares more of them with a real Envoy. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Gateway } from '../../host/gateway/index.ts'
import { type GrpcRecord, recordCallout } from '../conformance/grpc-record.ts'
import { type GrpcServers, startGrpcServers } from '../conformance/grpc-scenario.ts'
import { compileGuest } from '../conformance/guest.ts'

const module = await compileGuest('grpc')

let servers: GrpcServers
let gateway: Gateway
let logged: string[]
beforeEach(async () => {
  logged = []
  servers = await startGrpcServers()
  gateway = await Gateway.start({
    ...servers.config,
    filters: [{ name: 'grpc', module }],
    log: ({ message }) => logged.push(message),
  })
})
afterEach(async () => {
  await gateway.close()
  await servers[Symbol.asyncDispose]()
})

const record = (callout: string): Promise<GrpcRecord> =>
  recordCallout(gateway.url, callout, servers, () => logged)

test('a call brings its message there, and one back', async () => {
  const { lines, asked, status } = await record('call grpc ok')
  expect(status).toBe(200)
  expect(lines).toEqual([
    'request headers | call -> 0 5',
    'message | called 5 8',
    'message | get_buffer_bytes -> 0 answered',
    'message | get_status -> 0 0 null',
    'message | continue_stream -> 0',
  ])
  expect(asked).toEqual([
    ':authority: grpc | :method: POST | :path: /s.S/ok | :scheme: http | content-type: application/grpc | ' +
      'grpc-timeout: 300m | te: trailers | x-t-md: 1, 2 | 000000000361736b | whole',
  ])
})

test('a stream hears metadata, messages, trailing metadata and the end, in this order', async () => {
  const { lines } = await record('stream grpc two l -')
  expect(lines).toEqual([
    'request headers | stream -> 0 6',
    'request headers | grpc_send last -> 0',
    'initial metadata | called 6 6',
    'initial metadata | get_header_map_pairs -> 0',
    'initial metadata | entry :status=200',
    'initial metadata | entry content-type=application/grpc',
    'initial metadata | entry x-t-up=one',
    'initial metadata | entry x-t-up=two',
    'initial metadata | entry date=...',
    'initial metadata | entry x-envoy-upstream-service-time=...',
    'message | called 6 5',
    'message | get_buffer_bytes -> 0 first',
    'message | get_status -> 0 0 null',
    'message | called 6 6',
    'message | get_buffer_bytes -> 0 second',
    'message | get_status -> 0 0 null',
    'trailing metadata | called 6 2',
    'trailing metadata | get_header_map_pairs -> 0',
    'trailing metadata | entry grpc-status=0',
    'trailing metadata | entry x-t-end=last',
    'close | called 6 0',
    'close | get_status -> 0 0 via_upstream',
    'close | continue_stream -> 0',
  ])
})

const RESET = 'upstream connect error or disconnect/reset before headers. reset reason: '

test.each([
  ['call grpc trailersOnly', 'get_status -> 0 5 gone%20away{via_upstream}'],
  ['call grpc none', 'get_status -> 0 13 null'],
  ['call grpc noStatus', 'get_status -> 0 2 via_upstream'],
  ['call grpc badStatus', 'get_status -> 0 -1 via_upstream'],
  ['call grpc http503', 'get_status -> 0 14 via_upstream'],
  ['call grpc compressed', 'get_status -> 0 13 via_upstream'],
  ['call grpc hang', 'get_status -> 0 14 upstream request timeout{response_timeout}'],
  [
    'call grpc refuse',
    `get_status -> 0 14 ${RESET}remote refused stream reset{upstream_reset_before_response_started{remote_refused_stream_reset}}`,
  ],
  [
    'call closed ok',
    `get_status -> 0 14 ${RESET}remote connection failure{upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}}`,
  ],
  [
    'stream grpc resetAfterMessage l -',
    'get_status -> 0 13 upstream_reset_after_response_started{remote_reset}',
  ],
  // An Envoy refuses these, and yet calls the guest back, two callbacks even while it runs.
  ['call nohosts ok', 'get_status -> 0 14 no healthy upstream{no_healthy_upstream}'],
  ['stream nohosts ok s -', 'get_status -> 0 14 no healthy upstream{no_healthy_upstream}'],
])('what has gone wrong is told: %s', async (callout, status) => {
  const { lines } = await record(callout)
  expect(lines.filter((line) => line.includes('get_status')).at(-1)).toBe(`close | ${status}`)
})

test('a stream that is cancelled is reset at the server, and the filter hears no more of it', async () => {
  const { lines, asked, status } = await record('stream grpc echo s x')
  expect(lines.slice(-3)).toEqual([
    'message | get_status -> 0 0 null',
    'message | grpc_cancel -> 0',
    'message | continue_stream -> 0',
  ])
  expect(asked).toEqual([expect.stringMatching(/ \| 00000000096d6573736167652031 \| cancelled$/)])
  expect(status).toBe(200)
})

test('what no cluster is called is refused at once', async () => {
  expect((await record('call unknown ok')).lines).toEqual(['request headers | call -> 4 1061109567'])
})

test('a gateway that closes gives up what is still asked', async () => {
  const asked = record('call grpc hang').catch(() => undefined)
  while (!logged.some((line) => line.includes('call -> 0')))
    await new Promise((resolve) => setTimeout(resolve, 1))
  await gateway.close()
  await asked
  expect(gateway.stats()).toContain('cluster.grpc.upstream_rq_total: 1')
})
