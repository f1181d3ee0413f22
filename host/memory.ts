/** A WebAssembly.Memory, said without a name that only programs for browsers have a type of. */
interface Growable {
  readonly buffer: ArrayBuffer
}

/**
 * A guest's linear memory, every access bounded. An address and a length are what a guest passed as i32, so they
 * arrive here signed and are read as unsigned.
 */
export class GuestMemory {
  private readonly memory: Growable
  private bytes: Buffer
  private view: DataView

  constructor(memory: Growable) {
    this.memory = memory
    this.bytes = Buffer.from(memory.buffer)
    this.view = new DataView(memory.buffer)
  }

  /** In bytes; grows when the guest grows its memory, and never shrinks. */
  get size(): number {
    return this.current().length
  }

  /** A copy of the bytes; undefined when the range leaves the memory. */
  read(address: number, length: number): Uint8Array | undefined {
    const start = address >>> 0
    const end = start + (length >>> 0)
    const bytes = this.current()
    return end > bytes.length ? undefined : Uint8Array.prototype.slice.call(bytes, start, end)
  }

  /** The bytes as a byte string; undefined when the range leaves the memory. */
  readByteString(address: number, length: number): string | undefined {
    const start = address >>> 0
    const end = start + (length >>> 0)
    const bytes = this.current()
    return end > bytes.length ? undefined : bytes.toString('latin1', start, end)
  }

  /** The bytes as UTF-8 text; undefined when the range leaves the memory. */
  readText(address: number, length: number): string | undefined {
    const start = address >>> 0
    const end = start + (length >>> 0)
    const bytes = this.current()
    return end > bytes.length ? undefined : bytes.toString('utf8', start, end)
  }

  /** Whether the range lies inside the memory. An empty range may start at its very end. */
  contains(address: number, length: number): boolean {
    return (address >>> 0) + (length >>> 0) <= this.current().length
  }

  /** A little-endian u32; undefined outside the memory. */
  readU32(address: number): number | undefined {
    const start = address >>> 0
    return start + 4 > this.current().length ? undefined : this.view.getUint32(start, true)
  }

  /** Writes a little-endian u32; false, and nothing written, outside the memory. */
  writeU32(address: number, value: number): boolean {
    const start = address >>> 0
    if (start + 4 > this.current().length) return false
    this.view.setUint32(start, value, true)
    return true
  }

  /** Writes a little-endian u64; false, and nothing written, outside the memory. */
  writeU64(address: number, value: bigint): boolean {
    const start = address >>> 0
    if (start + 8 > this.current().length) return false
    this.view.setBigUint64(start, BigInt.asUintN(64, value), true)
    return true
  }

  /** Writes bytes; false, and nothing written, when they do not fit. */
  write(address: number, data: Uint8Array): boolean {
    const start = address >>> 0
    const bytes = this.current()
    if (start + data.length > bytes.length) return false
    bytes.set(data, start)
    return true
  }

  /** Writes a byte string; false, and nothing written, when it does not fit. */
  writeByteString(address: number, data: string): boolean {
    const start = address >>> 0
    const bytes = this.current()
    if (start + data.length > bytes.length) return false
    bytes.write(data, start, 'latin1')
    return true
  }

  /** `memory.grow` detaches the old buffer, which leaves a view of length 0: only then are the views taken anew. */
  private current(): Buffer {
    if (this.bytes.length === 0) {
      this.bytes = Buffer.from(this.memory.buffer)
      this.view = new DataView(this.memory.buffer)
    }
    return this.bytes
  }
}
