import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import asc from 'assemblyscript/asc'
import { wasiCalls } from './wasi-calls.ts'

const GUESTS = resolve(import.meta.dirname, '../guests')

/** Compiles a guest of test/guests; its entry exports `abort`, which the compiler is given. */
export async function compileGuest(name: string): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined
  const flags = ['--runtime', 'stub', '--exportStart', '_initialize', '--use', 'abort=index/abort']
  const { error, stderr } = await asc.main(['index.ts', '-o', 'guest.wasm', ...flags], {
    readFile: (path) => sourceOf(join(GUESTS, name, path)),
    writeFile: (_path, contents) => {
      if (typeof contents !== 'string') wasm = contents
    },
    listFiles: () => [],
  })
  if (error !== null || wasm === undefined)
    throw new Error(`guest ${name} does not compile:\n${String(stderr)}`)
  return wasm
}

const GENERATED: Readonly<Record<string, () => string>> = {
  [join(GUESTS, 'rare-calls/calls.ts')]: wasiCalls,
}

function sourceOf(path: string): string | null {
  const generate = GENERATED[path]
  if (generate !== undefined) return generate()
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
