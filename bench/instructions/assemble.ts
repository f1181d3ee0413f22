import binaryen from 'binaryen'

/**
 * The module that WebAssembly's text stands for.
 *
 * @throws {Error} where it is no valid one
 */
export function assembled(text: string): Uint8Array {
  const module = binaryen.parseText(text)
  module.setFeatures(binaryen.Features.All)
  if (module.validate() === 0) throw new Error('the text is not that of a valid module')
  const bytes = module.emitBinary()
  module.dispose()
  return bytes
}
