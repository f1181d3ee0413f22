import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import type { Echo } from '../../demo/replica.ts'
import type { Exchanged } from './raw-connection.ts'

/** An HTTP/2 connection that is kept, for many requests at once. */
export class Http2Connection {
  readonly #session: ClientHttp2Session

  /** Connects to a gateway on 127.0.0.1 with a certificate for test.com that `ca` signed. */
  constructor(port: number, ca: string) {
    this.#session = connect(`https://127.0.0.1:${port}`, { servername: 'test.com', ca })
  }

  close(): void {
    this.#session.close()
  }

  /** Sends a GET; cookies go out as given, a field for each. */
  async get(path: string, cookies: readonly string[] = []): Promise<Exchanged> {
    const stream = this.#session.request({
      ':authority': 'test.com',
      ':path': path,
      ...(cookies.length === 0 ? {} : { cookie: [...cookies] as unknown as string }),
    })
    const [response] = (await once(stream, 'response')) as [{ ':status': number; 'set-cookie'?: string[] }]
    let body = ''
    for await (const text of stream.setEncoding('utf8')) body += String(text)
    const status = response[':status']
    return {
      status,
      setCookie: response['set-cookie'] ?? [],
      echo: status === 200 ? (JSON.parse(body) as Echo) : undefined,
    }
  }
}
