import type { VmFailure } from './guest.ts'
import type { Journal } from './journal.ts'

/** Where between its bytes and its first request a plugin was refused, in Envoy's order. */
export type RefusalPhase =
  'load' | 'link' | 'start_section' | 'initialize' | 'context_create' | 'vm_start' | 'configure'

/** Stable reasons of a {@link PluginRefusedError}; a new one may be added, none is ever renamed. */
export type RefusalCode =
  | 'invalid_module'
  | 'missing_abi_version'
  | 'missing_import'
  | 'import_type_mismatch'
  | 'bad_function_signature'
  | 'missing_malloc'
  | 'missing_memory'
  | 'memory_limit'
  | 'hostcall_in_start_section'
  | 'trap'
  | 'vm_start_failed'
  | 'configure_failed'

/**
 * Envoy would not run this plugin: it refuses the module, or the plugin refused its own configuration.
 *
 * @example
 *     try {
 *       vm.startPlugin({ configuration: '{' })
 *     } catch (error) {
 *       if (error instanceof PluginRefusedError && error.code === 'configure_failed') console.log(vm.logs)
 *     }
 */
export class PluginRefusedError extends Error {
  override readonly name = 'PluginRefusedError'
  readonly code: RefusalCode
  readonly phase: RefusalPhase

  constructor(code: RefusalCode, phase: RefusalPhase, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.phase = phase
  }
}

/** Stable reasons of a {@link HostUsageError}; a new one may be added, none is ever renamed. */
export type UsageCode =
  | 'not_a_byte_string'
  | 'stream_ended'
  | 'callback_repeated'
  | 'plugin_stopped'
  | 'vm_failed'
  | 'unknown_hostcall'
  | 'unknown_metric'
  | 'clock_not_manual'
  | 'bad_memory_limit'
  | 'no_callout'
  | 'bad_worker_count'
  | 'unknown_worker'
  | 'callout_over'
  | 'not_an_address'

/** A test, not the plugin under test, did something that no Envoy does. */
export class HostUsageError extends TypeError {
  override readonly name = 'HostUsageError'
  readonly code: UsageCode

  constructor(code: UsageCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Bytes that the guest wrote into a header and that HTTP forbids there. */
export interface HeaderViolation {
  /** The hostcall that wrote them. */
  readonly hostcall: string
  /** Which part of the header they are in. */
  readonly part: 'name' | 'value'
  readonly headerName: string
  /** The byte string as it was written. */
  readonly written: string
}

/**
 * The guest wrote CR, LF or NUL into a header, or a name that is no token. A release build of Envoy sends such
 * a response header raw, which is response splitting, and a debug build aborts.
 */
export class HeaderViolationError extends Error {
  override readonly name = 'HeaderViolationError'
  readonly code = 'forbidden_header_bytes'
  readonly violations: readonly HeaderViolation[]

  constructor(violations: readonly HeaderViolation[]) {
    const list = violations.map(
      ({ hostcall, part, headerName, written }) =>
        `${hostcall} wrote the ${part} ${JSON.stringify(written)} of header ${JSON.stringify(headerName)}`,
    )
    super(`the guest wrote bytes that HTTP forbids: ${list.join('; ')}`)
    this.violations = violations
  }
}

/** Unwinds the guest when it calls what is not allowed in `_initialize` or in `malloc` (wasm.cc startVm, allocMemory). */
export class RestrictedCallbackError extends Error {
  override readonly name = 'RestrictedCallbackError'
}

/** The guest has trapped in a test that expected it to live, see {@link Vm.finish}. */
export class VmFailedError extends Error {
  override readonly name = 'VmFailedError'
  readonly code = 'vm_failed'
  readonly failure: VmFailure

  constructor(failure: VmFailure, journal: Journal | undefined) {
    super(
      [`the VM has failed: ${failure.message}`, failure.stack, journal?.toString() ?? ''].join('\n').trim(),
    )
    this.failure = failure
  }
}
