/**
 * A filter for one job that makes Mooring's hostcalls and nothing else: what of a job's cost is Envoy's price for them. It
 * finds nothing and computes nothing. What it writes is what Mooring wrote when it did the job in the host.
 */
import type { JournalEvent, ProxyWasmModule, Vm } from '../host/index.ts'
import { hostedJob, hostedVisit } from './hosted-visit.ts'
import type { Job } from './jobs.ts'

/** Which arguments of a hostcall are addresses of texts that it takes, each with its length behind it. */
const TAKES: Readonly<Record<string, readonly number[]>> = {
  proxy_get_header_map_value: [1],
  proxy_get_header_map_pairs: [],
  proxy_get_property: [0],
  proxy_add_header_map_value: [1, 3],
  proxy_replace_header_map_value: [1, 3],
  proxy_remove_header_map_value: [1],
}

/** Which argument says where the address of what it hands over goes; the next one, where the length goes. */
const HANDS_OVER: Readonly<Record<string, number>> = {
  proxy_get_header_map_value: 3,
  proxy_get_header_map_pairs: 1,
  proxy_get_property: 2,
}

//     | 0: address, length of what was handed over last | 16: texts .. | 64 Ki: what the host hands over .. | 128 Ki
const TEXTS = 16
const HANDED_OVER = 65_536
const END = 2 * HANDED_OVER

/** One callback of a job, as Envoy calls it. */
interface Callback {
  readonly name: string
  readonly parameters: number
  /** Undefined where it returns nothing. */
  returns: number | undefined
  readonly calls: Call[]
}

/** One hostcall of a job. */
interface Call {
  readonly name: string
  readonly args: readonly number[]
  /** By the argument that is a text's address. */
  readonly texts: ReadonlyMap<number, Uint8Array>
}

/**
 * WebAssembly's text of the filter that makes the calls which `filter` makes for the second of two visits of the job.
 *
 * @param now the time of the job, in seconds since 1970
 * @throws {Error} where the job was not done, or makes a call that is not known here
 */
export function callsAlone(filter: ProxyWasmModule, job: Job, now: number): string {
  const { vm, plugin } = hostedJob(filter, job, now)
  // The first fills pools that later ones draw from.
  hostedVisit(plugin, job, (_, work) => {
    work()
  })
  const callbacks: Callback[] = []
  hostedVisit(plugin, job, (_, work) => {
    vm.journal?.clear()
    work()
    callbacks.push(...callbacksIn(vm.journal?.events ?? [], vm))
  })
  return moduleOf(callbacks)
}

function callbacksIn(events: readonly JournalEvent[], vm: Vm): readonly Callback[] {
  const callbacks: Callback[] = []
  for (const event of events) {
    const current = callbacks.at(-1)
    if (event.kind === 'callback') {
      const { name, args } = event
      callbacks.push({ name, parameters: args.length, returns: undefined, calls: [] })
    } else if (event.kind === 'returned' && current !== undefined) current.returns = event.value
    else if (event.kind === 'hostcall') current?.calls.push(callOf(event.name, event.args.map(Number), vm))
  }
  return callbacks
}

function callOf(name: string, args: readonly number[], vm: Vm): Call {
  const places = TAKES[name]
  if (places === undefined) throw new Error(`${name}: expected one of ${Object.keys(TAKES).join(', ')}`)
  const texts = places.map((place): [number, Uint8Array] => {
    const text = vm.memory.read(args[place] ?? 0, args[place + 1] ?? 0)
    if (text === undefined) throw new Error(`${name}: its argument ${place} is no address of a text`)
    return [place, text]
  })
  return { name, args, texts: new Map(texts) }
}

function moduleOf(callbacks: readonly Callback[]): string {
  const data: string[] = []
  let end = TEXTS
  const placed = (text: Uint8Array): number => {
    const at = end
    data.push(`(data (i32.const ${at}) "${Buffer.from(text).toString('hex').replace(/../g, '\\$&')}")`)
    end += text.length
    return at
  }
  const instructions = ({ name, args, texts }: Call): string => {
    const values = [...args]
    for (const [place, text] of texts) values[place] = placed(text)
    const out = HANDS_OVER[name]
    if (out !== undefined) values.splice(out, 2, 0, 4)
    return `(drop (call $${name} ${values.map((value) => `(i32.const ${value})`).join(' ')}))`
  }
  const functions = callbacks.map(({ name, parameters, returns, calls }) =>
    [
      `(func (export "${name}") (param${' i32'.repeat(parameters)})${returns === undefined ? '' : ' (result i32)'}`,
      ...calls.map(instructions),
      `${returns === undefined ? '' : `(i32.const ${returns})`})`,
    ].join('\n'),
  )
  if (end > HANDED_OVER) throw new Error(`${end} bytes of texts: expected ${HANDED_OVER} at most`)
  const imports = new Map(
    callbacks.flatMap(({ calls }) =>
      calls.map(({ name, args }) => [
        name,
        `(import "env" "${name}" (func $${name} (param${' i32'.repeat(args.length)}) (result i32)))`,
      ]),
    ),
  )
  return [
    '(module',
    ...imports.values(),
    '(memory (export "memory") 2)',
    ...data,
    '(func (export "proxy_abi_version_0_2_1"))',
    '(func (export "malloc") (param $size i32) (result i32)',
    `  (select (i32.const 0) (i32.const ${HANDED_OVER}) (i32.gt_u (local.get $size) (i32.const ${END - HANDED_OVER}))))`,
    ...functions,
    ')',
  ].join('\n')
}
