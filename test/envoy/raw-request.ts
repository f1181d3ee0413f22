import { type IncomingHttpHeaders, request } from 'node:http'
import type { Echo } from '../../demo/replica.ts'

/** An answer as it came, and the request as a pod saw it, if one did. */
export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly setCookie: readonly string[]
  readonly echo: Echo | undefined
}

/**
 * Sends one request with header lines exactly as given, repeated ones included: name, value, name, value. The
 * connection is closed afterwards.
 */
export async function rawRequest(
  port: number,
  headers: readonly string[],
  { path = '/', host = 'test.com', method = 'GET' } = {},
): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method, agent: false, headers: ['host', host, ...headers] },
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

/** Every value of a header as a pod saw it, in order. */
export function seen({ echo }: Pick<RawAnswer, 'echo'>, header: string): readonly string[] {
  if (echo === undefined) throw new Error('no pod saw the request')
  return echo.headers.filter(([name]) => name === header).map(([, value]) => value)
}
