import { type AddressInfo, createServer, type Socket } from 'node:net'
import { BODY, Connection } from './connection.ts'
import { ANSWER_SETS, type Outcome, POD_HEADER, sessionIn, type Visit } from './jobs.ts'

const CONNECTIONS = 16

/** The header that DestinationRules with httpHeaderName hash. */
const KEY_HEADER = 'x-mooring-key'

const HEAD = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${BODY.length}\r\n`

/** Sends requests over connections that stay open, and answers them behind the proxy. */
export class Load implements AsyncDisposable {
  readonly #connections = new Map<number, readonly Connection[]>()
  readonly #sockets = new Set<Socket>()
  /** The request that reached the upstream last. */
  #lastHead = ''
  readonly #server = createServer({ noDelay: true }, (socket) => {
    this.#answer(socket)
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
    const request = requestOf(visit)
    let sent = 0
    const keepSending = async (connection: Connection): Promise<void> => {
      while (sent < count) {
        sent++
        await connection.exchange(request)
      }
    }
    await Promise.all((await this.#connectionsTo(port)).map(keepSending))
  }

  /** Sends one request and says what it left behind; several key headers are joined. */
  async outcome(port: number, visit: Visit): Promise<Outcome> {
    const [connection] = await this.#connectionsTo(port)
    const answer = await connection?.exchange(requestOf(visit))
    const keys = valuesIn(this.#lastHead, KEY_HEADER)
    return {
      key: keys.length === 0 ? undefined : keys.join(', '),
      session: sessionIn(valuesIn(this.#lastHead, 'cookie').join('; ')),
      set: sessionIn(valuesIn(answer ?? '', 'set-cookie').join('; ')),
      pod: valuesIn(this.#lastHead, POD_HEADER)[0],
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of [...this.#connections.values()].flat()) connection.close()
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #connectionsTo(port: number): Promise<readonly Connection[]> {
    const open = this.#connections.get(port)
    if (open !== undefined) return open
    const opened = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(port)))
    this.#connections.set(port, opened)
    return opened
  }

  /** A request without a body ends with its head, and Envoy sends the next one after the answer. */
  #answer(socket: Socket): void {
    let head = ''
    this.#sockets.add(socket)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      head += text
      if (!head.endsWith('\r\n\r\n')) return
      const [line] = valuesIn(head, ANSWER_SETS)
      this.#lastHead = head
      head = ''
      socket.write(`${HEAD}${line === undefined ? '' : `set-cookie: ${line}\r\n`}\r\n${BODY}`, 'latin1')
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

export function requestOf({ path, headers }: Visit): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function valuesIn(head: string, header: string): readonly string[] {
  return head
    .split('\r\n')
    .filter((line) => line.startsWith(`${header}: `))
    .map((line) => line.slice(header.length + 2))
}
