/** The filter as users build it, in our host: what every test under test/filter starts from. */
import { readFileSync } from 'node:fs'
import {
  type HeaderList,
  type HeadersResult,
  type Plugin,
  ProxyWasmModule,
  type PropertyTree,
  type PropertyValue,
  type Stream,
  Vm,
  type VmOptions,
} from '../../host/index.ts'

/** Compiled once: many VMs are made of it. */
export const mooringModule = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))

/** Secret bytes 20 to 3f, as the vectors of docs/keys.md use them. */
export const HASH_SECRET = Buffer.from(Array.from({ length: 32 }, (_, i) => 0x20 + i)).toString('base64')

export interface Mooring {
  readonly vm: Vm
  readonly plugin: Plugin
}

/** A VM with one plugin. The configuration is an object, or text as it stands. */
export function startMooring(configuration: unknown, options: VmOptions = {}): Mooring {
  const vm = new Vm(mooringModule, options)
  return { vm, plugin: startPlugin(vm, configuration) }
}

export function startPlugin(vm: Vm, configuration: unknown, properties: PropertyTree = {}): Plugin {
  return vm.startPlugin({ rootId: 'mooring', configuration: textOf(configuration), properties })
}

/** The properties of a proxy in `namespace`. */
export function proxyIn(namespace: PropertyValue): PropertyTree {
  return { xds: { node: { metadata: { NAMESPACE: namespace } } } }
}

/** The properties of a request whose route picks `cluster`. */
export function routedTo(cluster: PropertyValue): PropertyTree {
  return { xds: { cluster_name: cluster } }
}

export function textOf(configuration: unknown): string {
  return typeof configuration === 'string' ? configuration : JSON.stringify(configuration)
}

export interface Passed {
  readonly stream: Stream
  readonly request: HeadersResult
}

const PLAIN: HeaderList = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'test.com'],
  [':path', '/'],
]

/** A GET of http://test.com/ with these headers; a pseudo header among them takes the place of its default. */
export function headersWith(headers: HeaderList): HeaderList {
  const replaced = new Set(headers.map(([name]) => name))
  return [...PLAIN.filter(([name]) => !replaced.has(name)), ...headers]
}

/** Sends a request through the plugin; the stream stays open. */
export function pass(plugin: Plugin, headers: HeaderList = [], properties: PropertyTree = {}): Passed {
  const stream = plugin.stream({ headers: headersWith(headers), properties })
  return { stream, request: stream.requestHeaders({ endOfStream: true }) }
}

/** Every value of `name` on the request as it leaves the filter. */
export function requestValues({ stream }: Passed, name: string): readonly string[] {
  return stream.request.all(name)
}

/** Answers with 200 from an upstream, ends the stream, and gives the Set-Cookie lines. */
export function setCookies({ stream }: Passed, details = 'via_upstream'): readonly string[] {
  const response = stream.responseHeaders({ headers: [[':status', '200']], details })
  const lines = [...response.headers.all('set-cookie')]
  stream.end()
  return lines
}

/** What a counter of the instance `default` stands at, after the next tick. */
export function counter({ vm }: Mooring, name: string): bigint {
  vm.advance(1000)
  return vm.metrics.counter(`wasm_filter.default.mooring_${name}`)
}

/** Everything that was logged, a line each. */
export function logText(vm: Vm): string {
  return vm.logs.messages().join('\n')
}
