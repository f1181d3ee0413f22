import {
  Connection,
  ProxyWasmModule,
  type PropertyTree,
  type Stream,
  type StreamInfo,
  Vm,
} from '../../host/index.ts'
import {
  CALLEE,
  CALLEES,
  CLUSTER,
  ENVIRONMENT,
  HOSTS,
  NODE_METADATA,
  PLUGIN,
  REDIRECT,
  STREAMS,
  UPSTREAM,
} from './scenario.ts'

/** The record of the guest in the host, line by line. */
export function recordInHost(wasm: Uint8Array, envoy: string): string[] {
  const vm = new Vm(ProxyWasmModule.load(wasm), {
    vmId: PLUGIN.vmId,
    configuration: PLUGIN.vmConfiguration,
    environment: ENVIRONMENT,
    clusters: [CLUSTER, ...CALLEES],
    hosts: HOSTS,
  })
  const plugin = vm.startPlugin({
    name: PLUGIN.name,
    rootId: PLUGIN.rootId,
    configuration: PLUGIN.configuration,
    properties: { xds: { node: { metadata: NODE_METADATA } } },
  })
  const connection = new Connection()
  const routed: PropertyTree = { xds: { cluster_name: CLUSTER } }
  let redirected: StreamInfo | undefined
  for (const { path, method, headers, body, rejected, call, keepsConnection } of STREAMS) {
    const stream = plugin.stream({
      headers: [
        [':authority', 'test.com'],
        [':path', path],
        [':method', method],
        [':scheme', 'http'],
        ...headers,
      ],
      properties: rejected === true ? {} : routed,
      ...(keepsConnection === true ? { connection } : {}),
      ...(redirected === undefined ? {} : { info: redirected }),
    })
    redirected = undefined
    if (path === REDIRECT.from) {
      stream.requestHeaders({ endOfStream: true })
      redirected = stream.info.redirected(routed)
    } else if (rejected === true)
      stream.responseHeaders({ headers: [[':status', '400']], details: 'path_normalization_failed' })
    else exchange(vm, stream, body, call, envoy)
    stream.end()
  }
  return vm.logs.messages()
}

/** As Envoy hands on a small HTTP/1 message: the body in one piece, its end in another. */
function exchange(vm: Vm, stream: Stream, body: string, call: string | undefined, envoy: string): void {
  stream.requestHeaders({ endOfStream: body === '' })
  if (call !== undefined && vm.callouts.pending.length > 0) answer(vm, call, envoy)
  if (stream.localReply !== undefined) {
    // Without a body the answer ends with its headers.
    if (stream.localReply.body.length > 0) {
      stream.responseBody(stream.localReply.body, { endOfStream: true })
    }
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

/** What the servers of a real Envoy do, see callees.ts. */
function answer(vm: Vm, call: string, envoy: string): void {
  const { callouts } = vm
  switch (call) {
    case 'answer':
      callouts.http().respond({ ...CALLEE, headers: [[':status', '200'], ...CALLEE.headers] })
      break
    case 'empty':
      callouts.http().respond({
        headers: [
          [':status', '204'],
          ['x-t-up', 'callee'],
        ],
      })
      break
    case 'refuse':
      // Envoy 1.40 no longer tells filters the operating system's reason.
      if (envoy === '1.36.4') {
        callouts
          .http()
          .refuse(
            'remote connection failure, transport failure reason: delayed connect error: Connection refused',
          )
      } else callouts.http().refuse()
      break
    case 'hang':
      vm.advance(400)
      break
    case 'drop':
      callouts.http().refuse('connection termination')
      break
    case 'break':
      callouts.http().fail()
      break
    case 'grpcOk':
      callouts.grpc().respond(CALLEE.body)
      break
    case 'grpcNot':
      callouts.grpc().close(5, 'gone')
      break
    case 'grpcHang':
      vm.advance(400)
      break
    case 'stream': {
      const stream = callouts.grpcStream()
      stream.sendInitialMetadata([
        [':status', '200'],
        ['content-type', 'application/grpc'],
        ['x-t-up', 'callee'],
      ])
      stream.send(CALLEE.body)
      stream.sendTrailingMetadata([['grpc-status', '0'], ...CALLEE.trailers])
      stream.close(0)
      break
    }
  }
}
