import { PluginRefusedError } from './errors.ts'
import { type AbiVersion, importSignature } from './imports.ts'
import { type ModuleLayout, readLayout, type Signature, withMemoryMaximum } from './wasm-binary.ts'

/** V8's limit in Envoy: 16,384 pages of 64 KiB, 1 GiB (`--wasm_max_mem_pages`, proxy-wasm-cpp-host limits.h). */
export const ENVOY_MEMORY_LIMIT_PAGES = 16_384

const ABI_EXPORTS: Readonly<Record<string, AbiVersion>> = {
  proxy_abi_version_0_1_0: '0.1.0',
  proxy_abi_version_0_2_0: '0.2.0',
  proxy_abi_version_0_2_1: '0.2.1',
}

/** What Envoy looks up among the exports (wasm.cc getFunctions), and the type it insists on. */
const GUEST_EXPORTS: Readonly<Record<string, Signature>> = {
  _initialize: '>',
  _start: '>',
  main: 'ii>i',
  __main_void: '>i',
  malloc: 'i>i',
  proxy_on_memory_allocate: 'i>i',
  proxy_validate_configuration: 'ii>i',
  proxy_on_vm_start: 'ii>i',
  proxy_on_configure: 'ii>i',
  proxy_on_tick: 'i>',
  proxy_on_context_create: 'ii>',
  proxy_on_new_connection: 'i>i',
  proxy_on_downstream_data: 'iii>i',
  proxy_on_upstream_data: 'iii>i',
  proxy_on_downstream_connection_close: 'ii>',
  proxy_on_upstream_connection_close: 'ii>',
  proxy_on_request_headers: 'iii>i',
  proxy_on_request_body: 'iii>i',
  proxy_on_request_trailers: 'ii>i',
  proxy_on_request_metadata: 'ii>i',
  proxy_on_response_headers: 'iii>i',
  proxy_on_response_body: 'iii>i',
  proxy_on_response_trailers: 'ii>i',
  proxy_on_response_metadata: 'ii>i',
  proxy_on_http_call_response: 'iiiii>',
  proxy_on_grpc_receive_initial_metadata: 'iii>',
  proxy_on_grpc_receive: 'iii>',
  proxy_on_grpc_receive_trailing_metadata: 'iii>',
  proxy_on_grpc_close: 'iii>',
  proxy_on_queue_ready: 'ii>',
  proxy_on_foreign_function: 'iii>',
  proxy_on_done: 'i>i',
  proxy_on_log: 'i>',
  proxy_on_delete: 'i>',
  envoy_on_resolve_dns: 'iii>',
  envoy_on_stats_update: 'ii>',
}

/**
 * A Proxy-Wasm module that Envoy would accept: compiled once, then run by any number of {@link Vm}s.
 *
 * @example
 *     const module = ProxyWasmModule.load(await readFile('build/filter.wasm'))
 *     const vm = new Vm(module)
 */
export class ProxyWasmModule {
  /** What the module says it was written for. */
  readonly abi: AbiVersion
  /** @internal */
  readonly layout: ModuleLayout
  private readonly bytes: Uint8Array
  private readonly compiled = new Map<number, WebAssembly.Module>()

  private constructor(bytes: Uint8Array, layout: ModuleLayout, abi: AbiVersion) {
    this.bytes = bytes
    this.layout = layout
    this.abi = abi
  }

  /**
   * Checks the bytes of a .wasm file as Envoy does when it loads and links it.
   *
   * @throws {PluginRefusedError} `invalid_module`, `missing_abi_version`, `missing_import`,
   *     `import_type_mismatch`, `bad_function_signature`, `missing_malloc` or
   *     `missing_memory`, with Envoy's own words where it has some.
   */
  static load(bytes: Uint8Array): ProxyWasmModule {
    let compiled: WebAssembly.Module
    try {
      compiled = new WebAssembly.Module(bytes)
    } catch (error) {
      throw new PluginRefusedError(
        'invalid_module',
        'load',
        `Failed to load Wasm bytecode: ${String(error)}`,
        {
          cause: error,
        },
      )
    }
    const layout = readLayout(bytes)
    const abi = abiVersionOf(layout)
    checkImports(layout, abi)
    checkExports(layout, abi)
    const module = new ProxyWasmModule(bytes, layout, abi)
    if (layout.memorySection === undefined) module.compiled.set(ENVOY_MEMORY_LIMIT_PAGES, compiled)
    return module
  }

  /** True when the module exports a function of this name. */
  exports(name: string): boolean {
    return this.layout.functions.has(name)
  }

  /** @internal The module compiled so that its memory cannot grow beyond the limit. */
  compiledFor(memoryLimitPages: number): WebAssembly.Module {
    let compiled = this.compiled.get(memoryLimitPages)
    if (compiled === undefined) {
      const initial = this.layout.memory?.initial ?? 0
      if (initial > memoryLimitPages) {
        throw new PluginRefusedError(
          'memory_limit',
          'link',
          `the module starts with ${initial} pages of memory, above the limit of ${memoryLimitPages}`,
        )
      }
      compiled = new WebAssembly.Module(withMemoryMaximum(this.bytes, this.layout, memoryLimitPages))
      this.compiled.set(memoryLimitPages, compiled)
    }
    return compiled
  }
}

/** bytecode_util.cc getAbiVersion: the first function export, in the order of the export section, that names one. */
function abiVersionOf(layout: ModuleLayout): AbiVersion {
  for (const name of layout.functions.keys()) {
    const abi = Object.hasOwn(ABI_EXPORTS, name) ? ABI_EXPORTS[name] : undefined
    if (abi !== undefined) return abi
  }
  throw new PluginRefusedError(
    'missing_abi_version',
    'load',
    'Missing or unknown Proxy-Wasm ABI version: export a function named proxy_abi_version_0_2_1',
  )
}

/** ABI 0.1.0 does not say whether headers end the stream, and knows no callback for foreign functions. */
function exportSignature(name: string, abi: AbiVersion): Signature | undefined {
  if (!Object.hasOwn(GUEST_EXPORTS, name)) return undefined
  if (abi !== '0.1.0') return GUEST_EXPORTS[name]
  if (name === 'proxy_on_request_headers' || name === 'proxy_on_response_headers') return 'ii>i'
  return name === 'proxy_on_foreign_function' ? undefined : GUEST_EXPORTS[name]
}

function checkImports(layout: ModuleLayout, abi: AbiVersion): void {
  for (const { module, name, kind, signature } of layout.imports) {
    if (kind === 'memory') continue
    const wanted = kind === 'function' ? importSignature(module, name, abi) : undefined
    if (wanted === undefined) {
      throw new PluginRefusedError(
        'missing_import',
        'link',
        `Failed to load Wasm module due to a missing import: ${module}.${name}`,
      )
    }
    if (wanted !== signature) {
      throw new PluginRefusedError(
        'import_type_mismatch',
        'link',
        `Failed to load Wasm module due to an import type mismatch: ${module}.${name}, ` +
          `want: ${spelled(signature)}, but host exports: ${spelled(wanted)}`,
      )
    }
  }
}

function checkExports(layout: ModuleLayout, abi: AbiVersion): void {
  for (const [name, signature] of layout.functions) {
    const wanted = exportSignature(name, abi)
    if (wanted !== undefined && wanted !== signature) {
      throw new PluginRefusedError(
        'bad_function_signature',
        'link',
        `Bad function signature for: ${name}, found ${spelled(signature)}, expected ${spelled(wanted)}`,
      )
    }
  }
  if (!layout.functions.has('malloc') && !layout.functions.has('proxy_on_memory_allocate')) {
    throw new PluginRefusedError('missing_malloc', 'link', 'Wasm module is missing malloc function.')
  }
  if (layout.memory === undefined || !(layout.exportsMemory || layout.memorySection === undefined)) {
    throw new PluginRefusedError(
      'missing_memory',
      'link',
      'the module neither exports nor imports a memory: Envoy could not pass it a single byte',
    )
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = { i: 'i32', I: 'i64', f: 'f32', F: 'f64' }

/** `iI>i` as Envoy spells it: `i32 i64 -> i32`. */
function spelled(signature: Signature): string {
  const [parameters = '', results = ''] = signature.split('>')
  const words = (letters: string): string =>
    letters === '' ? 'void' : letters.replace(/./g, (letter) => `${TYPE_NAMES[letter] ?? letter} `).trimEnd()
  return `${words(parameters)} -> ${words(results)}`
}
