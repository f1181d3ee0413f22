import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assemblePeer, buildRustPeer } from '../../bench/peers.ts'

let directory = ''
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'mooring-rust-'))))
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

function script(name: string, lines: string): string {
  const file = join(directory, name)
  writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  return file
}

const NONE = { cargo: 'mooring-has-no-cargo', rustc: 'mooring-has-no-rustc' }
const NO_COMPILER = { built: false, reason: 'no Rust compiler for wasm32-unknown-unknown' }

test('without a Rust compiler the reason says so', async () => {
  expect(await buildRustPeer('rust-cookie', [NONE])).toEqual(NO_COMPILER)
})

test('a compiler that has no standard library for Wasm, nor its sources, is no compiler for it', async () => {
  const rustc = script('rustc-of-one-target', `echo ${directory}/empty`)
  expect(await buildRustPeer('rust-cookie', [{ ...NONE, rustc }])).toEqual(NO_COMPILER)
})

test('where cargo fails, its last line is the reason', async () => {
  mkdirSync(join(directory, 'full', 'lib', 'rustlib', 'wasm32-unknown-unknown'), { recursive: true })
  const rustc = script('rustc', `echo ${directory}/full`)
  const cargo = script('cargo', 'echo "error: no network" >&2; exit 101')
  expect(await buildRustPeer('rust-cookie', [NONE, { cargo, rustc }])).toEqual({
    built: false,
    reason: 'cargo failed: error: no network',
  })
})

test('only a library from sources needs more than the target', async () => {
  mkdirSync(join(directory, 'sources', 'lib', 'rustlib', 'src', 'rust', 'library'), { recursive: true })
  writeFileSync(join(directory, 'sources', 'lib', 'rustlib', 'src', 'rust', 'library', 'Cargo.lock'), '')
  mkdirSync(join(directory, 'shipped', 'lib', 'rustlib', 'wasm32-unknown-unknown'), { recursive: true })
  const cargo = script('cargo-echo', 'echo "$RUSTC_BOOTSTRAP/$RUSTC $*" >&2; exit 1')
  const said = async (home: string) => {
    const rustc = script(`rustc-${home}`, `echo ${directory}/${home}`)
    const result = await buildRustPeer('rust-cookie', [{ cargo, rustc }])
    return result.built ? 'built' : result.reason.replaceAll(directory, '')
  }
  expect(await said('sources')).toMatch(
    /^cargo failed: 1\/\/rustc-sources build --release --locked --target wasm32-unknown-unknown .* -Z build-std=std,panic_abort$/,
  )
  expect(await said('shipped')).toMatch(
    /^cargo failed: \/\/rustc-shipped build --release --locked --target wasm32-unknown-unknown .*build\/bench$/,
  )
})

test('the floor asks for one read and one write, and is entered once; the empty filter asks for nothing', () => {
  const of = (name: 'empty' | 'floor') => {
    const module = new WebAssembly.Module(readFileSync(assemblePeer(name)))
    return {
      imports: WebAssembly.Module.imports(module).map((each) => each.name),
      callbacks: WebAssembly.Module.exports(module)
        .map((each) => each.name)
        .filter((each) => each.startsWith('proxy_on_')),
    }
  }
  const callbacks = ['proxy_on_request_headers']
  expect(of('empty')).toEqual({ imports: [], callbacks })
  expect(of('floor')).toEqual({
    imports: ['proxy_get_header_map_value', 'proxy_replace_header_map_value'],
    callbacks,
  })
})
