import { type ClientHttp2Session, connect } from 'node:http2'

/** HTTP/2 connections to the hosts of a cluster, one to each, without TLS. */
export class Http2Connections {
  readonly #sessions = new Map<string, ClientHttp2Session>()

  /** The connection to a host, `10.0.0.1:80` or `[::1]:80`; a new one where there is none that takes requests. */
  to(address: string): ClientHttp2Session {
    const present = this.#sessions.get(address)
    if (present !== undefined && !present.closed && !present.destroyed) return present
    const made = connect(`http://${address}`)
    // Each stream hears of it, too.
    made.on('error', () => undefined)
    made.once('close', () => {
      if (this.#sessions.get(address) === made) this.#sessions.delete(address)
    })
    this.#sessions.set(address, made)
    return made
  }

  /** Closes all connections at once. */
  close(): void {
    for (const session of this.#sessions.values()) session.destroy()
  }
}
