import { request, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** A connection manager's: lets clients go on with WebSocket. */
export const WEBSOCKET = { upgrade_configs: [{ upgrade_type: 'websocket' }] }

/** Asks to go on with WebSocket, and gives the answer, whatever it is. */
export async function upgrade(
  port: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      agent: false,
      headers: {
        ...headers,
        host: 'test.com',
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    })
    sent.on('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answer)
    })
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end()
  })
}

/** A pod's side: goes on with WebSocket, says `headers`, and hangs up. */
export function acceptUpgrade(socket: Socket, headers: Readonly<Record<string, string>> = {}): void {
  // A server of node:http has no other way to answer an upgrade that nobody listens for.
  const lines = Object.entries({ connection: 'Upgrade', upgrade: 'websocket', ...headers })
  socket.end(
    ['HTTP/1.1 101 Switching Protocols', ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join(
      '\r\n',
    ),
  )
}
