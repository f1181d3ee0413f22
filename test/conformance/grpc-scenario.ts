/**
 * gRPC callouts of the guest grpc, and servers for them, for a real Envoy and for the embedded gateway.
 */
import { createServer } from 'node:http'
import {
  constants,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'

import type { GatewayConfig } from '../../host/gateway/index.ts'

/** What a request's header x-t-grpc says, see test/guests/grpc. */
export const GRPC_CALLOUTS = [
  'call grpc ok',
  'call grpc forever',
  'call grpc two',
  'call grpc empty',
  'call grpc none',
  'call grpc split',
  'call grpc trailersOnly',
  'call grpc failAfterMessage',
  'call grpc noStatus',
  'call grpc badStatus',
  'call grpc endsWithData',
  'call grpc http503',
  'call grpc http404WithStatus',
  'call grpc compressed',
  'call grpc resetFirst',
  'call grpc refuse',
  'call grpc resetAfterMessage',
  'call grpc disconnect',
  'call grpc hang',
  'call closed ok',
  'call http1 ok',
  'call unknown ok',
  'stream grpc ok l -',
  'stream grpc two sc -',
  'stream grpc empty l -',
  'stream grpc none c -',
  'stream grpc split l -',
  'stream grpc trailersOnly l -',
  'stream grpc failAfterMessage l -',
  'stream grpc noStatus l -',
  'stream grpc badStatus l -',
  'stream grpc endsWithData l -',
  'stream grpc http503 l -',
  'stream grpc http404WithStatus l -',
  'stream grpc compressed l -',
  'stream grpc resetFirst l -',
  'stream grpc refuse l -',
  'stream grpc resetAfterMessage l -',
  'stream grpc disconnect l -',
  'stream grpc echo s l',
  'stream grpc echo ss sc',
  'stream grpc echo s x',
  'stream closed ok s -',
  'stream unknown ok s -',
] as const

/** What the servers were asked, and what a client got of the request that waited. */
export interface GrpcServers extends AsyncDisposable {
  readonly config: GatewayConfig
  /** One line for each stream or request that was opened: its head, what came, and how it ended. */
  readonly asked: string[]
}

const CLOSED = '127.0.0.1:1'

export async function startGrpcServers(): Promise<GrpcServers> {
  const asked: string[] = []
  const grpc = createHttp2Server()
  grpc.on('stream', (stream, headers) => {
    serve(stream, headers, asked)
  })
  const http = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'application/grpc' }).end(framed('answered'))
    })
  })
  const app = createServer((_request, response) => response.end('ok'))
  const [grpcAddress, httpAddress, appAddress] = await Promise.all(
    [grpc, http, app].map(
      (server) =>
        new Promise<string>((resolve) => {
          server.listen(0, '127.0.0.1', () => {
            resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`)
          })
        }),
    ),
  )
  const HTTP2 = { http2ProtocolOptions: {} }
  return {
    asked,
    config: {
      virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, cluster: 'app' }] }],
      clusters: [
        { name: 'app', endpoints: [{ address: appAddress ?? '' }] },
        { name: 'grpc', endpoints: [{ address: grpcAddress ?? '' }], ...HTTP2 },
        { name: 'closed', endpoints: [{ address: CLOSED }], ...HTTP2 },
        { name: 'nohosts', endpoints: [], ...HTTP2 },
        { name: 'http1', endpoints: [{ address: httpAddress ?? '' }] },
      ],
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [grpc, http, app].map((server) => {
          if ('closeAllConnections' in server) server.closeAllConnections()
          return new Promise((resolve) => server.close(resolve))
        }),
      )
    },
  }
}

/** What proxies add of their own. */
const ADDED = new Set([
  'x-forwarded-for',
  'x-envoy-internal',
  'x-envoy-expected-rq-timeout-ms',
  'x-request-id',
])

function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, asked: string[]): void {
  const method = String(headers[':path']).slice('/s.S/'.length)
  const head = Object.entries(headers)
    .filter(([name]) => !ADDED.has(name))
    .map(([name, value]) => `${name}: ${String(value)}`)
    .sort()
  let received = ''
  stream.on('error', () => undefined)
  stream.on('data', (chunk: Buffer) => {
    received += chunk.toString('hex')
    if (method === 'echo') echo(stream, chunk)
  })
  stream.once('end', () => {
    if (method === 'echo') stream.end()
    else answer(stream, method)
  })
  stream.once('close', () => {
    asked.push([...head, received, stream.aborted ? 'cancelled' : 'whole'].join(' | '))
  })
}

function echo(stream: ServerHttp2Stream, chunk: Buffer): void {
  if (!stream.headersSent) begin(stream)
  stream.write(chunk)
}

/** The head of an answer, and its end once the stream ends. */
function begin(
  stream: ServerHttp2Stream,
  trailers: Record<string, string> = { 'grpc-status': '0', 'x-t-end': 'last' },
): void {
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'x-t-up': ['one', 'two'] },
    { waitForTrailers: true },
  )
  stream.once('wantTrailers', () => {
    stream.sendTrailers(trailers)
  })
}

function answer(stream: ServerHttp2Stream, method: string): void {
  const only = { ':status': 200, 'content-type': 'application/grpc' }
  switch (method) {
    case 'two':
      begin(stream)
      stream.write(framed('first'))
      stream.end(framed('second'))
      return
    case 'empty':
      begin(stream)
      stream.end(framed(''))
      return
    case 'none':
      begin(stream)
      stream.end()
      return
    case 'split': {
      begin(stream)
      const frame = framed('in two parts')
      stream.write(frame.subarray(0, 7))
      setTimeout(() => stream.end(frame.subarray(7)), 20)
      return
    }
    case 'trailersOnly':
      stream.respond(
        { ...only, 'grpc-status': '5', 'grpc-message': 'gone%20away', 'x-t-up': 'one' },
        { endStream: true },
      )
      return
    case 'failAfterMessage':
      begin(stream, { 'grpc-status': '9', 'grpc-message': 'changed its mind' })
      stream.end(framed('answered'))
      return
    case 'noStatus':
      begin(stream, { 'x-t-end': 'last' })
      stream.end(framed('answered'))
      return
    case 'badStatus':
      begin(stream, { 'grpc-status': 'abc' })
      stream.end(framed('answered'))
      return
    case 'endsWithData':
      stream.respond(only)
      stream.end(framed('answered'))
      return
    case 'http503':
      stream.respond({ ':status': 503 })
      stream.end('busy')
      return
    case 'http404WithStatus':
      stream.respond({ ':status': 404, 'grpc-status': '12', 'grpc-message': 'unknown' }, { endStream: true })
      return
    case 'compressed': {
      begin(stream)
      const frame = framed('answered')
      frame.writeUInt8(1, 0)
      stream.end(frame)
      return
    }
    case 'resetFirst':
      stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      return
    case 'refuse':
      stream.close(constants.NGHTTP2_REFUSED_STREAM)
      return
    case 'resetAfterMessage':
      begin(stream)
      stream.write(framed('answered'))
      setTimeout(() => {
        stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      }, 30)
      return
    case 'disconnect':
      stream.session?.destroy()
      return
    case 'hang':
      return
    default:
      begin(stream)
      stream.end(framed('answered'))
  }
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, Length-Prefixed-Message, uncompressed. */
function framed(message: string): Buffer {
  const frame = Buffer.alloc(5 + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.write(message, 5, 'latin1')
  return frame
}
