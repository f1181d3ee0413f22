/** The modules that Mooring is compared with, built into build/bench. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BUILT_FILTER } from '../demo/built-filter.ts'
import { ProxyWasmModule } from '../host/index.ts'
import { packageRoot } from '../tools/package-root.ts'
import { lastLine, runCommand } from '../tools/run-command.ts'
import { buildRustModule, type Compiler, type RustBuild } from '../tools/rust-module.ts'
import { callsAlone } from './calls-alone.ts'
import { assembled } from './instructions/assemble.ts'
import type { Job } from './jobs.ts'

const PEERS = join(packageRoot, 'bench', 'peers')
const OUTPUT = join(packageRoot, 'build', 'bench')

/** The source of a peer that needs no compiler. */
export function peerSource(file: string): string {
  return readFileSync(join(PEERS, file), 'utf8')
}

/** Assembles bench/peers/NAME.wat; the path of the module. */
export function assemblePeer(name: 'empty' | 'floor'): string {
  return assembledAs(name, peerSource(`${name}.wat`))
}

/** For each job the module that makes Mooring's calls alone, at the time `now`: paths by the jobs' letters. */
export function assembleCallsAlone(jobs: readonly Job[], now: number): ReadonlyMap<string, string> {
  const filter = ProxyWasmModule.load(readFileSync(BUILT_FILTER))
  return new Map(
    jobs.map((job) => [job.letter, assembledAs(`calls-${job.letter}`, callsAlone(filter, job, now))]),
  )
}

function assembledAs(name: string, text: string): string {
  const wasm = join(OUTPUT, `${name}.wasm`)
  mkdirSync(dirname(wasm), { recursive: true })
  writeFileSync(wasm, assembled(text))
  return wasm
}

/** Compiles bench/peers/as-sdk-cookie as its users would, by the command line. Never throws. */
export async function buildAssemblyScriptPeer(): Promise<RustBuild> {
  const wasm = join(OUTPUT, 'as-sdk-cookie.wasm')
  const packages = join(packageRoot, 'node_modules')
  const { status, stderr } = await runCommand(
    process.execPath,
    [
      join(packages, 'assemblyscript', 'bin', 'asc.js'),
      'index.ts',
      ...['--config', 'asconfig.json', '--path', packages, '-o', wasm],
    ],
    { timeoutMs: 120_000, cwd: join(PEERS, 'as-sdk-cookie') },
  )
  return status === 0 ? { built: true, wasm } : { built: false, reason: `asc failed: ${lastLine(stderr)}` }
}

/** Compiles bench/peers/CRATE. Never throws. */
export function buildRustPeer(
  crate: 'rust-cookie' | 'rust-session',
  compilers?: readonly Compiler[],
): Promise<RustBuild> {
  return buildRustModule(`bench/peers/${crate}`, `the Rust contender ${crate}`, compilers)
}
