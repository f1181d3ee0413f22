import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Accepts a WebSocket (RFC 6455, section 4.2.2), sends one text of at most 125 octets, and stays open. */
export function greetWebSocket(request: IncomingMessage, socket: Duplex, text: string): void {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}${MAGIC}`).digest('base64')
  // A server's socket stays half open unless it is told otherwise.
  socket.on('end', () => socket.end())
  socket.on('error', () => socket.destroy())
  socket.resume()
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  const payload = Buffer.from(text)
  socket.write(Buffer.concat([Buffer.from([0x81, payload.length]), payload]))
}
