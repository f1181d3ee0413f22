import { connect, type Socket } from 'node:net'

/** The body of every answer. */
export const BODY = 'ok'

/**
 * A connection to the proxy that stays open and carries one request at a time. It knows no more of HTTP than this
 * needs: with node:http the client takes most of the machine, and a proxy that waits for its client is measured by
 * how often it wakes.
 */
export class Connection {
  readonly #socket: Socket
  #received = ''
  #settle: { readonly resolve: (head: string) => void; readonly reject: (error: Error) => void } | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#receive(text)
    })
    socket.on('error', (error) => this.#settle?.reject(error))
    socket.on('close', () => this.#settle?.reject(new Error('the proxy closed the connection')))
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject)
    })
    return new Connection(socket)
  }

  /** Sends one request and waits for its answer, of which it gives the head; rejects unless that is 200. */
  exchange(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#received = ''
      this.#settle = { resolve, reject }
      this.#socket.write(request, 'latin1')
    })
  }

  close(): void {
    this.#settle = undefined
    this.#socket.destroy()
  }

  #receive(text: string): void {
    this.#received += text
    if (!this.#received.includes('\r\n\r\n')) return
    if (!this.#received.startsWith('HTTP/1.1 200 ')) {
      const [line = ''] = this.#received.split('\r\n')
      this.#settle?.reject(new Error(`the proxy answered "${line}": expected 200`))
    } else if (this.#received.endsWith(`\r\n\r\n${BODY}`)) {
      this.#settle?.resolve(this.#received.slice(0, -BODY.length))
    }
  }
}
