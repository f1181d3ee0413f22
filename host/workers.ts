import { type Clock, ManualClock } from './clock.ts'
import { HostUsageError, PluginRefusedError } from './errors.ts'
import { Metrics } from './metrics.ts'
import type { ProxyWasmModule } from './module.ts'
import type { StreamOptions } from './phases.ts'
import type { Plugin, PluginOptions } from './plugin.ts'
import { type RandomSource, seededRandom } from './random.ts'
import { DEFAULT_RELOAD_INTERVAL, ReloadBackoff } from './reload-backoff.ts'
import { SharedData } from './shared-data.ts'
import { SharedQueues } from './shared-queues.ts'
import type { Stream } from './stream.ts'
import { Vm, type VmOptions } from './vm.ts'

/** What every VM is given, and how many workers there are. */
export interface WorkersOptions extends VmOptions {
  /** Envoy's `--concurrency`; 2 by default. */
  readonly workers?: number
}

/** A plugin's options, and how fast its VMs come back under FAIL_RELOAD. */
export interface WorkersPluginOptions extends PluginOptions {
  /** `reload_config.backoff.base_interval` in milliseconds; 1,000 by default. */
  readonly reloadInterval?: number
}

/** A stream's options, and the worker that has its connection. */
export interface WorkerStreamOptions extends StreamOptions {
  /** From 0; 0 by default. */
  readonly worker?: number
}

const DEFAULT_WORKERS = 2
const DEFAULT_SEED = 1

/**
 * All VMs of one Envoy process: one on its main thread and one on each worker. Statistics, shared data and queues are
 * the process's own.
 *
 * @example
 *     const workers = new Workers(module, { workers: 4 })
 *     const plugin = workers.startPlugin({ configuration: '{}', failurePolicy: 'FAIL_RELOAD' })
 *     plugin.stream({ headers: [[':path', '/']], worker: 3 }).requestHeaders()
 */
export class Workers implements Disposable {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly sharedData: SharedData
  readonly sharedQueues: SharedQueues
  private readonly module: ProxyWasmModule
  private readonly options: VmOptions
  private readonly random: RandomSource
  /** By thread: the main thread's, then one for each worker. */
  private readonly threads: Vm[] = []

  /**
   * @throws {PluginRefusedError} when the module does not link, or its start fails
   * @throws {HostUsageError} `bad_worker_count`
   */
  constructor(module: ProxyWasmModule, { workers = DEFAULT_WORKERS, ...options }: WorkersOptions = {}) {
    if (!Number.isInteger(workers) || workers < 1) {
      throw new HostUsageError('bad_worker_count', `workers is ${workers}: expected a whole number from 1`)
    }
    this.module = module
    this.clock = options.clock ?? new ManualClock()
    this.metrics = options.metrics ?? new Metrics()
    this.sharedData = options.sharedData ?? new SharedData()
    this.sharedQueues = options.sharedQueues ?? new SharedQueues()
    this.random = options.random ?? seededRandom(DEFAULT_SEED)
    const { clock, metrics, sharedData, sharedQueues, random } = this
    this.options = { ...options, clock, metrics, sharedData, sharedQueues, random }
    for (let thread = 0; thread <= workers; thread++) this.threads.push(this.makeVm())
  }

  /** The VM of each worker as it is now: a reload puts another in its place. */
  get vms(): readonly Vm[] {
    return this.threads.slice(1)
  }

  /** The main thread's VM: it is configured as the others are, and never sees a stream. */
  get mainVm(): Vm {
    return this.vmOf(0)
  }

  /**
   * Starts a plugin as Envoy does: in a VM that is thrown away at once, to see whether it starts at all; then on the
   * main thread and on each worker. So its configuration is read by two more VMs than there are workers.
   *
   * @throws {PluginRefusedError} when the first attempt, or that on the main thread, fails
   */
  startPlugin(options: WorkersPluginOptions = {}): WorkersPlugin {
    this.makeVm().startPlugin(options)
    const main = this.vmOf(0).startPlugin(options)
    const handles = this.vms.map((vm) => startOrNothing(vm, options))
    return new WorkersPlugin(options, main, handles, {
      now: () => this.clock.monotonic(),
      random: this.random,
      workers: this.threads.length - 1,
      reload: (worker) => this.reload(worker, options),
    })
  }

  /**
   * Moves the clock forward, and runs the ticks and timeouts of every VM at each moment that is due.
   *
   * @throws {HostUsageError} `clock_not_manual`
   */
  advance(milliseconds: number): void {
    const { clock } = this
    if (!(clock instanceof ManualClock)) {
      throw new HostUsageError('clock_not_manual', 'the workers have a clock that moves by itself')
    }
    const end = clock.monotonic() + BigInt(Math.round(milliseconds * 1e6))
    for (;;) {
      const left = Number(end - clock.monotonic()) / 1e6
      const next = Math.min(...this.threads.map((vm) => vm.nextTickIn ?? Infinity))
      clock.advance(Math.min(next, left))
      if (next > left) return
      for (const vm of this.threads) vm.runDueTicks()
    }
  }

  /** Stops every plugin on every thread. */
  [Symbol.dispose](): void {
    for (const vm of this.threads) vm[Symbol.dispose]()
  }

  private makeVm(): Vm {
    return new Vm(this.module, this.options)
  }

  /** A new VM for a worker whose own is dead, unless another plugin has made one already. */
  private reload(worker: number, options: PluginOptions): Plugin | undefined {
    try {
      if (!this.vmOf(worker + 1).isAlive) this.threads[worker + 1] = this.makeVm()
    } catch (error) {
      if (error instanceof PluginRefusedError) return undefined
      throw error
    }
    return startOrNothing(this.vmOf(worker + 1), options)
  }

  private vmOf(thread: number): Vm {
    const vm = this.threads[thread]
    if (vm === undefined) throw new HostUsageError('unknown_worker', `there is no worker ${thread - 1}`)
    return vm
  }
}

/** What a {@link WorkersPlugin} needs of the process. */
interface WorkersHost {
  readonly workers: number
  readonly random: RandomSource
  now(): bigint
  reload(worker: number): Plugin | undefined
}

/** One plugin on all workers. */
export class WorkersPlugin {
  /** How often a stream met a dead VM under FAIL_RELOAD, and what came of it (Envoy's `vm_reload_*` statistics). */
  readonly reloads = { success: 0, backoff: 0, failure: 0 }
  private readonly options: WorkersPluginOptions
  private readonly main: Plugin
  private readonly handles: (Plugin | undefined)[]
  private readonly backoffs: readonly ReloadBackoff[]
  private readonly host: WorkersHost

  /** @internal Made by {@link Workers.startPlugin}. */
  constructor(
    options: WorkersPluginOptions,
    main: Plugin,
    handles: (Plugin | undefined)[],
    host: WorkersHost,
  ) {
    this.options = options
    this.main = main
    this.handles = handles
    this.host = host
    const interval = options.reloadInterval ?? DEFAULT_RELOAD_INTERVAL
    this.backoffs = handles.map(() => new ReloadBackoff(interval, host.random, host.now()))
  }

  /**
   * Opens a stream on a worker, in a new VM where FAIL_RELOAD allows one by now. A worker on which the plugin did not
   * start, though it did elsewhere, lets requests pass without it, whatever the policy is.
   *
   * @throws {HostUsageError} `unknown_worker`, `plugin_stopped`
   */
  stream({ worker = 0, ...options }: WorkerStreamOptions = {}): Stream {
    if (!(worker in this.handles)) {
      throw new HostUsageError(
        'unknown_worker',
        `there is no worker ${worker}: they are numbered from 0 to ${this.host.workers - 1}`,
      )
    }
    const plugin = this.latest(worker)
    return plugin === undefined ? this.main.streamWithout(options) : plugin.stream(options)
  }

  /** The plugin in a worker's VM; undefined where it did not start. */
  on(worker: number): Plugin | undefined {
    return this.handles[worker]
  }

  /** Removes the plugin from every thread. */
  stop(): void {
    for (const plugin of [this.main, ...this.handles]) plugin?.stop()
  }

  /** maybeReloadHandleIfNeeded */
  private latest(worker: number): Plugin | undefined {
    const plugin = this.handles[worker]
    if (plugin === undefined || plugin.isAlive || this.options.failurePolicy !== 'FAIL_RELOAD') return plugin
    if (this.backoffs[worker]?.take(this.host.now()) !== true) {
      this.reloads.backoff++
      return plugin
    }
    const fresh = this.host.reload(worker)
    if (fresh === undefined) {
      this.reloads.failure++
      return plugin
    }
    this.reloads.success++
    this.handles[worker] = fresh
    return fresh
  }
}

function startOrNothing(vm: Vm, options: PluginOptions): Plugin | undefined {
  try {
    return vm.startPlugin(options)
  } catch (error) {
    if (error instanceof PluginRefusedError) return undefined
    throw error
  }
}
