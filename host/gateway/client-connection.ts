import type { Socket } from 'node:net'

import { Connection } from '../index.ts'

const CONNECTIONS = new WeakMap<Socket, Connection>()

/** What filters know a client's socket by: the same for every request on it. */
export function connectionOf(socket: Socket): Connection {
  let connection = CONNECTIONS.get(socket)
  if (connection === undefined) {
    connection = new Connection()
    CONNECTIONS.set(socket, connection)
  }
  return connection
}
