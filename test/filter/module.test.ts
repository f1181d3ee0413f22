import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const bytes = readFileSync('build/mooring.wasm')
const module = new WebAssembly.Module(bytes)

test('the module imports nothing but the hostcalls it uses and three calls of WASI', () => {
  const names = WebAssembly.Module.imports(module).map((entry) => `${entry.module}.${entry.name}`)
  expect(names.sort()).toEqual([
    'env.proxy_add_header_map_value',
    'env.proxy_define_metric',
    'env.proxy_get_buffer_bytes',
    'env.proxy_get_current_time_nanoseconds',
    'env.proxy_get_header_map_pairs',
    'env.proxy_get_header_map_value',
    'env.proxy_get_property',
    'env.proxy_get_shared_data',
    'env.proxy_increment_metric',
    'env.proxy_log',
    'env.proxy_record_metric',
    'env.proxy_remove_header_map_value',
    'env.proxy_replace_header_map_value',
    'env.proxy_send_local_response',
    'env.proxy_set_property',
    'env.proxy_set_shared_data',
    'env.proxy_set_tick_period_milliseconds',
    'wasi_snapshot_preview1.environ_get',
    'wasi_snapshot_preview1.environ_sizes_get',
    'wasi_snapshot_preview1.random_get',
  ])
})

test('the module exports the callbacks it needs and no other, since each exported one costs a request', () => {
  const names = WebAssembly.Module.exports(module).map((entry) => `${entry.kind} ${entry.name}`)
  expect(names.sort()).toEqual([
    'function _initialize',
    'function malloc',
    'function proxy_abi_version_0_2_1',
    'function proxy_on_configure',
    'function proxy_on_context_create',
    'function proxy_on_delete',
    'function proxy_on_request_headers',
    'function proxy_on_response_headers',
    'function proxy_on_tick',
    'function proxy_on_vm_start',
    'memory memory',
  ])
})

test('the module is at most 64 KiB', () => {
  expect(bytes.length).toBeLessThanOrEqual(64 * 1024)
})

test('texts are in the module packed, not as the UTF-16 of the language, nor as they are', () => {
  for (const text of ['filter_metadata', 'session_unreadable', 'did you mean']) {
    expect(bytes.includes(Buffer.from(text, 'utf16le'))).toBe(false)
    expect(bytes.includes(text)).toBe(false)
  }
})

test('the module has no start section: nothing runs before the host is ready', () => {
  expect(sectionIds(bytes)).not.toContain(8)
})

test('the debug build carries names for stack traces, and the same imports', () => {
  const debug = new WebAssembly.Module(readFileSync('build/mooring.debug.wasm'))
  expect(WebAssembly.Module.customSections(debug, 'name')).toHaveLength(1)
  expect(WebAssembly.Module.imports(debug)).toEqual(
    expect.arrayContaining(WebAssembly.Module.imports(module)),
  )
})

test('nothing managed is compiled in: no allocator of the language, which traps when memory ends, and no collector', () => {
  const names = readFileSync('build/mooring.debug.wasm').toString('latin1')
  expect(names).toContain('assembly/bytes/heap/heapAlloc')
  expect(names).not.toContain('~lib/rt/tlsf')
  expect(names).not.toContain('~lib/rt/tcms')
})

test('building again gives the same bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mooring-'))
  try {
    const again = join(folder, 'mooring.wasm')
    // Flags of a make that runs the tests are not for this one.
    execFileSync('make', ['--silent', again, `FILTER=${again}`], {
      env: { ...process.env, MAKEFLAGS: '' },
      stdio: 'pipe',
    })
    expect(readFileSync(again).equals(bytes)).toBe(true)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)

/** Ids of the module's sections, in order (WebAssembly core specification, 5.5.2). */
function sectionIds(wasm: Uint8Array): number[] {
  const ids: number[] = []
  let at = 8
  while (at < wasm.length) {
    ids.push(wasm[at] ?? -1)
    at++
    let size = 0
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] ?? 0
      size |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    at += size
  }
  return ids
}
