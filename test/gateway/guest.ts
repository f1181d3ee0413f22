import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { main } from 'assemblyscript/asc'

const SOURCE = join(import.meta.dirname, '../guests/gateway')

/** Compiles the gateway's test filter, see test/guests/gateway/index.ts. */
export async function compileGuest(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined
  const { error } = await main(
    [
      'index.ts',
      '--outFile',
      'guest.wasm',
      '--runtime',
      'stub',
      '--exportStart',
      '_initialize',
      '--use',
      'abort=',
      '--optimizeLevel',
      '1',
    ],
    {
      readFile: (name, base) => readFile(join(SOURCE, base, name), 'utf8').catch(() => null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents
      },
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined)
    throw new Error(`the test filter does not compile: ${String(error)}`)
  return binary
}
