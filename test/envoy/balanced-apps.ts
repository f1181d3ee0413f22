import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Hosts that a balancer chooses from. Each says which one it is; it cuts the connection of a request whose `x-fail` names
 * its number, and leaves one with `x-hold` waiting until it is told to answer.
 */
export class BalancedApps implements AsyncDisposable {
  /** `127.0.0.1:34567`, by number. */
  readonly addresses: readonly string[]
  /** The hosts that were asked, in order, by the `x-ask` of the request. */
  readonly asked = new Map<string, string[]>()
  readonly #servers: readonly Server[]
  #held: (() => void)[] = []
  #arrived: (() => void) | undefined

  private constructor(servers: readonly Server[]) {
    this.#servers = servers
    this.addresses = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`)
    for (const [number, server] of servers.entries()) {
      // A connection that is closed just as Envoy picks it would be a retry that nobody has asked for.
      server.keepAliveTimeout = 0
      server.on('request', (request, response) => {
        this.#answer(number, request, response)
      })
    }
  }

  static async start(count: number): Promise<BalancedApps> {
    const servers = Array.from({ length: count }, () => createServer())
    for (const server of servers) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    }
    return new BalancedApps(servers)
  }

  /** Resolves when the next request with `x-hold` has arrived. */
  nextHeld(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve
    })
  }

  /** Answers all that wait. */
  release(): void {
    for (const answer of this.#held.splice(0)) answer()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }

  #answer(number: number, request: IncomingMessage, response: ServerResponse): void {
    const address = this.addresses[number] ?? ''
    const name = String(request.headers['x-ask'] ?? '')
    this.asked.set(name, [...(this.asked.get(name) ?? []), address])
    if (String(request.headers['x-fail'] ?? '').includes(String(number))) {
      request.socket.destroy()
      return
    }
    const answer = () => {
      response.setHeader('x-pod', address)
      response.end()
    }
    if (request.headers['x-hold'] === undefined) {
      answer()
      return
    }
    this.#held.push(answer)
    this.#arrived?.()
  }
}
