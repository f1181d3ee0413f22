import { LogLevel } from '../assembly/proxy/abi.ts'
import { utf8Bytes } from './byte-text.ts'
import { Callouts, type GrpcCall, type HttpCall } from './callouts.ts'
import { CalloutResponse } from './callout-response.ts'
import { type Clock, ManualClock } from './clock.ts'
import { type RootContext, StreamlessContext } from './context.ts'
import { Contexts } from './contexts.ts'
import { DeferredActions } from './deferred-actions.ts'
import { DnsQueries } from './dns.ts'
import { type HeaderViolation, HostUsageError, VmFailedError } from './errors.ts'
import type { Fault } from './faults.ts'
import type { ForeignFunction } from './foreign.ts'
import { Guest, type HostcallTable, type VmFailure } from './guest.ts'
import { HeaderViolations } from './header-violations.ts'
import type { HostcallCounts } from './hostcall-counts.ts'
import { bufferCalls } from './hostcalls/buffers.ts'
import { calloutCalls } from './hostcalls/callouts.ts'
import { headerMapCalls } from './hostcalls/header-maps.ts'
import { metricCalls } from './hostcalls/metrics.ts'
import { propertyCalls } from './hostcalls/properties.ts'
import { runtimeCalls } from './hostcalls/runtime.ts'
import { sharedCalls } from './hostcalls/shared.ts'
import { streamCalls } from './hostcalls/streams.ts'
import { wasiCalls } from './hostcalls/wasi.ts'
import type { AbiVersion } from './imports.ts'
import { Journal } from './journal.ts'
import { type LogEntry, Logs } from './log.ts'
import type { GuestMemory } from './memory.ts'
import { MetricIds, Metrics } from './metrics.ts'
import { ENVOY_MEMORY_LIMIT_PAGES, type ProxyWasmModule } from './module.ts'
import { NetworkConnection } from './network-connection.ts'
import { Plugin, type PluginHost, type PluginOptions } from './plugin.ts'
import type { PropertyTree } from './property.ts'
import { type RandomSource, seededRandom } from './random.ts'
import { SharedData } from './shared-data.ts'
import { SharedQueues } from './shared-queues.ts'
import { Stream } from './stream.ts'
import { TickSchedule } from './tick-schedule.ts'

const PAGE_BYTES = 65_536
const DEFAULT_SEED = 1

/** What a VM is given; every part has a default. */
export interface VmOptions {
  /** The namespace of shared data; empty by default, as in Istio. */
  readonly vmId?: string
  /** `vm_config.configuration`: text as UTF-8, or bytes. */
  readonly configuration?: string | Uint8Array
  /** `vm_config.environment_variables`. */
  readonly environment?: Readonly<Record<string, string>>
  /** A {@link ManualClock} of its own by default. */
  readonly clock?: Clock
  /** {@link seededRandom} with seed 1 by default. */
  readonly random?: RandomSource
  /** Bytes that the guest's memory may grow to; 1 GiB by default, as in Envoy. */
  readonly memoryLimit?: number
  /** What `proxy_get_log_level` answers and below which lines are dropped; Info by default. */
  readonly logLevel?: LogLevel
  /** Called for every line that is kept. */
  readonly onLog?: (entry: LogEntry) => void
  /** Clusters that callouts can reach: {@link Vm.callouts} has what the guest asks of them. None by default. */
  readonly clusters?: readonly string[]
  /**
   * Names that are answered before `envoy_resolve_dns` returns, as those of the hosts file are; an empty list for one
   * that does not exist. {@link Vm.dns} has the others. None by default.
   */
  readonly hosts?: Readonly<Record<string, readonly string[]>>
  /** Its own by default; give several VMs the same, as workers of one Envoy have. */
  readonly metrics?: Metrics
  /** Its own by default. */
  readonly sharedData?: SharedData
  /** Its own by default. */
  readonly sharedQueues?: SharedQueues
  /** Further functions for `proxy_call_foreign_function`, before Envoy's own. */
  readonly foreignFunctions?: Readonly<Record<string, ForeignFunction>>
  /** Keeps {@link Vm.journal}; false by default, and then it costs nothing. */
  readonly journal?: boolean
  /** Whether forbidden bytes in a header throw, as a debug build of Envoy aborts (default), or are only kept. */
  readonly onHeaderViolation?: 'throw' | 'record'
}

/**
 * One Wasm VM of one Envoy worker: an instance of a module, and the plugins that run in it.
 *
 * @example
 *     const vm = new Vm(ProxyWasmModule.load(bytes), { environment: { KEY: 'value' } })
 *     const plugin = vm.startPlugin({ configuration: '{"version":1}' })
 */
export class Vm implements Disposable {
  readonly vmId: string
  readonly clock: Clock
  readonly metrics: Metrics
  readonly sharedData: SharedData
  readonly sharedQueues: SharedQueues
  /** What the guest has logged, and what Envoy has logged about it. */
  readonly logs: Logs
  /** Everything that happened, in order; undefined unless `journal: true` was given. */
  readonly journal: Journal | undefined
  /** HTTP and gRPC callouts that wait for the test to answer them. */
  readonly callouts: Callouts
  /** DNS queries that wait for the test to answer them. */
  readonly dns: DnsQueries
  private readonly guest: Guest
  private readonly contexts = new Contexts()
  private readonly running = new Set<Plugin>()
  private readonly timers: TickSchedule<Plugin | HttpCall | GrpcCall>
  private readonly pluginHost: PluginHost
  private readonly deferred = new DeferredActions()
  private readonly headerViolations: HeaderViolations

  /** @throws {PluginRefusedError} when the module does not link, or its start fails */
  constructor(module: ProxyWasmModule, options: VmOptions = {}) {
    this.vmId = options.vmId ?? ''
    this.clock = options.clock ?? new ManualClock()
    this.metrics = options.metrics ?? new Metrics()
    this.sharedData = options.sharedData ?? new SharedData()
    this.sharedQueues = options.sharedQueues ?? new SharedQueues()
    this.logs = new Logs(options.logLevel ?? LogLevel.Info, options.onLog)
    this.journal = options.journal === true ? new Journal() : undefined
    this.headerViolations = new HeaderViolations(options.onHeaderViolation !== 'record')
    this.timers = new TickSchedule(this.clock)
    const outside = {
      whenIdle: (action: () => void): void => {
        if (this.guest.isRunning) this.deferred.add(action)
        else action()
      },
      violations: this.headerViolations,
    }
    this.callouts = new Callouts(options.clusters ?? [], {
      ...outside,
      schedule: (call, milliseconds) => {
        this.timers.set(call, milliseconds)
      },
    })
    this.dns = new DnsQueries(options.hosts ?? {}, outside)
    const vmContext = new VmContext()
    this.contexts.add(vmContext)
    const vmConfiguration = utf8Bytes(options.configuration ?? '')
    const { memoryLimit } = options

    this.guest = new Guest(module, {
      vmContext,
      contexts: this.contexts,
      journal: this.journal,
      memoryLimitPages: memoryLimit === undefined ? ENVOY_MEMORY_LIMIT_PAGES : pagesOf(memoryLimit),
      hostLog: (level, message) => {
        this.logs.write({ level, message, rootId: '', from: 'host' })
      },
      hostcallTable: (guest) => this.hostcallTable(guest, module.abi, options, vmConfiguration),
    })
    this.pluginHost = {
      guest: this.guest,
      vmConfiguration,
      contexts: this.contexts,
      deferred: this.deferred,
      violations: this.headerViolations,
      schedule: (plugin, milliseconds) => {
        this.timers.set(plugin, milliseconds)
      },
      start: (pluginOptions) => this.startPlugin(pluginOptions),
      removePlugin: (plugin) => {
        this.removePlugin(plugin)
      },
    }
  }

  /**
   * Starts a plugin: `proxy_on_context_create(root, 0)`, `proxy_on_vm_start`, `proxy_on_configure`. All three run
   * again for every further plugin in the VM.
   *
   * @throws {PluginRefusedError} `vm_start_failed`, `configure_failed` or `trap`
   * @throws {HostUsageError} `vm_failed` when an earlier trap has killed the VM
   */
  startPlugin(options: PluginOptions = {}): Plugin {
    if (this.guest.failure !== undefined) {
      throw new HostUsageError('vm_failed', `the VM is dead (${this.guest.failure.message}): make a new one`)
    }
    const plugin = new Plugin(options, this.pluginHost)
    this.running.add(plugin)
    plugin.start()
    return plugin
  }

  /** False once the guest has trapped: nothing runs in it any more. */
  get isAlive(): boolean {
    return this.guest.failure === undefined
  }

  /** Every header with forbidden bytes that the guest has written. */
  get violations(): readonly HeaderViolation[] {
    return this.headerViolations.all
  }

  /** Why the VM is dead. */
  get failure(): VmFailure | undefined {
    return this.guest.failure
  }

  /** Counts of all hostcalls that were made. */
  get hostcalls(): HostcallCounts {
    return this.guest.counts
  }

  /** The guest's linear memory: its size, and its bytes for who wants to look. */
  get memory(): GuestMemory {
    return this.guest.memory
  }

  /**
   * Calls an export that Envoy knows nothing of, such as one by which a test build shows its own state. It runs
   * where the guest is: inside a foreign function on the context of the callback, else on the VM's own context.
   *
   * @returns what it returned, as unsigned; undefined when it is not exported or trapped
   */
  callExport(name: string, ...args: (number | bigint)[]): number | undefined {
    return this.guest.callExport(name, args)
  }

  /** The plugins that have not been removed. */
  get plugins(): readonly Plugin[] {
    return [...this.running]
  }

  /** The streams of all plugins that have not ended, oldest first. */
  get streams(): readonly Stream[] {
    return this.contexts.all().filter((context) => context instanceof Stream)
  }

  /** The connections through network filters that have not been closed, oldest first. */
  get connections(): readonly NetworkConnection[] {
    return this.contexts.all().filter((context) => context instanceof NetworkConnection)
  }

  /** How many streams, and connections through network filters, of all plugins have not ended. */
  get openStreams(): number {
    let open = 0
    for (const plugin of this.running) open += plugin.openStreams
    return open
  }

  /**
   * Lets a hostcall, or the guest's own `malloc`, answer something else from now on, or once.
   *
   * @example
   *     vm.inject({ hostcall: 'proxy_get_header_map_value', nth: 2, status: Status.InternalFailure })
   *     vm.inject({ hostcall: 'malloc', status: 0 })
   * @throws {HostUsageError} `unknown_hostcall`
   */
  inject(fault: Fault): void {
    this.guest.faults.add(fault)
  }

  /** Takes back every {@link inject}. */
  clearFaults(): void {
    this.guest.faults.clear()
  }

  /**
   * Moves the clock forward: runs `proxy_on_tick` of every plugin, and lets callouts time out, at each moment that is
   * due, earliest first.
   *
   * @throws {HostUsageError} `clock_not_manual` when the VM was given a clock that moves by itself
   */
  advance(milliseconds: number): void {
    const { clock } = this
    if (!(clock instanceof ManualClock)) {
      throw new HostUsageError(
        'clock_not_manual',
        'the VM has a clock that moves by itself: call runDueTicks() instead',
      )
    }
    this.timers.advance(clock, milliseconds, (timer) => {
      this.fire(timer)
    })
  }

  /** Runs the ticks and timeouts that are due at this moment, for a VM whose clock moves by itself. */
  runDueTicks(): void {
    this.timers.runDue((timer) => {
      this.fire(timer)
    })
  }

  /** Milliseconds until the next tick or timeout; undefined when there is none. */
  get nextTickIn(): number | undefined {
    return this.isAlive ? this.timers.nextIn() : undefined
  }

  /** Tells the receivers of shared queues of the items that were enqueued: `proxy_on_queue_ready`. */
  deliverQueues(): void {
    this.sharedQueues.deliver()
  }

  /**
   * For the end of a test: ends every open stream and connection, stops every plugin, and says so if the guest has ever trapped.
   *
   * @throws {VmFailedError} with the journal, where there is one
   */
  finish(): void {
    for (const stream of this.streams) stream.end()
    for (const connection of this.connections) connection.close()
    this[Symbol.dispose]()
    if (this.failure !== undefined) throw new VmFailedError(this.failure, this.journal)
  }

  /** Stops every plugin. */
  [Symbol.dispose](): void {
    for (const plugin of this.plugins) plugin.stop()
  }

  private hostcallTable(
    guest: Guest,
    abi: AbiVersion,
    options: VmOptions,
    vmConfiguration: Uint8Array,
  ): HostcallTable {
    const violations = this.headerViolations
    const environment = Object.entries(options.environment ?? {}).map(([name, value]) =>
      Buffer.from(`${name}=${value}\0`, 'utf8').toString('latin1'),
    )
    const log = (level: LogLevel, message: string): void => {
      this.journal?.record({ kind: 'log', level: LogLevel[level], message })
      this.logs.write({ level, message, rootId: guest.caller.root.rootId, from: 'guest' })
    }
    const hostLog = (level: LogLevel, message: string): void => {
      this.logs.write({ level, message, rootId: guest.caller.root.rootId, from: 'host' })
    }
    return {
      ...headerMapCalls(guest, violations, abi),
      ...propertyCalls(guest, this.vmId),
      ...bufferCalls(guest, vmConfiguration),
      ...streamCalls(guest, this.contexts, options.foreignFunctions ?? {}, violations),
      ...metricCalls(guest, new MetricIds(this.metrics)),
      ...sharedCalls(guest, this.vmId, this.sharedData, this.sharedQueues),
      ...calloutCalls(guest, this.callouts, this.dns, violations),
      ...runtimeCalls(guest, this.clock, this.logs, log),
      ...wasiCalls(
        guest,
        this.clock,
        options.random ?? seededRandom(DEFAULT_SEED),
        environment,
        log,
        hostLog,
      ),
    }
  }

  private fire(timer: Plugin | HttpCall | GrpcCall): void {
    if (!(timer instanceof Plugin)) timer.timeOut()
    else if (this.isAlive) timer.tick()
  }

  private removePlugin(plugin: Plugin): void {
    this.running.delete(plugin)
    this.contexts.remove(plugin)
    this.timers.set(plugin, 0)
    this.callouts.cancelOf(plugin)
    this.dns.cancelOf(plugin)
  }
}

/** The context with id 0, on which the guest starts and allocates: it has nothing. */
class VmContext extends StreamlessContext implements RootContext {
  readonly rootId = ''
  readonly pluginName = ''
  readonly rootProperties: PropertyTree = {}
  readonly calloutResponse = new CalloutResponse()

  constructor() {
    super(0)
  }

  override get root(): RootContext {
    return this
  }

  setTickPeriod(): void {
    // Envoy would arm a timer for context 0, whose ticks reach no plugin.
  }

  queueReady(): void {
    // No plugin has registered a queue from here.
  }

  finishPendingDone(): boolean {
    return false
  }

  calloutReturned(): void {
    // Callouts begin in callbacks of plugins, and this is none.
  }
}

function pagesOf(memoryLimit: number): number {
  const pages = Math.floor(memoryLimit / PAGE_BYTES)
  if (!(pages >= 1 && pages <= PAGE_BYTES)) {
    throw new HostUsageError(
      'bad_memory_limit',
      `memoryLimit is ${memoryLimit} bytes: expected at least one page, ${PAGE_BYTES}, and at most 4 GiB`,
    )
  }
  return pages
}
