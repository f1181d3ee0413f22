import { describe, expect, test } from 'vitest'

import { type PluginRefusedError, ProxyWasmModule, Vm } from '../../host/index.ts'
import { buildWasm, type FunctionSource, type ImportSource, type ModuleSource, op } from './wasm-builder.ts'

const ABI: FunctionSource = { export: 'proxy_abi_version_0_2_1', signature: '>', body: [] }
const MALLOC: FunctionSource = { export: 'malloc', signature: 'i>i', body: op.i32Const(1024) }
const MEMORY = { initial: 1, export: 'memory' }
const LOG: ImportSource = { module: 'env', name: 'proxy_log', signature: 'iii>i' }

function load(source: ModuleSource): ProxyWasmModule {
  return ProxyWasmModule.load(buildWasm(source))
}

/** Why a module is refused: where, the stable code and the message. */
function refusal(run: () => unknown): Pick<PluginRefusedError, 'phase' | 'code' | 'message'> {
  try {
    run()
  } catch (error) {
    const { phase, code, message } = error as PluginRefusedError
    return { phase, code, message }
  }
  throw new Error('nothing was refused')
}

describe('what Envoy loads, the host loads', () => {
  test('a module needs an ABI version, an allocator and a memory, and nothing else', () => {
    expect(load({ functions: [ABI, MALLOC], memory: MEMORY }).abi).toBe('0.2.1')
  })

  test('of several ABI versions the first in the export section counts', () => {
    const older = { ...ABI, export: 'proxy_abi_version_0_2_0' }
    expect(load({ functions: [older, ABI, MALLOC], memory: MEMORY }).abi).toBe('0.2.0')
  })

  test('proxy_on_memory_allocate stands in for malloc', () => {
    const allocate = { ...MALLOC, export: 'proxy_on_memory_allocate' }
    expect(load({ functions: [ABI, allocate], memory: MEMORY }).exports('malloc')).toBe(false)
  })

  test('the memory may be imported', () => {
    const vm = new Vm(load({ functions: [ABI, MALLOC], importsMemory: { initial: 3 } }))
    expect(vm.memory.size).toBe(3 * 65_536)
  })

  test('WASI is there under both of its module names', () => {
    const wasi = (module: string): ImportSource => ({ module, name: 'random_get', signature: 'ii>i' })
    const imports = [wasi('wasi_snapshot_preview1'), wasi('wasi_unstable')]
    expect(load({ imports, functions: [ABI, MALLOC], memory: MEMORY }).abi).toBe('0.2.1')
  })
})

describe('what Envoy refuses to load, the host refuses', () => {
  test('bytes that are no module', () => {
    const { phase, code } = refusal(() => ProxyWasmModule.load(Buffer.from('no wasm')))
    expect({ phase, code }).toEqual({ phase: 'load', code: 'invalid_module' })
  })

  test('a module without an ABI version', () => {
    expect(refusal(() => load({ functions: [MALLOC], memory: MEMORY }))).toEqual({
      phase: 'load',
      code: 'missing_abi_version',
      message: 'Missing or unknown Proxy-Wasm ABI version: export a function named proxy_abi_version_0_2_1',
    })
  })

  test.each([
    ['proxy_abi_version_0_1_0', 'proxy_continue_stream', 'i>i'],
    ['proxy_abi_version_0_1_0', 'proxy_get_log_level', 'i>i'],
    ['proxy_abi_version_0_2_0', 'proxy_get_log_level', 'i>i'],
    ['proxy_abi_version_0_2_0', 'proxy_get_configuration', 'ii>i'],
    ['proxy_abi_version_0_2_1', 'proxy_continue_request', '>i'],
  ])('what its ABI does not have: %s and %s', (version, name, signature) => {
    const functions = [{ ...ABI, export: version }, MALLOC]
    const source = { imports: [{ module: 'env', name, signature }], functions, memory: MEMORY }
    expect(refusal(() => load(source)).message).toBe(
      `Failed to load Wasm module due to a missing import: env.${name}`,
    )
  })

  test('under ABI 0.1.0 a headers callback that is told of the end', () => {
    const functions = [
      { ...ABI, export: 'proxy_abi_version_0_1_0' },
      MALLOC,
      { export: 'proxy_on_request_headers', signature: 'iii>i', body: op.i32Const(0) },
    ]
    expect(refusal(() => load({ functions, memory: MEMORY })).code).toBe('bad_function_signature')
  })

  test.each([
    ['env', 'abort', 'iiii>'],
    ['env', 'seed', '>F'],
    ['env', 'proxy_no_such_call', 'i>i'],
    ['env', 'random_get', 'ii>i'],
    ['wasi_snapshot_preview1', 'proxy_log', 'iii>i'],
    ['index', 'proxy_log', 'iii>i'],
  ])('an import that no Envoy has: %s.%s', (module, name, signature) => {
    const source = { imports: [{ module, name, signature }], functions: [ABI, MALLOC], memory: MEMORY }
    expect(refusal(() => load(source))).toEqual({
      phase: 'link',
      code: 'missing_import',
      message: `Failed to load Wasm module due to a missing import: ${module}.${name}`,
    })
  })

  test('an imported global', () => {
    const source = {
      importsGlobal: { module: 'env', name: 'base' },
      functions: [ABI, MALLOC],
      memory: MEMORY,
    }
    expect(refusal(() => load(source)).message).toBe(
      'Failed to load Wasm module due to a missing import: env.base',
    )
  })

  test('proxy_get_log_level under ABI 0.2.0, where it did not exist', () => {
    const imports = [{ module: 'env', name: 'proxy_get_log_level', signature: 'i>i' }]
    const older = { ...ABI, export: 'proxy_abi_version_0_2_0' }
    expect(refusal(() => load({ imports, functions: [older, MALLOC], memory: MEMORY })).message).toBe(
      'Failed to load Wasm module due to a missing import: env.proxy_get_log_level',
    )
    expect(load({ imports, functions: [ABI, MALLOC], memory: MEMORY }).abi).toBe('0.2.1')
  })

  test('an import with another type', () => {
    const imports = [{ module: 'env', name: 'proxy_increment_metric', signature: 'ii>i' }]
    expect(refusal(() => load({ imports, functions: [ABI, MALLOC], memory: MEMORY }))).toEqual({
      phase: 'link',
      code: 'import_type_mismatch',
      message:
        'Failed to load Wasm module due to an import type mismatch: env.proxy_increment_metric, ' +
        'want: i32 i32 -> i32, but host exports: i32 i64 -> i32',
    })
  })

  test('a callback with another type', () => {
    const headers: FunctionSource = {
      export: 'proxy_on_request_headers',
      signature: 'ii>i',
      body: op.i32Const(0),
    }
    expect(refusal(() => load({ functions: [ABI, MALLOC, headers], memory: MEMORY }))).toEqual({
      phase: 'link',
      code: 'bad_function_signature',
      message:
        'Bad function signature for: proxy_on_request_headers, found i32 i32 -> i32, expected i32 i32 i32 -> i32',
    })
  })

  test('a module without an allocator', () => {
    expect(refusal(() => load({ functions: [ABI], memory: MEMORY }))).toEqual({
      phase: 'link',
      code: 'missing_malloc',
      message: 'Wasm module is missing malloc function.',
    })
  })

  test('a module whose memory nobody can reach', () => {
    expect(refusal(() => load({ functions: [ABI, MALLOC], memory: { initial: 1 } })).code).toBe(
      'missing_memory',
    )
  })

  test('a hostcall in the start section, where Envoy has no context yet', () => {
    const log = [...op.i32Const(2), ...op.i32Const(0), ...op.i32Const(0), ...op.call(0), ...op.drop]
    const start: FunctionSource = { signature: '>', body: log }
    const source = { imports: [LOG], functions: [ABI, MALLOC, start], memory: MEMORY, start: 3 }
    expect(refusal(() => new Vm(load(source)))).toEqual({
      phase: 'start_section',
      code: 'hostcall_in_start_section',
      message:
        'the start section calls the host (restricted_callback: proxy_log), where Envoy has no context yet and ' +
        'crashes: build with --exportStart _initialize',
    })
  })
})

describe('how a guest starts', () => {
  const logs = (text: number): number[] => [
    ...op.i32Const(2),
    ...op.i32Const(text),
    ...op.i32Const(1),
    ...op.call(0),
    ...op.drop,
  ]
  const data = [{ at: 0, bytes: Buffer.from('ismv') }]

  test('_initialize runs, then main, and _start does not', () => {
    const functions: FunctionSource[] = [
      ABI,
      MALLOC,
      { export: '_initialize', signature: '>', body: logs(0) },
      { export: '_start', signature: '>', body: logs(1) },
      { export: 'main', signature: 'ii>i', body: [...logs(2), ...op.i32Const(0)] },
      { export: '__main_void', signature: '>i', body: [...logs(3), ...op.i32Const(0)] },
    ]
    expect(new Vm(load({ imports: [LOG], functions, memory: MEMORY, data })).logs.messages()).toEqual([
      'i',
      'm',
    ])
  })

  test('_start runs where there is no _initialize', () => {
    const functions: FunctionSource[] = [
      ABI,
      MALLOC,
      { export: '_start', signature: '>', body: logs(1) },
      { export: 'main', signature: 'ii>i', body: [...logs(2), ...op.i32Const(0)] },
    ]
    expect(new Vm(load({ imports: [LOG], functions, memory: MEMORY, data })).logs.messages()).toEqual(['s'])
  })

  test.each([
    ['env', 'proxy_get_property', 'iiii>i'],
    ['env', 'proxy_define_metric', 'iiii>i'],
    ['env', 'proxy_get_current_time_nanoseconds', 'i>i'],
    ['wasi_snapshot_preview1', 'proc_exit', 'i>'],
  ])('%s.%s traps in _initialize', (module, name, signature) => {
    const [parameters = '', results = ''] = signature.split('>')
    const body = [
      ...parameters.split('').flatMap(() => op.i32Const(0)),
      ...op.call(0),
      ...(results === 'i' ? op.drop : []),
    ]
    const functions = [ABI, MALLOC, { export: '_initialize', signature: '>', body }]
    const source = { imports: [{ module, name, signature }], functions, memory: MEMORY }
    expect(refusal(() => new Vm(load(source)))).toEqual({
      phase: 'initialize',
      code: 'trap',
      message: `Function: _initialize failed: Uncaught Error: restricted_callback: ${name}`,
    })
  })

  test('random_get and the environment work in _initialize', () => {
    const imports: ImportSource[] = [
      { module: 'wasi_snapshot_preview1', name: 'random_get', signature: 'ii>i' },
      { module: 'wasi_snapshot_preview1', name: 'environ_sizes_get', signature: 'ii>i' },
    ]
    const body = [
      ...[...op.i32Const(256), ...op.i32Const(4), ...op.call(0), ...op.drop],
      ...[...op.i32Const(260), ...op.i32Const(264), ...op.call(1), ...op.drop],
    ]
    const functions = [ABI, MALLOC, { export: '_initialize', signature: '>', body }]
    const vm = new Vm(load({ imports, functions, memory: MEMORY }), {
      environment: { KEY: 'ü' },
      random: { fill: (bytes) => bytes.fill(7) },
    })
    expect([vm.memory.readU32(256), vm.memory.readU32(260), vm.memory.readU32(264)]).toEqual([
      0x07070707, 1, 7,
    ])
  })

  test('a trap in _initialize refuses the VM', () => {
    const functions = [ABI, MALLOC, { export: '_initialize', signature: '>', body: op.unreachable }]
    expect(refusal(() => new Vm(load({ functions, memory: MEMORY })))).toEqual({
      phase: 'initialize',
      code: 'trap',
      message: 'Function: _initialize failed: Uncaught RuntimeError: unreachable',
    })
  })
})

describe('the limit of the memory', () => {
  const grow: FunctionSource = {
    export: 'grow',
    signature: 'i>i',
    body: [...op.localGet(0), ...op.memoryGrow],
  }
  const minusOne = 0xffff_ffff

  test('memory grows up to the limit and no further, whatever the module declares', () => {
    const module = load({ functions: [ABI, MALLOC, grow], memory: { initial: 2, maximum: 100, export: 'm' } })
    const vm = new Vm(module, { memoryLimit: 4 * 65_536 })
    expect([vm.callExport('grow', 2), vm.callExport('grow', 1)]).toEqual([2, minusOne])
    expect(vm.memory.size).toBe(4 * 65_536)
  })

  test("the module's own maximum holds where it is lower", () => {
    const vm = new Vm(
      load({ functions: [ABI, MALLOC, grow], memory: { initial: 1, maximum: 2, export: 'm' } }),
    )
    expect([vm.callExport('grow', 2), vm.callExport('grow', 1)]).toEqual([minusOne, 1])
  })

  test('without a word it is 1 GiB, as in Envoy', () => {
    const vm = new Vm(load({ functions: [ABI, MALLOC, grow], memory: MEMORY }))
    expect(vm.callExport('grow', 16_384)).toBe(minusOne)
  })

  test('a module that starts above the limit is refused', () => {
    const module = load({ functions: [ABI, MALLOC], memory: { initial: 3, export: 'm' } })
    expect(refusal(() => new Vm(module, { memoryLimit: 2 * 65_536 }))).toEqual({
      phase: 'link',
      code: 'memory_limit',
      message: 'the module starts with 3 pages of memory, above the limit of 2',
    })
  })

  test('a limit below one page is a mistake in the test', () => {
    const module = load({ functions: [ABI, MALLOC], memory: MEMORY })
    expect(() => new Vm(module, { memoryLimit: 1 })).toThrow(
      'memoryLimit is 1 bytes: expected at least one page, 65536, and at most 4 GiB',
    )
  })

  test('what a guest writes is read after its memory has grown', () => {
    const vm = new Vm(load({ functions: [ABI, MALLOC, grow], memory: MEMORY }))
    vm.callExport('grow', 1)
    expect(vm.memory.writeU32(65_536, 42)).toBe(true)
    expect(vm.memory.readU32(65_536)).toBe(42)
  })
})
