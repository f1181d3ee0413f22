import { BufferType } from '../assembly/proxy/abi.ts'
import { utf8Bytes } from './byte-text.ts'
import { CalloutResponse } from './callout-response.ts'
import { type Context, type RootContext, StreamlessContext } from './context.ts'
import type { Contexts } from './contexts.ts'
import type { DeferredActions } from './deferred-actions.ts'
import { HostUsageError, PluginRefusedError, type RefusalPhase } from './errors.ts'
import type { Guest } from './guest.ts'
import type { HeaderViolations } from './header-violations.ts'
import {
  type NetworkCallbacks,
  networkCallbacks,
  NetworkConnection,
  type NetworkConnectionOptions,
} from './network-connection.ts'
import type { StreamOptions } from './phases.ts'
import type { PropertyTree } from './property.ts'
import { type ContextHost, Stream, streamCallbacks } from './stream.ts'

/**
 * What happens to requests once the VM is dead: 503, or no filter at all, or 503 until there is a new VM. A {@link Vm}
 * stays dead, so FAIL_RELOAD is FAIL_CLOSED for it; {@link Workers} make a new one.
 */
export type FailurePolicy = 'FAIL_CLOSED' | 'FAIL_OPEN' | 'FAIL_RELOAD'

/** A plugin's configuration, Envoy's `PluginConfig`. */
export interface PluginOptions {
  /** Istio writes `<namespace>.<name>`; empty by default. */
  readonly name?: string
  /** Empty by default. */
  readonly rootId?: string
  /** Text as UTF-8, or bytes; empty by default, which is what Istio makes of `{}` too. */
  readonly configuration?: string | Uint8Array
  /** FAIL_CLOSED by default, as in Envoy. */
  readonly failurePolicy?: FailurePolicy
  /** Envoy's `allow_on_headers_stop_iteration`; false by default, and Istio cannot set it. */
  readonly allowOnHeadersStopIteration?: boolean
  /** What the root context and every stream can read, for example `{ xds: { node: { id: 'a' } } }`. */
  readonly properties?: PropertyTree
}

/** @internal What a plugin needs of its VM. */
export interface PluginHost {
  readonly guest: Guest
  readonly vmConfiguration: Uint8Array
  readonly contexts: Contexts
  readonly deferred: DeferredActions
  readonly violations: HeaderViolations
  /** A tick period has changed: the moment of the next tick, or undefined for none. */
  schedule(plugin: Plugin, milliseconds: number): void
  start(options: PluginOptions): Plugin
  removePlugin(plugin: Plugin): void
}

type State = 'starting' | 'running' | 'draining' | 'awaiting_done' | 'stopped' | 'refused'

/**
 * One configuration of a filter in one VM: a root context. It starts by {@link Vm.startPlugin}; several may run in
 * one VM at once, as they do in Istio when two WasmPlugins use one image.
 */
export class Plugin extends StreamlessContext implements RootContext, Disposable {
  readonly pluginName: string
  readonly rootId: string
  readonly failurePolicy: FailurePolicy
  readonly rootProperties: PropertyTree
  /** @internal */
  readonly calloutResponse = new CalloutResponse()
  private readonly configuration: Uint8Array
  private readonly host: PluginHost
  private readonly contextHost: ContextHost
  private readonly networkCallbacks: NetworkCallbacks
  private state: State = 'starting'
  private configurationVisible = false
  private openCount = 0

  /** @internal */
  constructor(options: PluginOptions, host: PluginHost) {
    super(host.contexts.allocateId())
    this.pluginName = options.name ?? ''
    this.rootId = options.rootId ?? ''
    this.failurePolicy = options.failurePolicy ?? 'FAIL_CLOSED'
    this.rootProperties = options.properties ?? {}
    this.configuration = utf8Bytes(options.configuration ?? '')
    this.host = host
    this.networkCallbacks = networkCallbacks(host.guest)
    this.contextHost = {
      guest: host.guest,
      callbacks: streamCallbacks(host.guest),
      deferred: host.deferred,
      violations: host.violations,
      allowStopIteration: options.allowOnHeadersStopIteration ?? false,
      contextEnded: (context) => {
        this.contextEnded(context)
      },
    }
  }

  /** @internal */
  override get root(): RootContext {
    return this
  }

  /** How many of this plugin's streams have not ended; connections through a network filter count too. */
  get openStreams(): number {
    return this.openCount
  }

  /** Whether its VM has not failed. */
  get isAlive(): boolean {
    return this.host.guest.failure === undefined
  }

  /** False once the plugin was stopped or refused; the VM may be dead all the same. */
  get isRunning(): boolean {
    return this.state === 'running'
  }

  /**
   * Opens a stream. Nothing runs in the guest before its first phase.
   *
   * @throws {HostUsageError} `plugin_stopped`
   */
  stream(options: StreamOptions = {}): Stream {
    this.assertRunning()
    return this.open(options, this.isBypassed)
  }

  /**
   * Opens a connection, for a network filter. Nothing runs in the guest before {@link NetworkConnection.newConnection}.
   *
   * @throws {HostUsageError} `plugin_stopped`
   */
  openConnection(options: NetworkConnectionOptions = {}): NetworkConnection {
    this.assertRunning()
    const id = this.host.contexts.allocateId()
    const { contextHost, isBypassed } = this
    const connection = new NetworkConnection(
      id,
      this,
      options,
      contextHost,
      this.networkCallbacks,
      isBypassed,
    )
    this.host.contexts.add(connection)
    this.openCount++
    return connection
  }

  /** @internal A stream in whose chain the filter is not at all. */
  streamWithout(options: StreamOptions): Stream {
    return this.open(options, true)
  }

  /**
   * Updates the configuration as Envoy does: a new root starts beside this one, and only then this one is stopped.
   * Streams that are open finish here.
   *
   * @returns the new root
   * @throws {PluginRefusedError} when the new configuration is refused; this root then goes on as if nothing was
   */
  replace(options: PluginOptions): Plugin {
    const successor = this.host.start(options)
    this.stop()
    return successor
  }

  /**
   * Removes the plugin: `proxy_on_done` when its last stream has ended, then `proxy_on_delete`, at once or, when
   * done returned 0, after the guest has called `proxy_done`.
   */
  stop(): void {
    if (this.state !== 'running') return
    this.state = 'draining'
    if (this.openCount === 0) this.shutDown()
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  /** @internal context_create, vm_start and configure, in Envoy's order for a root beside others too. */
  start(): void {
    this.host.contexts.add(this)
    this.configurationVisible = true
    this.call('proxy_on_context_create', 0)
    this.refuseIfFailed('context_create')
    this.configurationVisible = false
    if (this.call('proxy_on_vm_start', this.host.vmConfiguration.length) === 0) {
      this.refuse('vm_start_failed', 'vm_start', 'proxy_on_vm_start returned false')
    }
    this.refuseIfFailed('vm_start')
    this.configurationVisible = true
    const configured = this.call('proxy_on_configure', this.configuration.length)
    this.configurationVisible = false
    this.refuseIfFailed('configure')
    if (configured === 0) this.refuse('configure_failed', 'configure', 'proxy_on_configure returned false')
    this.state = 'running'
    this.host.violations.report()
  }

  /** @internal */
  tick(): void {
    this.call('proxy_on_tick')
    this.host.violations.report()
  }

  /** @internal */
  queueReady(token: number): void {
    this.call('proxy_on_queue_ready', token)
    this.host.violations.report()
  }

  /** @internal */
  calloutReturned(callback: string, args: readonly number[]): void {
    this.call(callback, ...args)
  }

  /** @internal */
  override buffer(type: BufferType, vmConfiguration: Uint8Array): Uint8Array | undefined {
    if (type === BufferType.CallData && this.calloutResponse.dnsAnswer !== undefined) {
      return this.calloutResponse.dnsAnswer
    }
    if (type !== BufferType.PluginConfiguration) return super.buffer(type, vmConfiguration)
    return this.configurationVisible ? this.configuration : undefined
  }

  /** @internal */
  setTickPeriod(milliseconds: number): void {
    this.host.schedule(this, milliseconds)
  }

  /** @internal The delete waits until the callback that called `proxy_done` has returned (wasm.cc done). */
  finishPendingDone(): boolean {
    if (this.state !== 'awaiting_done') return false
    this.state = 'stopped'
    this.host.deferred.add(() => {
      this.remove()
    })
    return true
  }

  /** FAIL_OPEN on a dead VM: new streams and connections do without the filter. */
  private get isBypassed(): boolean {
    return !this.isAlive && this.failurePolicy === 'FAIL_OPEN'
  }

  private assertRunning(): void {
    if (this.state === 'running') return
    throw new HostUsageError('plugin_stopped', `the plugin is ${this.state}: it takes no new streams`)
  }

  private open(options: StreamOptions, bypassed: boolean): Stream {
    const stream = new Stream(this.host.contexts.allocateId(), this, options, this.contextHost, bypassed)
    this.host.contexts.add(stream)
    this.openCount++
    return stream
  }

  private contextEnded(context: Context): void {
    this.host.contexts.remove(context)
    this.openCount--
    if (this.state === 'draining' && this.openCount === 0) this.shutDown()
  }

  private shutDown(): void {
    const done = this.call('proxy_on_done')
    if (done === 0 && this.host.guest.failure === undefined) {
      this.state = 'awaiting_done'
      return
    }
    this.state = 'stopped'
    this.remove()
  }

  private remove(): void {
    this.call('proxy_on_delete')
    this.host.removePlugin(this)
  }

  /** The result; undefined when the guest does not export the callback or is dead. */
  private call(name: string, ...args: readonly number[]): number | undefined {
    const { guest } = this.host
    if (guest.failure !== undefined) return undefined
    const returned = guest.call(this, guest.callback(name), this.id, ...args)
    guest.stopIteration = false
    this.host.deferred.run()
    return guest.exports(name) ? returned : undefined
  }

  private refuseIfFailed(phase: RefusalPhase): void {
    const { failure } = this.host.guest
    if (failure !== undefined) this.refuse('trap', phase, failure.message)
  }

  private refuse(code: PluginRefusedError['code'], phase: RefusalPhase, message: string): never {
    this.state = 'refused'
    this.host.removePlugin(this)
    throw new PluginRefusedError(code, phase, message)
  }
}
