import { expect, test } from 'vitest'
import { ProxyWasmModule, Vm } from '../../host/index.ts'
import { compileGuest } from '../conformance/guest.ts'
import { requestWithMetadata, serverWithMetadata } from '../conformance/metadata-frames.ts'
import { inEnvoy } from './in-envoy.ts'
import { until } from './until.ts'
import { WasmEnvoy } from './wasm-envoy.ts'

const guest = await compileGuest('metadata')
const REQUEST = [
  [':method', 'POST'],
  [':path', '/'],
  [':scheme', 'http'],
  [':authority', 'test.com'],
  ['x-t-one', '1'],
] as const
const METADATA = [
  ['tenant', 'acme'],
  ['trace', '7'],
  ['tenant', 'twice'],
] as const

inEnvoy(({ binary }) => {
  test('METADATA of HTTP/2 reaches a filter as it does in the host', async () => {
    const { port, server } = await serverWithMetadata(METADATA)
    await using envoy = await WasmEnvoy.start({
      binary,
      wasm: guest,
      clusters: { app: port },
      metadata: true,
    })
    await requestWithMetadata(envoy.port, REQUEST, METADATA)
    await until('the end of the stream', () => envoy.logs.includes('delete | called'))
    server.close()

    const vm = new Vm(ProxyWasmModule.load(guest))
    const stream = vm.startPlugin().stream({ headers: REQUEST })
    stream.requestHeaders()
    expect(stream.requestMetadata(METADATA)).toEqual({ rawStatus: 1, localReply: undefined, hostcalls: 9 })
    stream.requestBody('body', { endOfStream: true })
    stream.responseHeaders()
    stream.responseMetadata(METADATA)
    stream.responseBody('body', { endOfStream: true })
    stream.end()
    expect(vm.logs.messages()).toEqual(envoy.logs)
    expect(envoy.logs).toContain('request metadata | called 2')
    expect(envoy.logs).toContain('response metadata | called 2')
  })
})
