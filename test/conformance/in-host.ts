import { ProxyWasmModule, type PropertyTree, type Stream, Vm } from '../../host/index.ts'
import { CLUSTER, ENVIRONMENT, NODE_METADATA, PLUGIN, REQUESTS, UPSTREAM } from './scenario.ts'

/** The record of the guest in the host, line by line. */
export function recordInHost(wasm: Uint8Array): string[] {
  const vm = new Vm(ProxyWasmModule.load(wasm), {
    vmId: PLUGIN.vmId,
    configuration: PLUGIN.vmConfiguration,
    environment: ENVIRONMENT,
  })
  const plugin = vm.startPlugin({
    name: PLUGIN.name,
    rootId: PLUGIN.rootId,
    configuration: PLUGIN.configuration,
    properties: { xds: { node: { metadata: NODE_METADATA } } },
  })
  const routed: PropertyTree = { xds: { cluster_name: CLUSTER } }
  for (const { path, method, headers, body, rejected } of REQUESTS) {
    const stream = plugin.stream({
      headers: [
        [':authority', 'test.com'],
        [':path', path],
        [':method', method],
        [':scheme', 'http'],
        ...headers,
      ],
      properties: rejected === true ? {} : routed,
    })
    if (rejected === true)
      stream.responseHeaders({ headers: [[':status', '400']], details: 'path_normalization_failed' })
    else exchange(stream, body)
    stream.end()
  }
  return vm.logs.messages()
}

/** As Envoy hands on a small HTTP/1 message: the body in one piece, its end in another. */
function exchange(stream: Stream, body: string): void {
  stream.requestHeaders({ endOfStream: body === '' })
  if (stream.localReply !== undefined) {
    stream.responseBody(stream.localReply.body, { endOfStream: true })
    return
  }
  if (body !== '') {
    stream.requestBody(body)
    stream.requestBody('', { endOfStream: true })
  }
  stream.responseHeaders({ headers: [[':status', '200'], ...UPSTREAM.headers] })
  stream.responseBody(UPSTREAM.body)
  stream.responseBody('', { endOfStream: true })
}
