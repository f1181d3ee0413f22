/**
 * One request to one upstream host over HTTP/1.1.
 */
import { type IncomingMessage, request as httpRequest } from 'node:http'
import type { Readable } from 'node:stream'
import type { HeaderMap } from '../header-map.ts'
import type { Cluster } from './cluster.ts'
import type { UpstreamFailure } from './reply.ts'
import { plainHeaders } from './request-headers.ts'

/** Envoy's default limit for all headers of a message, 60 KiB. */
export const MAX_HEADER_BYTES = 60 * 1024

/** The upstream gave no answer that can be passed on. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly failure: UpstreamFailure

  constructor(failure: UpstreamFailure, cause: Error) {
    super(cause.message, { cause })
    this.failure = failure
  }
}

/** What goes upstream. */
export interface UpstreamRequest {
  /** Valid, as header-check.ts means it. */
  readonly headers: HeaderMap
  /** Streamed as it comes; absent when the request ends with its headers. Its errors end the call. */
  readonly body: Readable | undefined
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/**
 * Sends a request to a host, `10.0.0.1:80` or `[::1]:80`, and waits for the head of the answer.
 *
 * @throws {UpstreamError}, or the error with which the body failed
 */
export function callUpstream(
  cluster: Cluster,
  address: string,
  sent: UpstreamRequest,
): Promise<IncomingMessage> {
  const { headers, body, signal } = sent
  const [, ip = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  const isChunked = body !== undefined && !headers.has('content-length')
  const call = httpRequest({
    agent: cluster.agent,
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
  if (body === undefined) call.end()
  else body.once('error', (error) => call.destroy(error)).pipe(call)
  return new Promise((resolve, reject) => {
    call.once('response', resolve)
    // Errors after the answer has begun reach its own stream; this listener keeps them from being thrown.
    call.on('error', (error) => {
      reject(error === body?.errored ? error : new UpstreamError(failureOf(error), error))
    })
  })
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
