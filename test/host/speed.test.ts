/**
 * What the host adds to a filter, as it is built and published: vitest instruments what it imports from sources. Processor
 * time, not the clock's, and the least of many blocks that take turns: what else the machine does then hardly matters.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { beforeAll, expect, test } from 'vitest'

import type * as Host from '../../host/index.ts'
import { buildWasm, op } from './wasm-builder.ts'

const BUILT: string = '../../build/js/host/index.js'
const { ProxyWasmModule, Vm } = (await import(BUILT)) as typeof Host

const BLOCKS = 100
/** V8 compiles in the background, which takes its time on a busy machine: so often is there another round of blocks. */
const ROUNDS = 5
const BAR = 4
const STREAMS = 2_000
const NAME_AT = 64
const KEY_AT = 96
const OUT_AT = 16
const VALUE_AT = 1024

/** A filter that exports every callback of a stream, and does this with a request's headers. */
const filterThat = (onRequestHeaders: readonly number[]): Uint8Array =>
  buildWasm({
    imports: [
      { module: 'env', name: 'proxy_get_header_map_value', signature: 'iiiii>i' },
      { module: 'env', name: 'proxy_replace_header_map_value', signature: 'iiiii>i' },
    ],
    functions: [
      { export: 'proxy_abi_version_0_2_1', signature: '>', body: [] },
      { export: 'malloc', signature: 'i>i', body: op.i32Const(VALUE_AT) },
      { export: 'proxy_on_context_create', signature: 'ii>', body: [] },
      {
        export: 'proxy_on_request_headers',
        signature: 'iii>i',
        body: onRequestHeaders,
      },
      { export: 'proxy_on_response_headers', signature: 'iii>i', body: op.i32Const(0) },
      { export: 'proxy_on_log', signature: 'i>', body: [] },
      { export: 'proxy_on_done', signature: 'i>i', body: op.i32Const(1) },
      { export: 'proxy_on_delete', signature: 'i>', body: [] },
    ],
    memory: { initial: 1, export: 'memory' },
    data: [
      { at: NAME_AT, bytes: Buffer.from('x-user') },
      { at: KEY_AT, bytes: Buffer.from('x-key') },
    ],
  })

/** The least that a filter does: it reads one header and writes one. */
const FILTER = filterThat([
  ...[0, NAME_AT, 6, OUT_AT, OUT_AT + 4].flatMap(op.i32Const),
  ...op.call(0),
  ...op.drop,
  ...[0, KEY_AT, 5].flatMap(op.i32Const),
  ...[...op.i32Const(OUT_AT), ...op.i32Load, ...op.i32Const(OUT_AT + 4), ...op.i32Load],
  ...op.call(1),
])
/** Less than any filter does: all that a stream costs is the host's. */
const EMPTY = filterThat(op.i32Const(0))

const REQUEST: Host.HeaderList = [
  [':method', 'GET'],
  [':path', '/cart?item=7'],
  [':authority', 'shop.example.com'],
  ['x-user', 'alice@example.com'],
]
const RESPONSE: Host.HeaderList = [[':status', '200']]

let plugin: Host.Plugin
let vm: Host.Vm
beforeAll(() => {
  vm = new Vm(ProxyWasmModule.load(FILTER))
  plugin = vm.startPlugin()
})

function hosted(): void {
  hostedBy(plugin)
}

function hostedBy(plugin: Host.Plugin): void {
  const stream = plugin.stream({ headers: REQUEST })
  stream.requestHeaders({ endOfStream: true })
  stream.responseHeaders({ headers: RESPONSE })
  stream.end()
}

/** The same calls into the same module, with nothing around them but what its two hostcalls have to do. */
function bareLoop(wasm: Uint8Array): () => void {
  let headers = new Map<string, string>()
  const read = (at: number, size: number): string => bytes.toString('latin1', at, at + size)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
    env: {
      proxy_get_header_map_value(_map: number, at: number, size: number, valueAt: number, sizeAt: number) {
        const value = headers.get(read(at, size)) ?? ''
        const address = call('malloc', value.length) ?? 0
        bytes.write(value, address, 'latin1')
        bytes.writeUInt32LE(address, valueAt)
        bytes.writeUInt32LE(value.length, sizeAt)
        return 0
      },
      proxy_replace_header_map_value(
        _map: number,
        at: number,
        size: number,
        valueAt: number,
        valueSize: number,
      ) {
        headers.set(read(at, size), read(valueAt, valueSize))
        return 0
      },
    },
  })
  const bytes = Buffer.from((exports['memory'] as WebAssembly.Memory).buffer)
  const functions = exports as unknown as Readonly<Record<string, (...args: number[]) => number | undefined>>
  const call = (name: string, ...args: number[]): number | undefined => functions[name]?.(...args)
  let id = 1
  return () => {
    headers = new Map(REQUEST)
    call('proxy_on_context_create', ++id, 1)
    call('proxy_on_request_headers', id, headers.size, 1)
    call('proxy_on_response_headers', id, 1, 0)
    call('proxy_on_log', id)
    call('proxy_on_done', id)
    call('proxy_on_delete', id)
  }
}

/** Microseconds of processor time. */
function timeOf(run: () => void, times: number): number {
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

/** How many times what a bare loop costs; and both in microseconds. */
function ratioOf(wasm: Uint8Array): { ratio: number; least: { bare: number; hosted: number } } {
  const bare = bareLoop(wasm)
  const plugin = new Vm(ProxyWasmModule.load(wasm)).startPlugin()
  const inHost = (): void => {
    hostedBy(plugin)
  }
  let least = { bare: Infinity, hosted: Infinity }
  for (let block = 0; block < BLOCKS * ROUNDS; block++) {
    if (block % BLOCKS === 0 && least.hosted <= least.bare * BAR && block > 0) break
    least = {
      bare: Math.min(least.bare, timeOf(bare, STREAMS)),
      hosted: Math.min(least.hosted, timeOf(inHost, STREAMS)),
    }
  }
  return { ratio: least.hosted / least.bare, least }
}

test.each([
  ['a filter that does nothing', EMPTY],
  ['a filter that reads a header and replaces one', FILTER],
])('a stream of %s costs at most four times a bare loop around the same module', (_, wasm) => {
  const { ratio, least } = ratioOf(wasm)
  expect(ratio, JSON.stringify(least)).toBeLessThanOrEqual(BAR)
})

test('a thousand streams are not noticeable: under a tenth of a second of processor time', () => {
  expect(timeOf(hosted, 1_000) * 1_000).toBeLessThan(100_000)
})

const MANY = process.env['PROVE'] === undefined ? 200_000 : 2_000_000

test(`${MANY} streams later the memory is what it was`, () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const run = (streams: number): number => {
    for (let i = 0; i < streams; i++) hosted()
    collect()
    return process.memoryUsage().heapUsed
  }
  const guest = vm.memory.size
  run(20_000)
  const before = run(20_000)
  const after = run(MANY)
  expect(vm.memory.size).toBe(guest)
  expect(vm.openStreams).toBe(0)
  // A stream that leaves so much as one small object behind costs more.
  expect(after - before).toBeLessThan(MANY * 8)
})
