import { MetricType, Status } from '../assembly/proxy/abi.ts'
import { metricTypeOf } from './abi-values.ts'

/** Envoy puts this before every name that a guest defines (custom_stat_namespace). */
const CUSTOM_NAMESPACE = 'wasmcustom'
const TYPE_MASK = 0x3
const ID_STEP = 4

interface Stat {
  readonly type: MetricType
  value: bigint
  readonly recorded: bigint[]
}

/**
 * The statistics of one Envoy: shared by all VMs that are given the same instance, as all workers of a process
 * share them. Names are those that guests define, without Envoy's `wasmcustom.` prefix.
 */
export class Metrics {
  private readonly stats = new Map<string, Stat>()

  /** A counter's value; 0n when no guest has defined it. */
  counter(name: string): bigint {
    return this.stats.get(statKey(MetricType.Counter, name))?.value ?? 0n
  }

  /** A gauge's value; 0n when no guest has defined it. */
  gauge(name: string): bigint {
    return this.stats.get(statKey(MetricType.Gauge, name))?.value ?? 0n
  }

  /** Every value that was recorded, in order; none when no guest has defined it. */
  histogram(name: string): readonly bigint[] {
    return this.stats.get(statKey(MetricType.Histogram, name))?.recorded ?? []
  }

  /** Whether a guest has defined a metric of this type and name. */
  isDefined(type: MetricType, name: string): boolean {
    return this.stats.has(statKey(type, name))
  }

  /** All counters and gauges by name, sorted, as Envoy's admin page would list them without the prefix. */
  all(): Record<string, bigint> {
    const values: [string, bigint][] = []
    for (const [key, stat] of this.stats) {
      if (stat.type !== MetricType.Histogram) values.push([key.slice(key.indexOf(':') + 1), stat.value])
    }
    return Object.fromEntries(values.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** The admin page's text: one `wasmcustom.name: value` a line. */
  toString(): string {
    return Object.entries(this.all())
      .map(([name, value]) => `${CUSTOM_NAMESPACE}.${name}: ${value}\n`)
      .join('')
  }

  /** @internal */
  define(type: MetricType, name: string): Stat {
    const key = statKey(type, name)
    let stat = this.stats.get(key)
    if (stat === undefined) {
      stat = { type, value: 0n, recorded: [] }
      this.stats.set(key, stat)
    }
    return stat
  }
}

/**
 * One VM's metric ids. The low two bits of an id are its type, every definition gets a new id, and two
 * definitions of one name share the statistic (context.cc defineMetric, incrementMetric, recordMetric, getMetric).
 */
export class MetricIds {
  private readonly metrics: Metrics
  private readonly byId = new Map<number, Stat>()
  private readonly next: [counter: number, gauge: number, histogram: number] = [
    MetricType.Counter,
    MetricType.Gauge,
    MetricType.Histogram,
  ]

  constructor(metrics: Metrics) {
    this.metrics = metrics
  }

  define(type: MetricType, name: string): number {
    this.next[type] += ID_STEP
    const id = this.next[type]
    this.byId.set(id, this.metrics.define(type, name))
    return id
  }

  increment(id: number, offset: bigint): Status {
    if (!isCounterOrGauge(id)) return Status.BadArgument
    const stat = this.byId.get(id)
    if (stat === undefined) return Status.NotFound
    if (stat.type === MetricType.Counter && offset <= 0n) return Status.BadArgument
    stat.value = BigInt.asUintN(64, stat.value + offset)
    return Status.Ok
  }

  record(id: number, value: bigint): Status {
    const stat = this.byId.get(id)
    if (stat === undefined) return Status.NotFound
    const unsigned = BigInt.asUintN(64, value)
    switch (stat.type) {
      case MetricType.Counter:
        stat.value = BigInt.asUintN(64, stat.value + unsigned)
        break
      case MetricType.Gauge:
        stat.value = unsigned
        break
      case MetricType.Histogram:
        stat.recorded.push(unsigned)
        break
    }
    return Status.Ok
  }

  /** The value, or why there is none. */
  get(id: number): bigint | Status.BadArgument | Status.NotFound {
    if (!isCounterOrGauge(id)) return Status.BadArgument
    return this.byId.get(id)?.value ?? Status.NotFound
  }
}

function isCounterOrGauge(id: number): boolean {
  const type = metricTypeOf(id & TYPE_MASK)
  return type === MetricType.Counter || type === MetricType.Gauge
}

function statKey(type: MetricType, name: string): string {
  return `${type}:${name}`
}
