import { buildRustModule, type Compiler, type RustBuild } from '../tools/rust-module.ts'

/** Compiles bench/peers/rust-cookie into build/bench. Never throws. */
export function buildRustPeer(compilers?: readonly Compiler[]): Promise<RustBuild> {
  return buildRustModule('bench/peers/rust-cookie', 'the Rust contender', compilers)
}
