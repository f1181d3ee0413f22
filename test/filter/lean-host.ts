/**
 * As little host as a request needs, for tests of a million streams: no checks, no phases, one root. What the filter
 * does in Envoy the other tests show, in the real host.
 */
import { readFileSync } from 'node:fs'
import { type HeaderList, Status } from '../../host/index.ts'

type Export = (...args: number[]) => number | undefined

/** The id of the one root. */
export const ROOT = 1
const DETAILS = Buffer.from('via_upstream')
const module = new WebAssembly.Module(readFileSync('build/mooring.wasm'))

/** A request's headers as the host hands them over. */
export interface Request {
  readonly first: ReadonlyMap<string, Buffer>
  readonly pairs: Buffer
}

export function requestOf(headers: HeaderList): Request {
  const first = new Map<string, Buffer>()
  for (const [name, value] of headers) if (!first.has(name)) first.set(name, Buffer.from(value, 'latin1'))
  const sizes = Buffer.alloc(4 + 8 * headers.length)
  sizes.writeUInt32LE(headers.length)
  headers.forEach(([name, value], index) => {
    sizes.writeUInt32LE(name.length, 4 + 8 * index)
    sizes.writeUInt32LE(value.length, 8 + 8 * index)
  })
  const texts = headers.map(([name, value]) => `${name}\0${value}\0`).join('')
  return { first, pairs: Buffer.concat([sizes, Buffer.from(texts, 'latin1')]) }
}

export class LeanHost {
  /** Set-Cookie lines so far. */
  setCookies = 0
  /** Key headers written so far. */
  keys = 0
  /** What reads of the request's headers show. */
  current: Request = requestOf([])
  private readonly exports: Readonly<Record<string, Export>>
  private readonly memory: WebAssembly.Memory
  private lastId = ROOT

  constructor(configuration: string) {
    const bytes = Buffer.from(configuration)
    const answers: Record<string, Export> = {
      proxy_get_header_map_value: (_map, key = 0, keySize = 0, valueAt, sizeAt) =>
        this.handOver(this.current.first.get(this.read(key, keySize)), valueAt, sizeAt),
      proxy_get_header_map_pairs: (_map, valueAt, sizeAt) =>
        this.handOver(this.current.pairs, valueAt, sizeAt),
      proxy_get_property: (path = 0, size = 0, valueAt, sizeAt) =>
        this.handOver(this.read(path, size).startsWith('response') ? DETAILS : undefined, valueAt, sizeAt),
      proxy_get_buffer_bytes: (_type, _start, _size, valueAt, sizeAt) =>
        this.handOver(bytes, valueAt, sizeAt),
      proxy_get_shared_data: () => Status.NotFound,
      environ_sizes_get: (countAt, sizeAt) => {
        this.writeU32(countAt, 0)
        return this.writeU32(sizeAt, 0)
      },
      proxy_add_header_map_value: (_map, key = 0, keySize = 0) => {
        if (this.read(key, keySize) === 'set-cookie') this.setCookies++
        return Status.Ok
      },
      proxy_replace_header_map_value: (_map, key = 0, keySize = 0) => {
        if (this.read(key, keySize) === 'x-mooring-key') this.keys++
        return Status.Ok
      },
    }
    const imports: Record<string, Record<string, Export>> = {}
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      ;(imports[from] ??= {})[name] = answers[name] ?? (() => Status.Ok)
    }
    const { exports } = new WebAssembly.Instance(module, imports)
    this.exports = exports as unknown as Readonly<Record<string, Export>>
    this.memory = exports['memory'] as WebAssembly.Memory
    this.call('_initialize')
    this.call('proxy_on_context_create', ROOT, 0)
    if (this.call('proxy_on_configure', ROOT, bytes.length) !== 1)
      throw new Error('the configuration was refused')
  }

  get memoryBytes(): number {
    return this.memory.buffer.byteLength
  }

  /** One stream; without an answer it is reset while it waits for one. */
  stream(request: Request, answered: boolean): void {
    this.current = request
    const id = ++this.lastId
    this.call('proxy_on_context_create', id, ROOT)
    this.call('proxy_on_request_headers', id, 0, 1)
    if (answered) this.call('proxy_on_response_headers', id, 0, 0)
    this.call('proxy_on_delete', id)
  }

  /** Calls an export, in any order, which no other host does. */
  call(name: string, a = 0, b = 0, c = 0): number | undefined {
    return this.exports[name]?.(a, b, c)
  }

  private read(address: number, size: number): string {
    return Buffer.from(this.memory.buffer, address >>> 0, size).toString('latin1')
  }

  private handOver(value: Buffer | undefined, valueAt = 0, sizeAt = 0): Status {
    if (value === undefined) return Status.NotFound
    const address = this.call('malloc', value.length) ?? 0
    if (address === 0) return Status.InvalidMemoryAccess
    new Uint8Array(this.memory.buffer).set(value, address)
    this.writeU32(valueAt, address)
    return this.writeU32(sizeAt, value.length)
  }

  private writeU32(address = 0, value: number): Status {
    new DataView(this.memory.buffer).setUint32(address >>> 0, value, true)
    return Status.Ok
  }
}
