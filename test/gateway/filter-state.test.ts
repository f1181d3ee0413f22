/** A filter that hands the hash policy its key by the filter state, without a header. */
import { Agent } from 'node:http'
import { expect, test } from 'vitest'
import { HashingCluster, xxHash64 } from '../../host/envoy/index.ts'
import { Gateway } from '../../host/gateway/index.ts'
import { writeFields } from '../../host/protobuf.ts'
import { buildWasm, op } from '../host/wasm-builder.ts'
import { ask, startApp } from './app.ts'

const NAME = 'set_envoy_filter_state'
const NAME_AT = 64
const ARGUMENT_AT = 128
const LATER_AT = 256
/** Where the next argument is, and how long. */
const NEXT_AT = 32

/** SetEnvoyFilterStateArguments with LifeSpan span = 3, of which 2 is the connection. */
function argumentOf(key: string, span: number): Uint8Array {
  const fields = writeFields([
    [1, 'envoy.hashable_string'],
    [2, key],
  ])
  return Buffer.concat([fields, Buffer.from([0x18, span])])
}

/** A filter that sets a key by the first argument for its first request, and by the other for every later one. */
function moduleFor(first: Uint8Array, later: Uint8Array = first): Uint8Array {
  return buildWasm({
    imports: [{ module: 'env', name: 'proxy_call_foreign_function', signature: 'iiiiii>i' }],
    functions: [
      { export: 'proxy_abi_version_0_2_1', signature: '>', body: [] },
      { export: 'malloc', signature: 'i>i', body: op.i32Const(1024) },
      {
        export: 'proxy_on_request_headers',
        signature: 'iii>i',
        body: [
          ...[NAME_AT, NAME.length].flatMap(op.i32Const),
          ...[NEXT_AT, NEXT_AT + 4].flatMap((at) => [...op.i32Const(at), ...op.i32Load]),
          ...[0, 0].flatMap(op.i32Const),
          ...op.call(0),
          ...[...op.i32Const(NEXT_AT), ...op.i32Const(LATER_AT), ...op.i32Store],
          ...[...op.i32Const(NEXT_AT + 4), ...op.i32Const(later.length), ...op.i32Store],
        ],
      },
    ],
    memory: { initial: 1, export: 'memory' },
    data: [
      { at: NAME_AT, bytes: Buffer.from(NAME) },
      { at: NEXT_AT, bytes: Buffer.from(Uint32Array.of(ARGUMENT_AT, first.length).buffer) },
      { at: ARGUMENT_AT, bytes: first },
      { at: LATER_AT, bytes: later },
    ],
  })
}

function gatewayTo(endpoints: readonly { address: string }[], module: Uint8Array): Promise<Gateway> {
  return Gateway.start({
    filters: [{ name: 'state', module }],
    virtualHosts: [
      {
        name: 'all',
        domains: ['*'],
        routes: [
          {
            match: { prefix: '/' },
            cluster: 'app',
            hashPolicy: [{ filterState: { key: 'envoy.hashable_string' } }],
          },
        ],
      },
    ],
    clusters: [{ name: 'app', endpoints, loadBalancer: { ringHash: {} } }],
  })
}

test.each(['alice', 'bob', 'carol', 'dave'])(
  'requests of %s reach the host that their key says',
  async (key) => {
    await using first = await startApp((_request, response) => response.end('first'))
    await using second = await startApp((_request, response) => response.end('second'))
    const endpoints = [{ address: first.address }, { address: second.address }]
    await using gateway = await gatewayTo(endpoints, moduleFor(argumentOf(key, 0)))
    const host = new HashingCluster(endpoints, { policy: { ringHash: {} } }).chooseHost(xxHash64(key))
    const expected = host?.address === first.address ? 'first' : 'second'
    for (let i = 0; i < 3; i++) expect((await ask(gateway.url)).body).toBe(expected)
  },
)

test('a key that was set for a connection holds for its later requests, and for no other connection', async () => {
  await using first = await startApp((_request, response) => response.end('first'))
  await using second = await startApp((_request, response) => response.end('second'))
  const endpoints = [{ address: first.address }, { address: second.address }]
  const cluster = new HashingCluster(endpoints, { policy: { ringHash: {} } })
  const keyOf = (address: string): string => {
    for (let i = 0; ; i++)
      if (cluster.chooseHost(xxHash64(`key ${i}`))?.address === address) return `key ${i}`
  }
  const module = moduleFor(argumentOf(keyOf(first.address), 2), argumentOf(keyOf(second.address), 0))
  await using gateway = await gatewayTo(endpoints, module)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const reached: string[] = []
  for (let i = 0; i < 3; i++) reached.push((await ask(gateway.url, { agent })).body)
  reached.push((await ask(gateway.url)).body)
  agent.destroy()
  expect(reached).toEqual(['first', 'first', 'first', 'second'])
})
