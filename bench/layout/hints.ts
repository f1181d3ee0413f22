import { rewriteModule } from '../instructions/rewrite.ts'
import { FALSE, TRUE, isBranch } from './branches.ts'

/**
 * The module with a hint at each branch that only ever goes one way (WebAssembly's custom section
 * `metadata.code.branch_hint`, which other tools and hosts pass over). V8 puts the code of the other way behind the rest
 * of the function, so that what a request runs takes fewer lines of the processor's caches. It heeds hints from 13.7 on
 * (src/wasm/wasm-feature-flags.h); Envoy 1.36.4 has 13.8.
 *
 * @param conditions of each branch, as branches.ts has them
 */
export function withHints(bytes: Uint8Array, conditions: readonly number[]): Uint8Array {
  let branch = 0
  return rewriteModule(bytes, (lines) =>
    lines.flatMap((line, index) => {
      if (!isBranch(line)) return [line]
      const condition = conditions[branch++]
      if (condition !== TRUE && condition !== FALSE) return [line]
      if (!isWorthAHint(lines, index, condition)) return [line]
      return [`(@metadata.code.branch_hint "\\0${condition === TRUE ? 1 : 0}")`, line]
    }),
  )
}

/** A hint takes four bytes. Where nothing or a single instruction is left out, there is nothing to put elsewhere. */
function isWorthAHint(lines: readonly string[], branch: number, condition: number): boolean {
  if (lines[branch]?.trim().startsWith('br_if') === true) return true
  const other = otherArm(lines, branch, condition)
  return other.length > 1 || other.some((line) => line.includes('call'))
}

/** The arm of an `if` that is not taken; nothing where it has no such arm. */
function otherArm(lines: readonly string[], branch: number, condition: number): readonly string[] {
  const indent = /^ */.exec(lines[branch] ?? '')?.[0] ?? ''
  const end = lines.indexOf(`${indent}end`, branch)
  const otherwise = lines.slice(0, end).indexOf(`${indent}else`, branch)
  if (condition === FALSE) return lines.slice(branch + 1, otherwise < 0 ? end : otherwise)
  return otherwise < 0 ? [] : lines.slice(otherwise + 1, end)
}
