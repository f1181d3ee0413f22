import { createServer } from 'node:net'

/**
 * Addresses of this machine that clients may come from, at most `count`: 127.0.0.1, 127.0.0.2 and so on where the
 * system answers for all of 127.0.0.0/8 (Linux), else 127.0.0.1 alone (macOS).
 */
export async function loopbackAddresses(count: number): Promise<readonly string[]> {
  const candidates = Array.from({ length: Math.min(count, 254) }, (_, index) => `127.0.0.${index + 1}`)
  const usable = await Promise.all(candidates.map((address) => canBind(address, 0)))
  return candidates.filter((_, index) => usable[index] === true)
}

/** Whether a server could listen there now; port 0 asks for the address alone. */
export async function canBind(address: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, address, () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}
