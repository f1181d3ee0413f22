/**
 * A guest without a mind of its own: every callback asks the test what to do, and the test makes hostcalls from
 * inside it, with any pointers it likes. It does so by a foreign function that the test registers, and by imports
 * that the guest exports again.
 *
 *     0        16        20      24            32                  64      1 Ki        32 Ki          2 Mi
 *     │        │ return  │ heap  │ trap, alloc │ callback and args │ name  │ scratch   │ heap         │
 */
import { ProxyWasmModule, Status, Vm, type VmOptions } from '../../host/index.ts'
import { hostcallIndex, HOSTCALLS, importSignature } from '../../host/imports.ts'
import { buildWasm, type FunctionSource, op } from './wasm-builder.ts'

const RETURN_AT = 16
const HEAP_AT = 20
const TRAP_AT = 24
const ALLOCATOR_AT = 28
const ARGUMENTS_AT = 32
const NAME_AT = 96
const NAME = 'driver'
const SCRATCH = 1024
const HEAP = 32_768
const PAGES = 32

/** {@link Status.Ok} as the plain number that hostcalls of the driver answer. */
export const OK: number = Status.Ok

/** Where the guest's memory ends: an address that no pointer may reach past. */
export const MEMORY_END = PAGES * 65_536

/** What `malloc` of the driver does; the guest's memory holds it. */
export const ALLOCATOR = { bump: 0, trap: 1, getProperty: 2, log: 3 } as const

/** The hostcalls that the driver can make: all of ABI 0.2.1 and of WASI. */
export const DRIVEN_HOSTCALLS: readonly string[] = HOSTCALLS.map(({ name }) => name).filter(
  (name) =>
    importSignature('env', name, '0.2.1') !== undefined ||
    importSignature('wasi_unstable', name, '0.2.1') !== undefined,
)

const CALLBACKS: Readonly<Record<string, { signature: string; returns: number }>> = {
  proxy_on_context_create: { signature: 'ii>', returns: 0 },
  proxy_on_vm_start: { signature: 'ii>i', returns: 1 },
  proxy_on_configure: { signature: 'ii>i', returns: 1 },
  proxy_on_tick: { signature: 'i>', returns: 0 },
  proxy_on_queue_ready: { signature: 'ii>', returns: 0 },
  proxy_on_request_headers: { signature: 'iii>i', returns: 0 },
  proxy_on_request_body: { signature: 'iii>i', returns: 0 },
  proxy_on_request_metadata: { signature: 'ii>i', returns: 0 },
  proxy_on_response_metadata: { signature: 'ii>i', returns: 0 },
  proxy_on_request_trailers: { signature: 'ii>i', returns: 0 },
  proxy_on_response_headers: { signature: 'iii>i', returns: 0 },
  proxy_on_response_body: { signature: 'iii>i', returns: 0 },
  proxy_on_response_trailers: { signature: 'ii>i', returns: 0 },
  proxy_on_new_connection: { signature: 'i>i', returns: 0 },
  proxy_on_downstream_data: { signature: 'iii>i', returns: 0 },
  proxy_on_upstream_data: { signature: 'iii>i', returns: 0 },
  proxy_on_downstream_connection_close: { signature: 'ii>', returns: 0 },
  proxy_on_upstream_connection_close: { signature: 'ii>', returns: 0 },
  proxy_on_http_call_response: { signature: 'iiiii>', returns: 0 },
  proxy_on_grpc_receive_initial_metadata: { signature: 'iii>', returns: 0 },
  proxy_on_grpc_receive: { signature: 'iii>', returns: 0 },
  proxy_on_grpc_receive_trailing_metadata: { signature: 'iii>', returns: 0 },
  proxy_on_grpc_close: { signature: 'iii>', returns: 0 },
  envoy_on_resolve_dns: { signature: 'iii>', returns: 0 },
  proxy_on_log: { signature: 'i>', returns: 0 },
  proxy_on_done: { signature: 'i>i', returns: 1 },
  proxy_on_delete: { signature: 'i>', returns: 0 },
}
const CALLBACK_NAMES = Object.keys(CALLBACKS)

/** What a test does inside a callback; what it returns the guest returns. */
export type Handler = (...args: number[]) => number | undefined

const module = ProxyWasmModule.load(buildDriver())

/** A VM with the driver in it, and the test's hands inside the guest. */
export class Driver {
  readonly vm: Vm
  /** By callback, for example `proxy_on_request_headers`; replaced at any time. */
  readonly on: Record<string, Handler | undefined> = {}
  /** The callbacks that ran, with their arguments: `proxy_on_log(2)`. */
  readonly callbacks: string[] = []
  private scratch = SCRATCH
  private trapping = false
  private allocating: (typeof ALLOCATOR)[keyof typeof ALLOCATOR] = ALLOCATOR.bump

  constructor(options: VmOptions = {}) {
    this.vm = new Vm(module, {
      ...options,
      foreignFunctions: { ...options.foreignFunctions, [NAME]: (argument) => this.called(argument) },
    })
    this.restore()
  }

  /** Makes a hostcall in the current context, as the guest would. */
  call(hostcall: string, ...args: (number | bigint)[]): number {
    const status = this.vm.callExport(`call_${hostcall}`, ...args)
    if (status === undefined) throw new Error(`${hostcall} did not return`)
    return status
  }

  /** Writes a byte string where the guest may keep it; the address and length of it, to be passed on. */
  bytes(data: string): [address: number, length: number] {
    const address = this.scratch
    this.vm.memory.writeByteString(address, data)
    this.scratch += Math.max(8, Math.ceil(data.length / 8) * 8)
    return [address, data.length]
  }

  /** Room for out parameters, filled with `?` as guard bytes. */
  room(size: number): number {
    return this.bytes('?'.repeat(size))[0]
  }

  /** A u32 in the guest's memory. */
  u32(address: number): number {
    return this.vm.memory.readU32(address) ?? Number.NaN
  }

  text(address: number, length: number): string {
    return this.vm.memory.readByteString(address, length) ?? ''
  }

  /** Makes a hostcall that hands over bytes: its status, and the bytes, null for a null pointer. */
  fetch(hostcall: string, ...args: number[]): { status: number; value: string | null | undefined } {
    const out = this.room(8)
    const status = this.call(hostcall, ...args, out, out + 4)
    if (status !== OK) {
      return { status, value: this.text(out, 8) === '????????' ? undefined : this.text(out, 8) }
    }
    const address = this.u32(out)
    return {
      status,
      value: address === 0 && this.u32(out + 4) === 0 ? null : this.text(address, this.u32(out + 4)),
    }
  }

  /** As {@link fetch}: the bytes where it is Ok, else the status. */
  answer(hostcall: string, ...args: number[]): string | null | undefined | number {
    const { status, value } = this.fetch(hostcall, ...args)
    return status === OK ? value : status
  }

  getHeader(type: number, name: string): ReturnType<Driver['fetch']> {
    return this.fetch('proxy_get_header_map_value', type, ...this.bytes(name))
  }

  getProperty(...path: string[]): ReturnType<Driver['fetch']> {
    return this.fetch('proxy_get_property', ...this.bytes(path.join('\0')))
  }

  /** As {@link getProperty}: the value's bytes where it is Ok, else the status. */
  property(...path: string[]): string | null | undefined | number {
    return this.answer('proxy_get_property', ...this.bytes(path.join('\0')))
  }

  setProperty(name: string, value: string): number {
    return this.call('proxy_set_property', ...this.bytes(name), ...this.bytes(value))
  }

  foreign(name: string, argument: string): number {
    return this.call('proxy_call_foreign_function', ...this.bytes(name), ...this.bytes(argument), 0, 0)
  }

  /** The callback that runs now traps when the test's handler has returned. */
  trap(): void {
    this.trapping = true
  }

  /** Chooses what the guest's `malloc` does from now on. */
  set allocator(behaviour: (typeof ALLOCATOR)[keyof typeof ALLOCATOR]) {
    this.allocating = behaviour
    this.vm.memory.writeU32(ALLOCATOR_AT, behaviour)
  }

  private called(argument: Uint8Array): { status: Status } {
    const words = new Uint32Array(argument.buffer, argument.byteOffset, argument.length / 4)
    const name = CALLBACK_NAMES[words[0] ?? 0] ?? ''
    const args = [...words.subarray(1)]
    this.callbacks.push(`${name}(${args.join(', ')})`)
    this.scratch = SCRATCH
    const returned = this.on[name]?.(...args) ?? CALLBACKS[name]?.returns ?? 0
    this.restore()
    this.vm.memory.writeU32(RETURN_AT, returned)
    return { status: Status.Ok }
  }

  /** Writes the guest's own state anew: a test may have let a hostcall write over it. */
  private restore(): void {
    const { memory } = this.vm
    memory.writeU32(HEAP_AT, HEAP)
    memory.writeU32(TRAP_AT, this.trapping ? 1 : 0)
    memory.writeU32(ALLOCATOR_AT, this.allocating)
    memory.writeByteString(NAME_AT, NAME)
  }
}

/** Runs something in proxy_on_configure of a plugin, where most services may be used. */
export function configuring<T>(driver: Driver, run: () => T): T {
  const results: T[] = []
  driver.on['proxy_on_configure'] = () => {
    results.push(run())
    return 1
  }
  driver.vm.startPlugin({ rootId: 'root' })
  const [result] = results
  if (result === undefined) throw new Error('nothing ran')
  return result
}

function buildDriver(): Uint8Array {
  const imports = DRIVEN_HOSTCALLS.map((name) => {
    const inEnv = importSignature('env', name, '0.2.1')
    const module = inEnv === undefined ? 'wasi_snapshot_preview1' : 'env'
    return { module, name, signature: importSignature(module, name, '0.2.1') ?? '', export: `call_${name}` }
  })
  const foreign = hostcallIndex('proxy_call_foreign_function') ?? 0
  const callbacks = CALLBACK_NAMES.map((name, index): FunctionSource => {
    const { signature = '' } = CALLBACKS[name] ?? {}
    const parameters = signature.indexOf('>')
    const stores = Array.from({ length: parameters }, (_, i) => [
      ...op.i32Const(ARGUMENTS_AT + 4 + i * 4),
      ...op.localGet(i),
      ...op.i32Store,
    ]).flat()
    return {
      export: name,
      signature,
      body: [
        ...op.i32Const(ARGUMENTS_AT),
        ...op.i32Const(index),
        ...op.i32Store,
        ...stores,
        ...[NAME_AT, NAME.length, ARGUMENTS_AT, 4 + parameters * 4, 0, 0].flatMap((value) =>
          op.i32Const(value),
        ),
        ...op.call(foreign),
        ...op.drop,
        ...whenWord(TRAP_AT, op.unreachable),
        ...(signature.endsWith('i') ? [...op.i32Const(RETURN_AT), ...op.i32Load] : []),
      ],
    }
  })
  return buildWasm({
    imports,
    functions: [
      { export: 'proxy_abi_version_0_2_1', signature: '>', body: [] },
      { export: 'malloc', signature: 'i>i', locals: 'i', body: mallocBody() },
      ...callbacks,
    ],
    memory: { initial: PAGES, export: 'memory' },
    data: [{ at: NAME_AT, bytes: Buffer.from(NAME) }],
  })
}

/** A bump allocator, unless the test wants it to misbehave. */
function mallocBody(): number[] {
  const getProperty = hostcallIndex('proxy_get_property') ?? 0
  const log = hostcallIndex('proxy_log') ?? 0
  return [
    ...whenAllocatorIs(ALLOCATOR.trap, op.unreachable),
    ...whenAllocatorIs(ALLOCATOR.getProperty, [
      ...[NAME_AT, 1, 0, 0].flatMap((value) => op.i32Const(value)),
      ...op.call(getProperty),
      ...op.drop,
    ]),
    ...whenAllocatorIs(ALLOCATOR.log, [
      ...[2, NAME_AT, NAME.length].flatMap((value) => op.i32Const(value)),
      ...op.call(log),
      ...op.drop,
    ]),
    ...op.i32Const(HEAP_AT),
    ...op.i32Const(HEAP_AT),
    ...op.i32Load,
    ...op.localTee(1),
    ...op.localGet(0),
    ...op.i32Add,
    ...op.i32Store,
    ...op.localGet(1),
  ]
}

function whenWord(address: number, then: readonly number[]): number[] {
  return [...op.i32Const(address), ...op.i32Load, ...op.if, ...then, ...op.end]
}

function whenAllocatorIs(behaviour: number, then: readonly number[]): number[] {
  const i32Eq = 0x46
  return [
    ...op.i32Const(ALLOCATOR_AT),
    ...op.i32Load,
    ...op.i32Const(behaviour),
    i32Eq,
    ...op.if,
    ...then,
    ...op.end,
  ]
}
