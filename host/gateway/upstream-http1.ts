/**
 * One request to one upstream host over HTTP/1.1.
 */
import { type Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import type { UpstreamFailure } from './reply.ts'
import { endsWithHeaders, headerEntries, plainHeaders } from './request-headers.ts'
import { type UpstreamAnswer, UpstreamError, type UpstreamRequest } from './upstream-message.ts'

/** Envoy's default limit for all headers of a message, 60 KiB. */
export const MAX_HEADER_BYTES = 60 * 1024

/** As callUpstream; `connected` is called when there is a connection. */
export function callOverHttp1(
  agent: Agent,
  address: string,
  sent: UpstreamRequest,
  connected: () => void,
): Promise<UpstreamAnswer> {
  const { headers, body, signal } = sent
  const [, ip = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  const isChunked = body !== undefined && !headers.has('content-length')
  const call = httpRequest({
    agent,
    host: ip.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port),
    method: headers.get(':method') ?? 'GET',
    path: headers.get(':path') ?? '/',
    // A flat list is sent as it is: in order, repeated names apart, nothing added but what concerns the connection.
    headers: [
      'host',
      headers.get(':authority') ?? '',
      ...plainHeaders(headers),
      ...(isChunked ? ['transfer-encoding', 'chunked'] : []),
    ],
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
  })
  call.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', connected)
    else connected()
  })
  if (body === undefined) call.end()
  else body.once('error', (error) => call.destroy(error)).pipe(call)
  return new Promise((resolve, reject) => {
    call.once('response', (message) => {
      resolve(answerOf(message))
    })
    // Errors after the answer has begun reach its own stream; this listener keeps them from being thrown.
    call.on('error', (error) => {
      reject(error === body?.errored ? error : new UpstreamError(failureOf(error), error))
    })
  })
}

function answerOf(message: IncomingMessage): UpstreamAnswer {
  const status = message.statusCode ?? 0
  // What breaks off while nobody reads shows when it is read.
  message.on('error', () => undefined)
  return {
    status,
    headers: [[':status', String(status)], ...headerEntries(message.rawHeaders)],
    isBodiless: status === 204 || status === 304 || endsWithHeaders(message),
    body: message,
    trailers: () => headerEntries(message.rawTrailers),
  }
}

const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
])

function failureOf(error: Error): UpstreamFailure {
  const code = 'code' in error ? String(error.code) : ''
  if (NOT_CONNECTED.has(code)) return 'refused'
  return code.startsWith('HPE_') ? 'malformed' : 'terminated'
}
