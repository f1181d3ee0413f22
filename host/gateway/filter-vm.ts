/**
 * One Wasm filter at work: its plugin in a VM, the real timer behind its ticks, and a new VM after a failure where
 * the failure policy asks for one.
 */
import { createHash } from 'node:crypto'
import {
  type GrpcCall,
  type GrpcStream,
  HttpCall,
  type LogEntry,
  Metrics,
  type Plugin,
  PluginRefusedError,
  ProxyWasmModule,
  SharedData,
  SharedQueues,
  type Stream,
  type StreamOptions,
  systemClock,
  systemRandom,
  Vm,
} from '../index.ts'
import { DEFAULT_RELOAD_INTERVAL, ReloadBackoff } from '../reload-backoff.ts'
import type { WasmFilterConfig } from './config.ts'
import type { GrpcConversation } from './grpc-callout.ts'

/** What filters may ask of other servers. */
export interface CalloutService {
  /** Clusters by name. */
  readonly clusters: readonly string[]
  /** Makes the call, and answers it; never rejects. */
  call(call: HttpCall): Promise<void>
  /** Begins to talk; `settle` is called whenever the guest has run. */
  converse(callout: GrpcCall | GrpcStream, settle: () => void): GrpcConversation
}

/** What all VMs of one gateway share, as the VMs of one Envoy do. */
export class VmPool {
  readonly metrics = new Metrics()
  readonly #sharedData = new SharedData()
  readonly #sharedQueues = new SharedQueues()
  readonly #onLog: (entry: LogEntry) => void
  readonly #callouts: CalloutService
  readonly #modules = new Map<string, ProxyWasmModule>()
  readonly #vms = new Map<string, TickingVm>()

  constructor(onLog: (entry: LogEntry) => void, callouts: CalloutService) {
    this.#onLog = onLog
    this.#callouts = callouts
  }

  /** The module of a filter, compiled once for all filters that have it. */
  moduleOf(filter: WasmFilterConfig): ProxyWasmModule {
    const code = digestOf(filter)
    const module = this.#modules.get(code) ?? ProxyWasmModule.load(filter.module)
    this.#modules.set(code, module)
    return module
  }

  /** The VM that filters like this one share; a new one where there is none alive. */
  vmFor(filter: WasmFilterConfig): TickingVm {
    const { vmId = '', vmConfiguration = '', environment = {} } = filter
    const key = JSON.stringify([
      digestOf(filter),
      vmId,
      Buffer.from(vmConfiguration).toString('base64'),
      environment,
    ])
    const present = this.#vms.get(key)
    if (present?.vm.isAlive === true) return present

    const made = new TickingVm(
      new Vm(this.moduleOf(filter), {
        vmId,
        configuration: vmConfiguration,
        environment,
        clock: systemClock,
        random: systemRandom,
        onLog: this.#onLog,
        metrics: this.metrics,
        sharedData: this.#sharedData,
        sharedQueues: this.#sharedQueues,
        // The gateway looks at all headers itself before it sends them, whoever wrote them.
        onHeaderViolation: 'record',
        clusters: this.#callouts.clusters,
      }),
      this.#callouts,
    )
    present?.stop()
    this.#vms.set(key, made)
    return made
  }

  /** Stops every plugin and every timer. */
  stop(): void {
    for (const vm of this.#vms.values()) vm.stop()
  }
}

function digestOf({ module }: WasmFilterConfig): string {
  return createHash('sha256').update(module).digest('hex')
}

/** A VM whose ticks come from the machine's own clock, and whose callouts are made. */
class TickingVm {
  readonly vm: Vm
  readonly #callouts: CalloutService
  readonly #begun = new WeakSet<HttpCall>()
  readonly #conversations = new Map<GrpcCall | GrpcStream, GrpcConversation>()
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(vm: Vm, callouts: CalloutService) {
    this.vm = vm
    this.#callouts = callouts
  }

  /**
   * Resolves when the condition holds, when nothing is left by which the guest could make it hold, or when the signal
   * says that nobody waits for it any more.
   */
  async until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      this.#wake()
    }
    signal.addEventListener('abort', wake)
    while (!condition() && this.#mayRunAgain && !signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
    signal.removeEventListener('abort', wake)
  }

  get #mayRunAgain(): boolean {
    const { isAlive, callouts, nextTickIn } = this.vm
    return isAlive && (callouts.pending.length > 0 || nextTickIn !== undefined)
  }

  /** To be called when the guest has run: it may have logged, queued, called out, or asked for other ticks. */
  settle(): void {
    this.vm.deliverQueues()
    this.vm.logs.clear()
    this.#callOut()
    this.#wake()
    clearTimeout(this.#timer)
    const { nextTickIn } = this.vm
    if (nextTickIn === undefined) return
    this.#timer = setTimeout(() => {
      this.vm.runDueTicks()
      this.settle()
    }, Math.ceil(nextTickIn)).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.vm[Symbol.dispose]()
    this.#callOut()
    this.#wake()
  }

  /** Lets all that wait look again. */
  #wake(): void {
    for (const resume of this.#waiting) resume()
    this.#waiting.clear()
  }

  #callOut(): void {
    for (const callout of this.vm.callouts.pending) {
      if (!(callout instanceof HttpCall)) this.#converse(callout)
      else if (!this.#begun.has(callout)) {
        this.#begun.add(callout)
        void this.#callouts.call(callout).finally(() => {
          this.settle()
        })
      }
    }
    for (const [callout, conversation] of this.#conversations) {
      conversation.sync()
      if (conversation.isOver) this.#conversations.delete(callout)
    }
  }

  #converse(callout: GrpcCall | GrpcStream): void {
    if (this.#conversations.has(callout)) return
    const settle = (): void => {
      this.settle()
    }
    this.#conversations.set(callout, this.#callouts.converse(callout, settle))
  }
}

/** A filter of the chain. */
export class FilterVm {
  readonly #config: WasmFilterConfig
  readonly #pool: VmPool
  #running: { readonly ticking: TickingVm; readonly plugin: Plugin }
  readonly #backoff = new ReloadBackoff(DEFAULT_RELOAD_INTERVAL, systemRandom, systemClock.monotonic())

  /** @throws {PluginRefusedError} */
  constructor(config: WasmFilterConfig, pool: VmPool) {
    this.#config = config
    this.#pool = pool
    this.#running = this.#start()
  }

  /** Whether the filter looks at bodies of this direction at all. */
  readsBody(direction: 'request' | 'response'): boolean {
    return this.#pool.moduleOf(this.#config).exports(`proxy_on_${direction}_body`)
  }

  /** A stream for one request, in a new VM if it is time for one. */
  open(options: StreamOptions): Stream {
    if (this.#isDueForReload()) this.#reload()
    return this.#running.plugin.stream(options)
  }

  /** See {@link TickingVm.until}. */
  until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    return this.#running.ticking.until(condition, signal)
  }

  /** To be called after every phase of a stream. */
  settle(): void {
    this.#running.ticking.settle()
  }

  #start(): { readonly ticking: TickingVm; readonly plugin: Plugin } {
    const {
      name,
      rootId = '',
      configuration = '',
      failurePolicy = 'FAIL_CLOSED',
      properties = {},
    } = this.#config
    const ticking = this.#pool.vmFor(this.#config)
    const plugin = ticking.vm.startPlugin({
      name,
      rootId,
      configuration,
      failurePolicy,
      properties,
    })
    ticking.settle()
    return { ticking, plugin }
  }

  /** A filter that does not start now may do so later: until then it stays failed. */
  #reload(): void {
    try {
      this.#running = this.#start()
    } catch (error) {
      if (!(error instanceof PluginRefusedError)) throw error
    }
  }

  #isDueForReload(): boolean {
    if (this.#config.failurePolicy !== 'FAIL_RELOAD' || this.#running.ticking.vm.isAlive) return false
    return this.#backoff.take(systemClock.monotonic())
  }
}
