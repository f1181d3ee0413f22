import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Visit } from './job.ts'

const CONNECTIONS = 16

/** The header that DestinationRules with httpHeaderName hash. */
const KEY_HEADER = 'x-mooring-key'

/** Sends requests over connections that stay open, and answers them behind the proxy. */
export class Load implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  #lastKey: readonly string[] | undefined
  readonly #server = createServer((request, response) => {
    this.#lastKey = request.headersDistinct[KEY_HEADER]
    response.end('ok')
  })

  static async start(): Promise<Load> {
    const load = new Load()
    await new Promise<void>((resolve) => load.#server.listen(0, '127.0.0.1', resolve))
    return load
  }

  /** The port of the upstream. */
  get upstream(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Sends `count` requests and waits for their answers; rejects unless each is 200. */
  async send(port: number, visit: Visit, count: number): Promise<void> {
    let sent = 0
    const connection = async (): Promise<void> => {
      while (sent < count) {
        sent++
        await this.#request(port, visit)
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  }

  /** Sends one request and says what key header reached the upstream; several are joined. */
  async keyBehind(port: number, visit: Visit): Promise<string | undefined> {
    await this.#request(port, visit)
    return this.#lastKey?.join(', ')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #request(port: number, { path, headers }: Visit): Promise<void> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, agent: this.#agent, headers }, (response) => {
        response.resume()
        response.on('end', () => {
          if (response.statusCode === 200) resolve()
          else reject(new Error(`the proxy answered ${response.statusCode ?? 0}: expected 200`))
        })
      }).on('error', reject)
    })
  }
}
