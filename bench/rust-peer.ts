import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../tools/package-root.ts'
import { withProgress } from '../tools/progress.ts'
import { lastLine, runCommand, type Environment } from '../tools/run-command.ts'

/** A module, or one line that says why there is none. */
export type PeerBuild =
  { readonly built: true; readonly wasm: string } | { readonly built: false; readonly reason: string }

const TARGET = 'wasm32-unknown-unknown'
const MANIFEST = join(packageRoot, 'bench', 'peers', 'rust-cookie', 'Cargo.toml')
const OUTPUT = join(packageRoot, 'build', 'bench')
const MODULE = join(OUTPUT, TARGET, 'release', 'rust_cookie.wasm')

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

const BUILD_WITHIN_MS = 300_000

/** Compiles bench/peers/rust-cookie into build/bench; cargo does nothing where it is there already. Never throws. */
export async function buildRustPeer(compilers = COMPILERS): Promise<PeerBuild> {
  for (const { cargo, rustc } of compilers) {
    const standardLibrary = await findStandardLibrary(rustc)
    if (standardLibrary === undefined) continue
    const { status, stderr } = await withProgress('compiling the Rust contender', () =>
      runCommand(
        cargo,
        [
          ...['build', '--release', '--locked', '--target', TARGET],
          ...['--manifest-path', MANIFEST, '--target-dir', OUTPUT, ...standardLibrary.args],
        ],
        { timeoutMs: BUILD_WITHIN_MS, env: { ...process.env, ...standardLibrary.env, RUSTC: rustc } },
      ),
    )
    return status === 0
      ? { built: true, wasm: MODULE }
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
