import { LogLevel, type Plugin, ProxyWasmModule, type Stream, Vm, VmFailedError } from '../../host/index.ts'
import {
  APP,
  authAnswer,
  logsOf,
  type Outcome,
  ownHeaders,
  type Run,
  type SdkFilter,
  type SdkRequest,
} from './scenario.ts'

/** A filter's run in the host. */
export function runInHost(wasm: Uint8Array, filter: SdkFilter): Run {
  const vm = new Vm(ProxyWasmModule.load(wasm), { clusters: ['app', 'auth'], onHeaderViolation: 'record' })
  const plugin = vm.startPlugin({ name: 'ns.filter', rootId: 'root', configuration: filter.configuration })
  vm.advance(filter.wait ?? 0)
  const outcomes = filter.requests.map((request) => exchange(vm, plugin, request))
  // The AssemblyScript SDK traps when its root is stopped: there, as in Envoy, it is not.
  if (vm.failure !== undefined) throw new VmFailedError(vm.failure, vm.journal)
  const metrics = Object.entries(vm.metrics.all()).map(([name, value]) => [name, Number(value)] as const)
  return { outcomes, ...logsOf(vm.logs.messages(LogLevel.Info)), metrics: Object.fromEntries(metrics) }
}

function exchange(
  vm: Vm,
  plugin: Plugin,
  { path = '/', headers = [], body = '', method }: SdkRequest,
): Outcome {
  const stream = plugin.stream({
    headers: [
      [':authority', 'test.com'],
      [':path', path],
      [':method', method ?? (body === '' ? 'GET' : 'POST')],
      [':scheme', 'http'],
      ...headers,
    ],
    properties: { xds: { cluster_name: 'app' } },
  })
  stream.requestHeaders({ endOfStream: body === '' })
  answerCallouts(vm)
  const sent = body === '' ? '' : wholeBody(stream, 'request', body)
  const outcome = stream.localReply === undefined ? answered(stream, sent) : repliedBy(stream)
  stream.end()
  return outcome
}

function answerCallouts(vm: Vm): void {
  for (const call of vm.callouts.pending) {
    const answer = authAnswer(vm.callouts.http().headers.get(':path') ?? '')
    if (answer === 'hang') vm.advance(vm.callouts.http().timeout)
    else if (call.isPending) {
      vm.callouts.http().respond({
        headers: [[':status', String(answer.status)], ...answer.headers],
        body: answer.body,
      })
    }
  }
}

function answered(stream: Stream, sent: string): Outcome {
  const { headers } = stream.responseHeaders({ headers: [[':status', '200'], ...APP.headers] })
  return {
    status: Number(headers.get(':status')),
    headers: ownHeaders(headers),
    body: wholeBody(stream, 'response', APP.body(sent)),
    upstream: { headers: ownHeaders(stream.request), body: sent },
  }
}

function repliedBy({ localReply }: Stream): Outcome {
  return {
    status: localReply?.status ?? 0,
    headers: ownHeaders(localReply?.headers ?? []),
    body: Buffer.from(localReply?.body ?? []).toString(),
    upstream: undefined,
  }
}

/** A body as Envoy hands it on: in pieces, and its end apart. */
function wholeBody(stream: Stream, direction: 'request' | 'response', body: string): string {
  const half = Math.ceil(body.length / 2)
  const pieces = [body.slice(0, half), body.slice(half)].filter((piece) => piece !== '')
  const out = [...pieces, ''].map((piece, i) => {
    const options = { endOfStream: i === pieces.length }
    return direction === 'request'
      ? stream.requestBody(piece, options).body
      : stream.responseBody(piece, options).body
  })
  return Buffer.concat(out).toString()
}
