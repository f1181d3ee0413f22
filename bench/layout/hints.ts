import { rewriteModule } from '../instructions/rewrite.ts'
import { type Branch, isBranch } from './branches.ts'

/** A hint takes four bytes of the module: as many jobs have to come by for one. */
const JOBS = 2

/**
 * The module with a hint at each branch that all jobs take the same way (WebAssembly's custom section
 * `metadata.code.branch_hint`, which other tools and hosts pass over). V8 puts the code of the other way behind the rest
 * of the function: what a request runs takes fewer lines of the processor's caches, and jumps less. It heeds hints from
 * 13.7 on (src/wasm/wasm-feature-flags.h); Envoy 1.36.4 has 13.8.
 *
 * @param branches of the module, as branches.ts counts them
 */
export function withHints(bytes: Uint8Array, branches: readonly Branch[]): Uint8Array {
  let branch = 0
  return rewriteModule(bytes, (lines) =>
    lines.flatMap((line) => {
      if (!isBranch(line)) return [line]
      const { yes, no } = branches[branch++] ?? { yes: 0, no: 0 }
      if ((yes > 0 && no > 0) || yes + no < JOBS) return [line]
      return [`(@metadata.code.branch_hint "\\0${yes > 0 ? 1 : 0}")`, line]
    }),
  )
}
