/** A filter that hands the hash policy its key by the filter state, without a header. */
import { expect, test } from 'vitest'
import { HashingCluster, xxHash64 } from '../../host/envoy/index.ts'
import { Gateway } from '../../host/gateway/index.ts'
import { writeFields } from '../../host/protobuf.ts'
import { buildWasm, op } from '../host/wasm-builder.ts'
import { ask, startApp } from './app.ts'

const NAME = 'set_envoy_filter_state'
const NAME_AT = 64
const ARGUMENT_AT = 128

function moduleFor(key: string): Uint8Array {
  const argument = writeFields([
    [1, 'envoy.hashable_string'],
    [2, key],
  ])
  return buildWasm({
    imports: [{ module: 'env', name: 'proxy_call_foreign_function', signature: 'iiiiii>i' }],
    functions: [
      { export: 'proxy_abi_version_0_2_1', signature: '>', body: [] },
      { export: 'malloc', signature: 'i>i', body: op.i32Const(1024) },
      {
        export: 'proxy_on_request_headers',
        signature: 'iii>i',
        body: [
          ...[NAME_AT, NAME.length, ARGUMENT_AT, argument.length, 0, 0].flatMap(op.i32Const),
          ...op.call(0),
        ],
      },
    ],
    memory: { initial: 1, export: 'memory' },
    data: [
      { at: NAME_AT, bytes: Buffer.from(NAME) },
      { at: ARGUMENT_AT, bytes: argument },
    ],
  })
}

test.each(['alice', 'bob', 'carol', 'dave'])(
  'requests of %s reach the host that their key says',
  async (key) => {
    await using first = await startApp((_request, response) => response.end('first'))
    await using second = await startApp((_request, response) => response.end('second'))
    const endpoints = [{ address: first.address }, { address: second.address }]
    await using gateway = await Gateway.start({
      filters: [{ name: 'state', module: moduleFor(key) }],
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
    const host = new HashingCluster(endpoints, { policy: { ringHash: {} } }).chooseHost(xxHash64(key))
    const expected = host?.address === first.address ? 'first' : 'second'
    for (let i = 0; i < 3; i++) expect((await ask(gateway.url)).body).toBe(expected)
  },
)
