import { createServer, type AddressInfo } from 'node:net'

/** A port of 127.0.0.1 that nobody listens on, for what has to be told its port beforehand. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })
}
