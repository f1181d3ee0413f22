import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { CookieJar } from 'tough-cookie'
import type { Echo } from './replica.ts'

/** One request and its answer, as a client saw them. */
export interface Exchange {
  readonly client: string
  /** 1 is the client's first. */
  readonly request: number
  readonly path: string
  /** The Cookie header that was sent. */
  readonly cookie: string | undefined
  readonly status: number
  /** Every Set-Cookie line of the answer. */
  readonly setCookie: readonly string[]
  /** The replica that answered, with the request as it arrived there; undefined where the gateway answered. */
  readonly echo: Echo | undefined
  /** The client's end of the connection, `address:port`: equal for requests over one connection. */
  readonly connection: string
}

export interface ClientOptions {
  readonly name: string
  /** The gateway's port on 127.0.0.1. */
  readonly port: number
  readonly agent: Agent
  /** Default `/`. */
  readonly path?: string
  /** Default `test.com`. */
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A connection pool of one: everything sent through it shares a single kept-alive connection. */
export function oneConnection(localAddress?: string): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: 1,
    ...(localAddress === undefined ? {} : { localAddress }),
  })
}

/** Somebody with a cookie jar of their own, behind a connection that may be shared. */
export class Client {
  readonly name: string
  readonly #options: ClientOptions
  readonly #jar = new CookieJar()
  #sent = 0

  constructor(options: ClientOptions) {
    this.name = options.name
    this.#options = options
  }

  /**
   * Sends one GET with the cookies kept so far, and keeps those that come back.
   * @param path default: the client's
   */
  async get(
    headers: Readonly<Record<string, string>> = {},
    path = this.#options.path ?? '/',
  ): Promise<Exchange> {
    const { host = 'test.com' } = this.#options
    const url = `http://${host}${path}`
    const cookie = (await this.#jar.getCookieString(url)) || undefined
    const request = (this.#sent += 1)
    const { response, body, connection } = await this.#send(path, {
      host,
      ...(cookie === undefined ? {} : { cookie }),
      ...this.#options.headers,
      ...headers,
    })
    const setCookie = response.headers['set-cookie'] ?? []
    for (const line of setCookie) await this.#jar.setCookie(line, url)
    const status = response.statusCode ?? 0
    return {
      client: this.name,
      request,
      path,
      cookie,
      status,
      setCookie,
      echo: status === 200 ? (JSON.parse(body) as Echo) : undefined,
      connection,
    }
  }

  async #send(
    path: string,
    headers: Record<string, string>,
  ): Promise<{ response: IncomingMessage; body: string; connection: string }> {
    const { port, agent } = this.#options
    return await new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
        const socket = response.socket
        const connection = `${socket.localAddress ?? ''}:${socket.localPort ?? 0}`
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => (body += text))
        response.on('error', reject)
        response.on('end', () => {
          resolve({ response, body, connection })
        })
      })
      request.on('error', reject)
      request.end()
    })
  }
}

/** Lets several clients send `requests` each, all at once: their requests interleave on a shared connection. */
export async function converse(
  clients: readonly Client[],
  requests: number,
): Promise<readonly (readonly Exchange[])[]> {
  return await Promise.all(
    clients.map(async (client) => {
      const exchanges: Exchange[] = []
      for (let count = 0; count < requests; count += 1) exchanges.push(await client.get())
      return exchanges
    }),
  )
}
