/** Several plugins in front of one upstream, as the filters of one proxy: each gets what the one before it left. */
import {
  type HeaderList,
  type LocalReply,
  ManualClock,
  type Plugin,
  type PropertyTree,
  SharedData,
  StreamInfo,
  Vm,
} from '../../host/index.ts'
import { ENVIRONMENT } from '../session/keys.ts'
import { headersWith, mooringModule, textOf } from './mooring.ts'

/** One Envoy: VMs with one clock, which share data. */
export class Proxy {
  readonly clock = new ManualClock()
  readonly sharedData = new SharedData()
  private readonly vms: Vm[] = []

  vm(): Vm {
    const { clock, sharedData } = this
    const vm = new Vm(mooringModule, { clock, sharedData, environment: ENVIRONMENT })
    this.vms.push(vm)
    return vm
  }

  /** Plugins by name, in the order in which requests pass them: all in one VM, or each in its own. */
  plugins(configurations: Readonly<Record<string, unknown>>, apart = false): Plugin[] {
    const one = apart ? undefined : this.vm()
    const plugins = Object.entries(configurations).map(([name, configuration]) =>
      startNamed(one ?? this.vm(), name, configuration),
    )
    this.advance(1000)
    return plugins
  }

  /** Lets time pass, and every VM tick. */
  advance(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= 1000) {
      this.clock.advance(Math.min(left, 1000))
      for (const vm of this.vms) vm.runDueTicks()
    }
  }

  /** A counter of all plugins with that instance. */
  counter(name: string, instance = 'default'): bigint {
    this.advance(1000)
    return this.vms.reduce(
      (sum, { metrics }) => sum + metrics.counter(`wasm_filter.${instance}.mooring_${name}`),
      0n,
    )
  }
}

/** A plugin with the name that Istio gives it, `<namespace>.<name>`. */
export function startNamed(vm: Vm, name: string, configuration: unknown): Plugin {
  return vm.startPlugin({ name, rootId: 'mooring', configuration: textOf(configuration) })
}

/** What a request came to. */
export interface Outcome {
  /** Every value of a header as the pod sees it; nothing where no pod was reached. */
  readonly seen: (header: string) => readonly string[]
  readonly setCookies: readonly string[]
  readonly reply: LocalReply | undefined
  /** Hostcalls of each plugin's request callback. */
  readonly hostcalls: readonly number[]
}

/** Sends a request through all plugins to a pod, and its answer back through them. */
export function send(
  plugins: readonly Plugin[],
  headers: HeaderList = [],
  properties: PropertyTree = {},
): Outcome {
  const info = new StreamInfo(properties)
  const streams = []
  const hostcalls: number[] = []
  let reply: LocalReply | undefined
  let request: HeaderList = headersWith(headers)
  for (const plugin of plugins) {
    const stream = plugin.stream({ headers: request, info })
    streams.push(stream)
    const result = stream.requestHeaders({ endOfStream: true })
    hostcalls.push(result.hostcalls)
    request = stream.request.toList()
    reply = result.localReply
    if (reply !== undefined) break
  }
  let answer: HeaderList = [[':status', '200']]
  if (reply === undefined)
    for (const stream of [...streams].reverse())
      answer = stream.responseHeaders({ headers: answer }).headers.toList()
  for (const stream of streams) stream.end()
  const valuesOf = (list: HeaderList, name: string): readonly string[] =>
    [...list].filter(([header]) => header === name).map(([, value]) => value)
  return {
    seen: (header) => (reply === undefined ? valuesOf(request, header) : []),
    setCookies: valuesOf(answer, 'set-cookie'),
    reply,
    hostcalls,
  }
}
