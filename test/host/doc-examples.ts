import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import asc from 'assemblyscript/asc'

/** docs/host.md */
export const page = readFileSync(resolve(import.meta.dirname, '../../docs/host.md'), 'utf8')

/** The examples of the page by their titles. */
export const examples: ReadonlyMap<string, string> = new Map(
  [...page.matchAll(/```\w+ title=(\S+)\n(.*?)```/gs)].map(([, title = '', source = '']) => [title, source]),
)

export function example(title: string): string {
  const source = examples.get(title)
  if (source === undefined) throw new Error(`docs/host.md has no example ${title}`)
  return source
}

/** As the page says. */
export const EXAMPLE_FLAGS = ['--runtime', 'stub', '--exportStart', '_initialize', '--use', 'abort=']

/** Compiles a filter of the page that is written in AssemblyScript. */
export async function compileExample(name: string): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined
  const { error, stderr } = await asc.main([`${name}.ts`, '-o', `${name}.wasm`, ...EXAMPLE_FLAGS], {
    readFile: (path) => (path === `${name}.ts` ? example(path) : null),
    writeFile: (_path, contents) => {
      if (typeof contents !== 'string') wasm = contents
    },
    listFiles: () => [],
  })
  if (error !== null || wasm === undefined) throw new Error(`${name}.ts does not compile:\n${String(stderr)}`)
  return wasm
}
