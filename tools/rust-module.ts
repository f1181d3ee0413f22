import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'
import { withProgress } from './progress.ts'
import { lastLine, runCommand, type Environment } from './run-command.ts'

/** A module, or one line that says why there is none. */
export type RustBuild =
  { readonly built: true; readonly wasm: string } | { readonly built: false; readonly reason: string }

const TARGET = 'wasm32-unknown-unknown'
/** One for all crates: the standard library, which may have to be compiled, is compiled once. */
const OUTPUT = join(packageRoot, 'build', 'bench')

/** Commands that belong together. */
export interface Compiler {
  readonly cargo: string
  readonly rustc: string
}

/** The PATH's compiler, then the system's own, which a rustup on the PATH hides. */
const COMPILERS: readonly Compiler[] = [
  { cargo: 'cargo', rustc: 'rustc' },
  { cargo: '/usr/bin/cargo', rustc: '/usr/bin/rustc' },
]

const BUILD_WITHIN_MS = 600_000

/**
 * Compiles a crate of the project to Wasm, into build/; cargo does nothing where it is there already. Never throws.
 *
 * @param crate its directory, from the project's root; its package has the directory's name
 * @param what for the progress line: `the Rust contender`
 */
export async function buildRustModule(
  crate: string,
  what: string,
  compilers: readonly Compiler[] = COMPILERS,
): Promise<RustBuild> {
  for (const { cargo, rustc } of compilers) {
    const standardLibrary = await findStandardLibrary(rustc)
    if (standardLibrary === undefined) continue
    const { status, stderr } = await withProgress(`compiling ${what}`, () =>
      runCommand(
        cargo,
        [
          ...['build', '--release', '--locked', '--target', TARGET],
          ...['--manifest-path', join(packageRoot, crate, 'Cargo.toml'), '--target-dir', OUTPUT],
          ...standardLibrary.args,
        ],
        { timeoutMs: BUILD_WITHIN_MS, env: { ...process.env, ...standardLibrary.env, RUSTC: rustc } },
      ),
    )
    const name = (crate.split('/').at(-1) ?? '').replaceAll('-', '_')
    return status === 0
      ? { built: true, wasm: join(OUTPUT, TARGET, 'release', `${name}.wasm`) }
      : { built: false, reason: `cargo failed: ${lastLine(stderr)}` }
  }
  return { built: false, reason: `no Rust compiler for ${TARGET}` }
}

/** How cargo gets the standard library for the target: with the compiler, or from its sources. */
async function findStandardLibrary(
  rustc: string,
): Promise<{ readonly args: readonly string[]; readonly env: Environment } | undefined> {
  const { status, stdout } = await runCommand(rustc, ['--print', 'sysroot'], { timeoutMs: 30_000 })
  if (status !== 0) return undefined
  const rustlib = join(stdout.trim(), 'lib', 'rustlib')
  if (existsSync(join(rustlib, TARGET))) return { args: [], env: {} }
  if (!existsSync(join(rustlib, 'src', 'rust', 'library', 'Cargo.lock'))) return undefined
  return {
    args: ['-Z', 'build-std=std,panic_abort'],
    // cargo's -Z is for nightly compilers unless this is set. Debian's compiler comes without a linker for Wasm.
    env: { RUSTC_BOOTSTRAP: '1', CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: 'wasm-ld' },
  }
}
