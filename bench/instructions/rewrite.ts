import binaryen from 'binaryen'
import { assembled } from './assemble.ts'

/**
 * The module with its text rewritten: one line for each instruction and field, the last `)` left out.
 *
 * @throws {Error} where what comes out is no valid module
 */
export function rewriteModule(
  bytes: Uint8Array,
  rewrite: (lines: readonly string[]) => Iterable<string>,
): Uint8Array {
  const module = binaryen.readBinaryWithFeatures(bytes, binaryen.Features.All)
  const lines = module.emitStackIR().trimEnd().split('\n')
  module.dispose()
  const end = lines.pop()
  if (end !== ')') throw new Error(`expected the end of a module, found ${String(end)}`)
  return assembled([...rewrite(lines), end].join('\n'))
}
