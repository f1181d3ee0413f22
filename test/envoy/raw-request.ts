import { once } from 'node:events'
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'
import { connect } from 'node:http2'
import { request as secureRequest } from 'node:https'
import type { Echo } from '../../demo/replica.ts'

/** An answer as it came, and the request as a pod saw it, if one did. */
export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly setCookie: readonly string[]
  readonly echo: Echo | undefined
}

/** Over TLS: whom to trust, and the certificate to show, if any. */
export interface RequestTls {
  readonly ca: string
  readonly cert?: string
  readonly key?: string
}

interface RequestOptions {
  readonly path?: string
  readonly host?: string
  readonly method?: string
  /** Default: no TLS. */
  readonly tls?: RequestTls
}

/**
 * Sends one request with header lines exactly as given, repeated ones included: name, value, name, value. The
 * connection is closed afterwards.
 */
export async function rawRequest(
  port: number,
  headers: readonly string[],
  { path = '/', host = 'test.com', method = 'GET', tls }: RequestOptions = {},
): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    const send = tls === undefined ? plainRequest : secureRequest
    const sent = send(
      {
        host: '127.0.0.1',
        servername: host,
        port,
        path,
        method,
        agent: false,
        headers: ['host', host, ...headers],
        ...tls,
      },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            setCookie: response.headers['set-cookie'] ?? [],
            echo: response.statusCode === 200 ? (JSON.parse(body) as Echo) : undefined,
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

/** As `rawRequest`, over HTTP/2 and TLS; a header with several values is sent as several. */
export async function http2Request(
  port: number,
  headers: Readonly<Record<string, string | readonly string[]>>,
  { path = '/', host = 'test.com', method = 'GET', tls }: RequestOptions,
): Promise<RawAnswer> {
  const session = connect(`https://127.0.0.1:${port}`, { servername: host, ...tls })
  try {
    const pseudo = { ':method': method, ':path': path, ':authority': host }
    const stream = session.request({ ...pseudo, ...(headers as Record<string, string>) })
    const [response] = (await once(stream, 'response')) as [Record<string, unknown>]
    let body = ''
    for await (const text of stream.setEncoding('utf8')) body += String(text)
    const status = Number(response[':status'])
    return {
      status,
      headers: response as IncomingHttpHeaders,
      setCookie: (response['set-cookie'] ?? []) as string[],
      echo: status === 200 ? (JSON.parse(body) as Echo) : undefined,
    }
  } finally {
    session.close()
  }
}

/** Every value of a header as a pod saw it, in order. */
export function seen({ echo }: Pick<RawAnswer, 'echo'>, header: string): readonly string[] {
  if (echo === undefined) throw new Error('no pod saw the request')
  return echo.headers.filter(([name]) => name === header).map(([, value]) => value)
}
