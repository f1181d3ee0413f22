import { once } from 'node:events'
import { connect } from 'node:net'
import type { Echo } from '../../demo/replica.ts'

/** The status line of an answer, and the request as a pod saw it, if one did. */
export interface SocketAnswer {
  readonly status: string
  readonly echo: Echo | undefined
}

/**
 * Sends a request's lines as they stand, UTF-8 or one byte a character, where clients would tidy or refuse them. The
 * connection is closed afterwards.
 */
export async function overSocket(
  port: number,
  lines: readonly string[],
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<SocketAnswer> {
  const received = await exchange(
    port,
    Buffer.from([...lines, 'connection: close', '', ''].join('\r\n'), encoding),
  )
  const status = received.slice(0, received.indexOf('\r\n'))
  const body = received.slice(received.indexOf('\r\n\r\n') + 4)
  return { status, echo: status.endsWith(' 200 OK') ? (JSON.parse(body) as Echo) : undefined }
}

/** Sends bytes, and gives all that comes until the other side closes the connection. */
export async function exchange(port: number, bytes: Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('utf8').on('data', (piece: string) => (received += piece))
  socket.write(bytes)
  await once(socket, 'end')
  return received
}
