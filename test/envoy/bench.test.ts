import { spawnSync } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { buildRustPeer } from '../../bench/peers.ts'
import type { RustBuild } from '../../tools/rust-module.ts'
import { inEnvoy } from './in-envoy.ts'

// Where there is no Rust compiler for Wasm the bench runs without that contender, and so does this test.
let rust: RustBuild
beforeAll(async () => {
  rust = await buildRustPeer('rust-session')
})

/** The contenders of each job, as they stand in its table. */
function contenders(): Readonly<Record<string, readonly string[]>> {
  const inRust = rust.built ? ['Rust SDK'] : []
  const least = ['floor: one read, one write', "Mooring's calls alone"]
  const floor = ['empty Wasm filter', ...least]
  const copying = ['empty Wasm filter', 'Lua filter', ...least, ...inRust, 'AssemblyScript SDK', 'Mooring']
  const whole = [...floor, ...inRust, 'Mooring']
  return {
    a: copying,
    b: ['httpCookie with ttl', 'stateful_session cookie', ...floor, ...inRust, 'Mooring'],
    c: ['httpCookie with ttl', 'stateful_session cookie', ...whole],
    d: whole,
    e: whole,
    f: whole,
    g: whole,
    h: copying,
    i: [...floor, 'Mooring'],
    j: [...floor, 'Mooring'],
    k: [...floor, 'Mooring'],
    l: [...floor, ...(rust.built ? ['Rust SDK, the cookie alone'] : []), 'Mooring'],
  }
}

inEnvoy(({ binary, version }) => {
  test('make bench has each contender do each of its jobs and names it with its cost over no filter', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['build/js/bench/main.js', '--starts', '1', '--blocks', '1', '--requests', '20'],
      { encoding: 'utf8', env: { ...process.env, ENVOY: binary } },
    )
    expect(status, stderr).toBe(0)
    const [head = '', ...tables] = stdout.split(/^(?=\([a-l]\) )/m)
    expect(head).toBe(
      `Envoy ${version}, one worker, 1 starts, 1 blocks of 20 requests after each\n` +
        'microseconds of processor time for a request, over no filter\n\n',
    )
    const rows = tables.map((text): [string, string[]] => {
      const lines = text.trimEnd().split('\n').slice(3)
      return [text.charAt(1), lines.map((line) => /^(.+?) +-?\d+\.\d /.exec(line)?.[1] ?? line)]
    })
    expect(Object.fromEntries(rows)).toEqual(contenders())
    expect(stderr.includes('left out: the Rust SDK, ')).toBe(!rust.built)
  })

  // What make bench measures in: the jobs above were shown in both.
  if (version !== '1.40.0') return
  test('the conditions have each contender do its job beside open streams, several times over, and under load', () => {
    const size = ['--starts', '1', '--blocks', '1', '--requests', '20', '--open', '50']
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        'build/js/bench/main.js',
        '--conditions',
        ...size,
        ...['--rate', '100', '--seconds', '1', '--load', 'undici'],
      ],
      { encoding: 'utf8', env: { ...process.env, ENVOY: binary } },
    )
    expect(status, stderr).toBe(0)
    const all = ['floor: one read, one write', ...(rust.built ? ['Rust SDK'] : []), 'Mooring']
    const firstCells = stdout.split('\n').flatMap((line) => /^\| (.+?) \|/.exec(line)?.[1] ?? [])
    expect(stdout).toMatch(/^undici \d+\.\d+\.\d+ sends over 16 connections, for 1 seconds each: 100 /m)
    expect(firstCells).toEqual([
      ...['open streams', '0', '5', '50'],
      ...['plugins', 'Mooring, 1 of them', 'Mooring, 2 of them', 'Mooring, 4 of them'],
      ...['contender', ...all],
      ...['contender', 'no filter', 'Mooring'],
      ...['contender', 'no filter', ...all],
    ])
  })
})
