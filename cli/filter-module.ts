import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ProxyWasmModule } from '../host/index.ts'
import { packageRoot } from '../tools/package-root.ts'

/** The filter that came with this command. */
export function loadFilter(): ProxyWasmModule {
  return ProxyWasmModule.load(readFileSync(join(packageRoot, 'build', 'mooring.wasm')))
}
