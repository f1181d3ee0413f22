/**
 * One request on an HTTP/2 connection.
 */
import {
  type ClientHttp2Session,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { HeaderEntry } from '../envoy/index.ts'
import type { HeaderMap } from '../header-map.ts'
import type { UpstreamFailure } from './reply.ts'
import { headerEntries, plainHeaders } from './request-headers.ts'
import { type UpstreamAnswer, UpstreamError, type UpstreamRequest } from './upstream-message.ts'

type Parsed = IncomingHttpHeaders & { readonly ':status'?: number }

/** As callUpstream; `connected` is called when there is a connection. */
export function callOverHttp2(
  session: ClientHttp2Session,
  { headers, body, signal }: UpstreamRequest,
  connected: () => void,
): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const call = session.request(outgoing(headers), { endStream: body === undefined, signal })
    const onConnected = (): void => {
      isConnected = true
      connected()
    }
    let isConnected = !session.connecting
    if (isConnected) connected()
    else session.once('connect', onConnected)
    body?.once('error', (error) => call.destroy(error)).pipe(call)

    /** Why the stream has ended without an answer. */
    const failureAfter = (error: Error): UpstreamFailure => {
      if (call.rstCode === constants.NGHTTP2_REFUSED_STREAM) return 'refusedStream'
      if (!isConnected) return 'refused'
      if ('code' in error && error.code === 'ERR_HTTP2_ERROR') return 'malformed'
      return session.destroyed ? 'terminated' : 'reset'
    }
    let trailers: HeaderEntry[] = []
    // The last argument has what came, in order and with repetitions.
    call.once('response', (parsed: Parsed, flags: number, raw: readonly string[]) => {
      resolve({
        status: parsed[':status'] ?? 0,
        headers: headerEntries(raw),
        isBodiless: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
        body: call,
        trailers: () => trailers,
      })
    })
    call.once('trailers', (_parsed: Parsed, _flags: number, raw: readonly string[]) => {
      trailers = headerEntries(raw)
    })
    let cause = new Error('the stream was closed')
    call.on('error', (error: Error) => {
      cause = error
      if (error === body?.errored) reject(error)
    })
    // A stream that is reset may close without an error.
    call.once('close', () => {
      session.off('connect', onConnected)
      reject(new UpstreamError(failureAfter(cause), cause))
    })
  })
}

/** Repeated names become lists: node keeps them apart, though not among the others. */
function outgoing(headers: HeaderMap): OutgoingHttpHeaders {
  const sent: Record<string, string | string[]> = {
    ':method': headers.get(':method') ?? 'GET',
    ':authority': headers.get(':authority') ?? '',
    ':scheme': headers.get(':scheme') ?? 'http',
    ':path': headers.get(':path') ?? '/',
  }
  const plain = plainHeaders(headers)
  for (const [name, value] of headerEntries(plain)) {
    const present = sent[name]
    if (present === undefined) sent[name] = value
    else sent[name] = [present, value].flat()
  }
  return sent
}
