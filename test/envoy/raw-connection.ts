import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Echo } from '../../demo/replica.ts'

/** An answer, and the request as a pod saw it, if one did. */
export interface Exchanged {
  readonly status: number
  readonly setCookie: readonly string[]
  readonly echo: Echo | undefined
}

/**
 * An HTTP/1.1 connection that is kept, and sends header lines octet by octet as they stand, where clients would
 * tidy or refuse them. One request after the other.
 */
export class RawConnection {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #arrived = () => {}
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    const wake = () => {
      this.#arrived()
    }
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      wake()
    })
    socket.on('close', () => {
      this.#ended = true
      wake()
    })
    // The end of the connection follows, and an exchange that waits throws then.
    socket.on('error', () => undefined)
  }

  /** Connects to a gateway on 127.0.0.1. */
  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Sends a GET with these header lines, one character an octet. Throws if the connection ends before the answer. */
  async get(path: string, lines: readonly string[]): Promise<Exchanged> {
    const request = [`GET ${path} HTTP/1.1`, 'host: test.com', ...lines, '', ''].join('\r\n')
    this.#socket.write(request, 'latin1')
    const headEnd = await this.#until(() => {
      const found = this.#received.indexOf('\r\n\r\n')
      return found < 0 ? undefined : found
    })
    const [statusLine = '', ...fields] = this.#received.toString('latin1', 0, headEnd).split('\r\n')
    const valuesOf = (name: string) =>
      fields.filter((field) => field.startsWith(`${name}: `)).map((field) => field.slice(name.length + 2))
    const from = headEnd + 4
    const to = from + Number(valuesOf('content-length')[0])
    await this.#until(() => (this.#received.length >= to ? to : undefined))
    const body = this.#received.toString('utf8', from, to)
    this.#received = this.#received.subarray(to)
    const status = Number(statusLine.split(' ')[1])
    return {
      status,
      setCookie: valuesOf('set-cookie'),
      echo: status === 200 ? (JSON.parse(body) as Echo) : undefined,
    }
  }

  async #until<T>(value: () => T | undefined): Promise<T> {
    for (;;) {
      const found = value()
      if (found !== undefined) return found
      if (this.#ended) throw new Error(`the connection ended after ${this.#received.toString('latin1')}`)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }
}
