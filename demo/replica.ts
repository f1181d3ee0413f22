import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

/** Pods of one Deployment, named as Kubernetes names them: service, ReplicaSet, pod. */
export const POD_NAMES: readonly string[] = [
  'test2-bwce-srv-7c6d8f9b5b-x2k4p',
  'test2-bwce-srv-7c6d8f9b5b-q9zlm',
  'test2-bwce-srv-7c6d8f9b5b-h5w8t',
]

/** What a replica answers, as JSON: its name, and the request as it arrived behind the gateway. */
export interface Echo {
  readonly pod: string
  readonly method: string
  readonly path: string
  /** In order, repeated names included, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Answers a request itself and returns true, or returns false and leaves it to the replica. */
export type Responder = (request: IncomingMessage, response: ServerResponse, echo: Echo) => boolean

/** Takes over the connection of a request that asks for another protocol, as a WebSocket does. */
export type Upgrader = (request: IncomingMessage, socket: Duplex, echo: Echo) => void

/** More than Envoy lets through, so that the gateway alone decides what is too much. */
const MOST_HEADER_BYTES = 128 * 1024

/** A pod: a small HTTP server on 127.0.0.1 that logs its hostname for each request and echoes the request. */
export class Replica {
  readonly name: string
  readonly log: string[] = []
  readonly #server: Server

  private constructor(name: string, respond: Responder, upgrade: Upgrader | undefined) {
    this.name = name
    this.#server = createServer({ maxHeaderSize: MOST_HEADER_BYTES }, (request, response) => {
      const echo = this.#note(request)
      request.resume()
      if (respond(request, response, echo)) return
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(echo))
    })
    if (upgrade !== undefined) {
      this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
        upgrade(request, socket, this.#note(request))
      })
    }
    // The gateway keeps its connections; a server that closes idle ones would race with its next request.
    this.#server.keepAliveTimeout = 0
  }

  /** @param address of this machine to listen on, at a free port */
  static async start(
    name: string,
    respond: Responder = () => false,
    upgrade?: Upgrader,
    address = '127.0.0.1',
  ): Promise<Replica> {
    const replica = new Replica(name, respond, upgrade)
    await new Promise<void>((resolve, reject) => {
      replica.#server.once('error', reject)
      replica.#server.listen(0, address, resolve)
    })
    return replica
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve()
      })
      this.#server.closeAllConnections()
    })
  }

  /** Writes the log's line. */
  #note(request: IncomingMessage): Echo {
    const echo = this.#echo(request)
    const cookie = echo.headers.find(([header]) => header === 'cookie')?.[1] ?? '-'
    this.log.push(`${this.name} ${echo.method} ${echo.path} ${cookie}`)
    return echo
  }

  #echo(request: IncomingMessage): Echo {
    const raw = request.rawHeaders
    return {
      pod: this.name,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: raw.flatMap((name, index) =>
        index % 2 === 0 ? [[name.toLowerCase(), raw[index + 1] ?? ''] as const] : [],
      ),
    }
  }
}

/** The replicas of the Service, and their end. */
export class Replicas implements AsyncDisposable {
  readonly all: readonly Replica[]

  private constructor(all: readonly Replica[]) {
    this.all = all
  }

  static async start(
    names: readonly string[] = POD_NAMES,
    respond?: Responder,
    upgrade?: Upgrader,
  ): Promise<Replicas> {
    return new Replicas(await Promise.all(names.map((name) => Replica.start(name, respond, upgrade))))
  }

  get ports(): readonly number[] {
    return this.all.map(({ port }) => port)
  }

  /** A copy of each one's log. */
  logs(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.all.map(({ name, log }) => [name, [...log]]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((replica) => replica.stop()))
  }
}
