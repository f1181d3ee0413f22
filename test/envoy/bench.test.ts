import { spawnSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { buildRustPeer } from '../../bench/rust-peer.ts'
import type { RustBuild } from '../../tools/rust-module.ts'
import { inEnvoy } from './in-envoy.ts'

// Where there is no Rust compiler for Wasm the bench runs without that contender, and so does this test.
let rust: RustBuild
beforeAll(async () => {
  rust = await buildRustPeer()
})

inEnvoy(({ binary, version }) => {
  test('make bench has each contender do its job and names it with its cost over no filter', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['build/js/bench/main.js', '--starts', '1', '--blocks', '1', '--requests', '50'],
      { encoding: 'utf8', env: { ...process.env, ENVOY: binary } },
    )
    const number = String.raw`-?\d+\.\d`
    const ratio = rust.built ? String.raw` +(-?\d+\.\d\d|-) +(-?\d+\.\d\d to -?\d+\.\d\d|-)` : ''
    const row = (name: string) => String.raw`${name} +${number} +${number} to ${number} +${number}${ratio}`
    expect(stdout).toMatch(
      new RegExp(
        [
          `^Envoy ${version.replaceAll('.', '\\.')}, one worker, 1 starts, 1 blocks of 50 requests after each`,
          'microseconds of processor time for a request, over no filter',
          '',
          `configuration +median +middle half +minima${rust.built ? ' +x Rust +95 % of draws' : ''}`,
          ...(rust.built ? [row('Rust SDK: cookie to key header')] : []),
          row('session to key header'),
          row('session alone, key skipped'),
          row('claim that is absent, then session'),
          row('chain: the claim wins'),
          row('chain: tenant and path win'),
          row('chain: the session wins'),
          '$',
        ].join('\n'),
      ),
    )
    expect(stderr.includes('left out: the Rust SDK, ')).toBe(!rust.built)
    expect(status).toBe(0)
  })
})
