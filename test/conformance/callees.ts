import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Server as NetServer } from 'node:net'

import { CALLEE } from './scenario.ts'

/** The servers that the guest calls out to, for a real Envoy. */
export interface Callees {
  /** Speaks HTTP/1.1. */
  readonly http: number
  /** Speaks HTTP/2 without TLS. */
  readonly grpc: number
  close(): void
}

export async function startCallees(): Promise<Callees> {
  const http = createServer((request, response) => {
    request.resume().on('end', () => {
      answerHttp(request, response)
    })
  })
  const grpc = createHttp2Server()
  grpc.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    stream.resume().on('end', () => {
      answerGrpc(stream, String(headers[':path']).slice('/s.S/'.length))
    })
  })
  return {
    http: await listen(http),
    grpc: await listen(grpc),
    close() {
      http.close()
      http.closeAllConnections()
      grpc.close()
    },
  }
}

function listen(server: NetServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function answerHttp(request: IncomingMessage, response: ServerResponse): void {
  const call = (request.url ?? '').split('?')[1]
  if (call === 'hang') return
  if (call === 'drop') {
    request.socket.destroy()
    return
  }
  response.sendDate = false
  if (call === 'empty') {
    response.writeHead(204, ['x-t-up', 'callee'])
    response.end()
    return
  }
  response.writeHead(200, [...CALLEE.headers.flat(), 'transfer-encoding', 'chunked'])
  response.write(CALLEE.body)
  if (call === 'break') {
    setTimeout(() => request.socket.destroy(), 50)
    return
  }
  response.addTrailers(Object.fromEntries(CALLEE.trailers))
  response.end()
}

const OK = 0
const NOT_FOUND = 5

function answerGrpc(stream: ServerHttp2Stream, method: string): void {
  if (method === 'grpcHang') return
  if (method === 'grpcNot') {
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': String(NOT_FOUND),
        'grpc-message': 'gone',
      },
      { endStream: true },
    )
    return
  }
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'x-t-up': 'callee' },
    { waitForTrailers: true },
  )
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': String(OK), 'x-t-end': 'last' })
  })
  stream.end(framed(CALLEE.body))
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, Length-Prefixed-Message, uncompressed. */
function framed(message: string): Buffer {
  const frame = Buffer.alloc(5 + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.write(message, 5, 'latin1')
  return frame
}
