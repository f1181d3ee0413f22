/**
 * One instance of a module: the boundary between host and guest, in both directions.
 *
 *     host ──call()──> guest export          traps end here; the current context is set for the time of the call
 *     host ──malloc()─> guest allocator      on the VM context, with almost every hostcall forbidden
 *     host <──admit()── guest import         counted, refused where forbidden, answered by a fault if one is armed
 */
import { LogLevel } from '../assembly/proxy/abi.ts'
import type { Context } from './context.ts'
import type { Contexts } from './contexts.ts'
import { PluginRefusedError, type RefusalPhase, RestrictedCallbackError } from './errors.ts'
import { Faults, MALLOC_FAULT, NO_FAULT } from './faults.ts'
import { HostcallCounts } from './hostcall-counts.ts'
import { HOSTCALLS, hostcallIndex } from './imports.ts'
import type { Journal } from './journal.ts'
import { GuestMemory } from './memory.ts'
import type { ProxyWasmModule } from './module.ts'

/** A function that the guest imports; arguments are i32 as signed numbers, i64 as signed bigints. */
export type Hostcall = (...args: never[]) => number
export type HostcallTable = Readonly<Record<string, Hostcall>>

/** Why a VM is dead. */
export interface VmFailure {
  /** The export in which the guest trapped. */
  readonly callback: string
  /** In Envoy's words: `Function: proxy_on_log failed: Uncaught RuntimeError: unreachable`. */
  readonly message: string
  /** The guest's stack, with names when the module carries them. */
  readonly stack: string
}

type GuestFunction = (a?: number, b?: number, c?: number, d?: number, e?: number) => number | undefined

/** An export that the host calls, looked up once. */
export interface Callback {
  readonly name: string
  /** Undefined when the guest does not export it. */
  readonly run: GuestFunction | undefined
}

/** What the guest may call at the moment. */
const ALLOWED = { nothing: 0, inStart: 1, inMalloc: 2, everything: 3 } as const
type Allowed = (typeof ALLOWED)[keyof typeof ALLOWED]

/** What the boundary needs of the VM around it. */
export interface GuestEnvironment {
  /** The context with id 0, on which `_initialize` and `malloc` run. */
  readonly vmContext: Context
  hostcallTable(guest: Guest): HostcallTable
  readonly memoryLimitPages: number
  readonly journal: Journal | undefined
  hostLog(level: LogLevel, message: string): void
  /** For `proxy_set_effective_context`. */
  readonly contexts: Contexts
}

export class Guest {
  readonly faults = new Faults()
  readonly counts = new HostcallCounts()
  failure: VmFailure | undefined
  /** Set by `proxy_send_local_response`: whatever the callback returns, iteration stops (stopNextIteration). */
  stopIteration = false
  /** Whether a callback is on its way: Envoy enters a VM only when none is. */
  isRunning = false
  private readonly environment: GuestEnvironment
  private readonly functions = new Map<string, GuestFunction>()
  private readonly allocator: GuestFunction | undefined
  private linearMemory: GuestMemory | undefined
  private allowed: Allowed = ALLOWED.nothing
  private currentContext: Context
  private effectiveId = 0

  /** @throws {PluginRefusedError} in the phases `link`, `start_section` and `initialize` */
  constructor(module: ProxyWasmModule, environment: GuestEnvironment) {
    this.environment = environment
    this.currentContext = environment.vmContext
    const compiled = module.compiledFor(environment.memoryLimitPages)
    const imports = this.link(module)
    let instance: WebAssembly.Instance
    try {
      instance = new WebAssembly.Instance(compiled, imports)
    } catch (error) {
      throw instantiationRefusal(error)
    }
    for (const [name, value] of Object.entries(instance.exports)) {
      if (typeof value === 'function') this.functions.set(name, value as GuestFunction)
      else if (value instanceof WebAssembly.Memory) this.linearMemory ??= new GuestMemory(value)
    }
    this.allocator = this.functions.get('malloc') ?? this.functions.get('proxy_on_memory_allocate')
    this.start()
  }

  get memory(): GuestMemory {
    if (this.linearMemory === undefined) {
      throw new PluginRefusedError('missing_memory', 'link', 'the module has no memory')
    }
    return this.linearMemory
  }

  /** The context that an export was called for. */
  get current(): Context {
    return this.currentContext
  }

  /** The context that a hostcall acts on: the effective one where the guest has set one that still exists. */
  get caller(): Context {
    if (this.effectiveId === 0) return this.currentContext
    return this.environment.contexts.get(this.effectiveId) ?? this.currentContext
  }

  set effectiveContextId(id: number) {
    this.effectiveId = id
  }

  exports(name: string): boolean {
    return this.functions.has(name)
  }

  callback(name: string): Callback {
    const run = this.functions.get(name)
    const { journal } = this.environment
    return {
      name,
      run: run === undefined || journal === undefined ? run : recordedCallback(name, run, journal),
    }
  }

  /**
   * Calls an export for a context.
   *
   * @returns what it returned, as unsigned, and 0 for nothing; undefined when it is not exported or trapped, which
   *     {@link failure} tells apart
   */
  call(context: Context, callback: Callback, a: number, b = 0, c = 0, d = 0, e = 0): number | undefined {
    const { name, run } = callback
    if (run === undefined) return undefined
    const { currentContext, effectiveId, isRunning } = this
    this.currentContext = context
    this.effectiveId = 0
    this.isRunning = true
    try {
      return (run(a, b, c, d, e) ?? 0) >>> 0
    } catch (error) {
      this.fail(name, error)
      return undefined
    } finally {
      this.currentContext = currentContext
      this.effectiveId = effectiveId
      this.isRunning = isRunning
    }
  }

  /** Calls any export without a change of context. */
  callExport(name: string, args: readonly (number | bigint)[]): number | undefined {
    const callback = this.functions.get(name) as
      ((...args: (number | bigint)[]) => number | undefined) | undefined
    if (callback === undefined) return undefined
    try {
      return (callback(...args) ?? 0) >>> 0
    } catch (error) {
      this.fail(name, error)
      return undefined
    }
  }

  /** Lets the guest allocate; 0 when it cannot, will not, or traps while it tries, and when the range is not its own. */
  malloc(size: number): number {
    const injected = this.faults.isEmpty ? NO_FAULT : this.faults.next(MALLOC_FAULT)
    const address = injected === NO_FAULT ? this.allocate(size) : injected >>> 0
    return this.memory.contains(address, size) ? address : 0
  }

  private allocate(size: number): number {
    if (this.allocator === undefined) return 0
    const { currentContext, effectiveId, allowed } = this
    this.currentContext = this.environment.vmContext
    this.effectiveId = 0
    this.allowed = ALLOWED.inMalloc
    try {
      return (this.allocator(size) ?? 0) >>> 0
    } catch (error) {
      this.fail('malloc', error)
      return 0
    } finally {
      this.currentContext = currentContext
      this.effectiveId = effectiveId
      this.allowed = allowed
    }
  }

  /**
   * Hands a byte string to the guest: `address` into `pointerAt`, `length` into `sizeAt` (wasm.h copyToPointerSize).
   * An empty one is a null pointer and size 0, without a call of malloc. False for InvalidMemoryAccess.
   */
  handOver(data: string, pointerAt: number, sizeAt: number): boolean {
    let address = 0
    if (data.length > 0) {
      address = this.malloc(data.length)
      if (address === 0) return false
      this.memory.writeByteString(address, data)
    }
    return this.memory.writeU32(pointerAt, address) && this.memory.writeU32(sizeAt, data.length)
  }

  /** Called first by every import: counts it, and answers instead of it where a fault is armed. */
  admit(index: number): number {
    if (this.allowed !== ALLOWED.everything) this.refuseRestricted(index)
    this.counts.add(index)
    return this.faults.isEmpty ? NO_FAULT : this.faults.next(index)
  }

  private refuseRestricted(index: number): void {
    const rules = HOSTCALLS[index]
    if (this.allowed === ALLOWED.inStart && rules?.inStart === true) return
    if (this.allowed === ALLOWED.inMalloc && rules?.inMalloc === true) return
    throw new RestrictedCallbackError(`restricted_callback: ${rules?.name ?? 'unknown'}`)
  }

  /** wasm.cc startVm: a WASI reactor's `_initialize` and `main`, else a command's `_start`. */
  private start(): void {
    this.allowed = ALLOWED.inStart
    const { vmContext } = this.environment
    const reactor = this.functions.has('_initialize')
    const entries = reactor
      ? ['_initialize', this.functions.has('main') ? 'main' : '__main_void']
      : ['_start']
    for (const entry of entries) {
      this.call(vmContext, this.callback(entry), 0)
      this.refuseIfFailed('initialize')
    }
    this.allowed = ALLOWED.everything
  }

  /** @throws {PluginRefusedError} `trap` */
  refuseIfFailed(phase: RefusalPhase): void {
    if (this.failure === undefined) return
    throw new PluginRefusedError('trap', phase, this.failure.message)
  }

  private fail(callback: string, error: unknown): void {
    const reason = trapReason(error)
    if (reason === undefined) throw error
    const message = `Function: ${callback} failed: Uncaught ${reason}`
    const stack = error instanceof Error ? (error.stack ?? '') : ''
    this.failure ??= { callback, message, stack }
    this.environment.journal?.record({ kind: 'trap', name: callback, message })
    this.environment.hostLog(LogLevel.Error, message)
  }

  private link(module: ProxyWasmModule): WebAssembly.Imports {
    const imports: WebAssembly.Imports = {}
    const { journal, memoryLimitPages } = this.environment
    const table = this.environment.hostcallTable(this)
    for (const { module: from, name, kind } of module.layout.imports) {
      const space = (imports[from] ??= {})
      if (kind === 'memory') {
        const limits = module.layout.memory
        const memory = new WebAssembly.Memory({
          initial: limits?.initial ?? 0,
          maximum: Math.min(limits?.maximum ?? memoryLimitPages, memoryLimitPages),
        })
        this.linearMemory = new GuestMemory(memory)
        space[name] = memory
        continue
      }
      const index = hostcallIndex(name)
      const hostcall = table[name]
      if (index === undefined || hostcall === undefined) continue
      space[name] =
        journal === undefined ? gate(this, index, hostcall) : recorded(this, index, hostcall, journal)
    }
    return imports
  }
}

/** One function per number of parameters: collecting arguments into an array would cost more than most hostcalls. */
function gate(guest: Guest, index: number, hostcall: Hostcall): unknown {
  const call = hostcall as (...args: unknown[]) => number
  switch (HOSTCALLS[index]?.parameters) {
    case 1:
      return (a: unknown) => {
        const injected = guest.admit(index)
        return injected === NO_FAULT ? call(a) : injected
      }
    case 2:
      return (a: unknown, b: unknown) => {
        const injected = guest.admit(index)
        return injected === NO_FAULT ? call(a, b) : injected
      }
    case 3:
      return (a: unknown, b: unknown, c: unknown) => {
        const injected = guest.admit(index)
        return injected === NO_FAULT ? call(a, b, c) : injected
      }
    case 4:
      return (a: unknown, b: unknown, c: unknown, d: unknown) => {
        const injected = guest.admit(index)
        return injected === NO_FAULT ? call(a, b, c, d) : injected
      }
    case 5:
      return (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown) => {
        const injected = guest.admit(index)
        return injected === NO_FAULT ? call(a, b, c, d, e) : injected
      }
    default:
      return (...args: unknown[]) => {
        const injected = guest.admit(index)
        return injected === NO_FAULT ? call(...args) : injected
      }
  }
}

function recorded(guest: Guest, index: number, hostcall: Hostcall, journal: Journal): unknown {
  const call = hostcall as (...args: unknown[]) => number
  const name = HOSTCALLS[index]?.name ?? ''
  return (...args: (number | bigint)[]) => {
    const injected = guest.admit(index)
    const status = injected === NO_FAULT ? call(...args) : injected
    journal.record({ kind: 'hostcall', name, args, status })
    return status
  }
}

function recordedCallback(name: string, run: GuestFunction, journal: Journal): GuestFunction {
  return (...args) => {
    journal.record({ kind: 'callback', name, args: args.slice(0, run.length) as number[] })
    const value = run(...args)
    journal.record({ kind: 'returned', name, value })
    return value
  }
}

/** How V8 names the trap; undefined for an error of the host's own, which must not pass as the guest's. */
function trapReason(error: unknown): string | undefined {
  if (error instanceof WebAssembly.RuntimeError) return `RuntimeError: ${error.message}`
  if (error instanceof RestrictedCallbackError) return `Error: ${error.message}`
  if (error instanceof RangeError && error.message.startsWith('Maximum call stack')) {
    return `RangeError: ${error.message}`
  }
  if (error instanceof WebAssembly.Exception) return 'wasm exception'
  return undefined
}

function instantiationRefusal(error: unknown): unknown {
  if (error instanceof RestrictedCallbackError) {
    return new PluginRefusedError(
      'hostcall_in_start_section',
      'start_section',
      `the start section calls the host (${error.message}), where Envoy has no context yet and crashes: ` +
        `build with --exportStart _initialize`,
      { cause: error },
    )
  }
  const reason = trapReason(error)
  if (reason !== undefined) {
    return new PluginRefusedError('trap', 'start_section', `the start section failed: ${reason}`, {
      cause: error,
    })
  }
  if (error instanceof WebAssembly.LinkError) {
    return new PluginRefusedError('missing_import', 'link', error.message, { cause: error })
  }
  return error
}
