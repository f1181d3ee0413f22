import { createServer } from 'node:net'

/** Below what systems give to connections and to listeners of port 0, so that none of those takes it meanwhile. */
const FIRST = 12_000
const COUNT = 18_000

/** A port of 127.0.0.1 that nobody listens on, for what has to be told its port beforehand. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}
