/** The heap, the arena and the table of pending streams, in an instance of their own, whose memory may have a limit. */
import { readFileSync } from 'node:fs'
import { readLayout, withMemoryMaximum } from '../../host/wasm-binary.ts'

type Address = number

interface StorageExports {
  memory: WebAssembly.Memory
  _initialize(): void
  heapAlloc(size: number): Address
  heapFree(address: Address): void
  heapShrink(address: Address, size: number): void
  heapUsed(): number
  arenaAlloc(size: number): Address
  arenaReset(cap: number): void
  arenaRelease(): void
  arenaUsed(): number
  reservePending(stream: number): Address
  findPending(stream: number): Address
  dropPending(stream: number): void
  dropPendingOf(root: number): void
  pendingCount(): number
}

const PAGE = 65_536
const MOST_PAGES = 65_536

export class Storage {
  readonly call: StorageExports

  /** `maximum` pages of 64 KiB, the first ones included, is what memory may grow to. */
  constructor(maximum = MOST_PAGES) {
    const bytes = readFileSync(new URL('../../build/pure.wasm', import.meta.url))
    const module = new WebAssembly.Module(withMemoryMaximum(bytes, readLayout(bytes), maximum))
    this.call = new WebAssembly.Instance(module, {}).exports as unknown as StorageExports
    this.call._initialize()
  }

  get pages(): number {
    return this.call.memory.buffer.byteLength / PAGE
  }

  fill(address: Address, size: number, byte: number): void {
    new Uint8Array(this.call.memory.buffer, address >>> 0, size).fill(byte)
  }

  /** True if all `size` bytes are `byte`. */
  holds(address: Address, size: number, byte: number): boolean {
    return new Uint8Array(this.call.memory.buffer, address >>> 0, size).every((value) => value === byte)
  }

  readU32(address: Address): number {
    return new DataView(this.call.memory.buffer).getUint32(address, true)
  }

  writeU32(address: Address, value: number): void {
    new DataView(this.call.memory.buffer).setUint32(address, value, true)
  }
}
