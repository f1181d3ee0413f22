import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import asc from 'assemblyscript/asc'

const GUESTS = resolve(import.meta.dirname, '../guests')

/**
 * Compiles a guest of test/guests; its entry exports `abort`, which the compiler is given.
 *
 * @param calls the source of its `calls.ts`, where that is generated
 */
export async function compileGuest(name: string, calls?: string): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined
  const flags = ['--runtime', 'stub', '--exportStart', '_initialize', '--use', 'abort=index/abort']
  const { error, stderr } = await asc.main(['index.ts', '-o', 'guest.wasm', ...flags], {
    readFile: (path) =>
      path === 'calls.ts' && calls !== undefined ? calls : sourceOf(join(GUESTS, name, path)),
    writeFile: (_path, contents) => {
      if (typeof contents !== 'string') wasm = contents
    },
    listFiles: () => [],
  })
  if (error !== null || wasm === undefined)
    throw new Error(`guest ${name} does not compile:\n${String(stderr)}`)
  return wasm
}

function sourceOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
