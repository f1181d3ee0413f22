import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'

const CONNECTIONS = 16

/** What every request carries: the session is there already, as nearly always. */
const HEADERS = { host: 'test.com', cookie: 'theme=dark; ISTIOID=ABEiM0RVZneImaq7zN3u_w' }

/** Sends requests over connections that stay open, and answers them behind the proxy. */
export class Load implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  readonly #server = createServer((_, response) => {
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
  async send(port: number, count: number): Promise<void> {
    let sent = 0
    const connection = async (): Promise<void> => {
      while (sent < count) {
        sent++
        await this.#request(port)
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #request(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, agent: this.#agent, headers: HEADERS }, (response) => {
        response.resume()
        response.on('end', () => {
          if (response.statusCode === 200) resolve()
          else reject(new Error(`the proxy answered ${response.statusCode ?? 0}: expected 200`))
        })
      }).on('error', reject)
    })
  }
}
