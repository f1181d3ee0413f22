/**
 * Just enough of the WebAssembly binary format to see what the JavaScript API hides: the types of imports and
 * exports, and the limits of the memory.
 * https://webassembly.github.io/spec/core/binary/modules.html
 */
import { PluginRefusedError } from './errors.ts'

/** A function type as letters, parameters then results: `iI>i` takes (i32, i64) and returns i32. */
export type Signature = string

export interface ImportEntry {
  readonly module: string
  readonly name: string
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag'
  /** Of a function only. */
  readonly signature: Signature
}

export interface MemoryLimits {
  /** In pages of 64 KiB. */
  readonly initial: number
  readonly maximum: number | undefined
}

export interface ModuleLayout {
  readonly imports: readonly ImportEntry[]
  /** Exported functions by name. */
  readonly functions: ReadonlyMap<string, Signature>
  readonly exportsMemory: boolean
  /** The limits of the first memory, own or imported. */
  readonly memory: MemoryLimits | undefined
  /** Where the entry of the own memory stands in the bytes; undefined when it is imported or absent. */
  readonly memorySection: { readonly start: number; readonly end: number } | undefined
}

const SECTION = { type: 1, import: 2, function: 3, memory: 5, export: 7 } as const
const VALUE_TYPES: Readonly<Record<number, string>> = {
  0x7f: 'i',
  0x7e: 'I',
  0x7d: 'f',
  0x7c: 'F',
  0x7b: 'v',
  0x70: 'r',
  0x6f: 'x',
}
const KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const

class Reader {
  readonly bytes: Uint8Array
  position: number

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes
    this.position = position
  }

  byte(): number {
    const value = this.bytes[this.position++]
    if (value === undefined) throw corrupted(`ends at byte ${this.bytes.length} inside an entry`)
    return value
  }

  /** LEB128, unsigned, at most 35 bits of it: no count in a module is larger. */
  u32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw corrupted(`number longer than 5 bytes at byte ${this.position}`)
  }

  name(): string {
    const length = this.u32()
    const start = this.position
    this.position += length
    return Buffer.from(this.bytes.subarray(start, this.position)).toString('utf8')
  }

  limits(): MemoryLimits {
    const flags = this.byte()
    const initial = this.u32()
    return { initial, maximum: (flags & 1) === 1 ? this.u32() : undefined }
  }

  signature(): Signature {
    if (this.byte() !== 0x60) throw corrupted(`unknown type form at byte ${this.position - 1}`)
    return `${this.valueTypes()}>${this.valueTypes()}`
  }

  private valueTypes(): string {
    let letters = ''
    for (let count = this.u32(); count > 0; count--) letters += VALUE_TYPES[this.byte()] ?? '?'
    return letters
  }
}

/** Reads the layout of a module that WebAssembly itself has already validated. */
export function readLayout(bytes: Uint8Array): ModuleLayout {
  const types: Signature[] = []
  const functionTypes: Signature[] = []
  const imports: ImportEntry[] = []
  const functions = new Map<string, Signature>()
  let memory: MemoryLimits | undefined
  let memorySection: ModuleLayout['memorySection']
  let exportsMemory = false

  const reader = new Reader(bytes, 8)
  while (reader.position < bytes.length) {
    const id = reader.byte()
    const size = reader.u32()
    const end = reader.position + size
    switch (id) {
      case SECTION.type:
        for (let count = reader.u32(); count > 0; count--) types.push(reader.signature())
        break
      case SECTION.import:
        for (let count = reader.u32(); count > 0; count--) {
          const module = reader.name()
          const name = reader.name()
          const kind = KINDS[reader.byte()] ?? 'tag'
          let signature = ''
          if (kind === 'function') {
            signature = types[reader.u32()] ?? '?'
            functionTypes.push(signature)
          } else if (kind === 'memory') {
            memory ??= reader.limits()
          } else if (kind === 'table') {
            reader.byte()
            reader.limits()
          } else {
            reader.byte()
            reader.u32()
          }
          imports.push({ module, name, kind, signature })
        }
        break
      case SECTION.function:
        for (let count = reader.u32(); count > 0; count--) functionTypes.push(types[reader.u32()] ?? '?')
        break
      case SECTION.memory:
        if (reader.u32() > 0) {
          const start = reader.position
          memory ??= reader.limits()
          memorySection = { start, end: reader.position }
        }
        break
      case SECTION.export:
        for (let count = reader.u32(); count > 0; count--) {
          const name = reader.name()
          const kind = KINDS[reader.byte()]
          const index = reader.u32()
          if (kind === 'function') functions.set(name, functionTypes[index] ?? '?')
          if (kind === 'memory') exportsMemory = true
        }
        break
      default:
        break
    }
    reader.position = end
  }
  return { imports, functions, exportsMemory, memory, memorySection }
}

/**
 * The same module with a lower maximum for its memory, which is how V8 is told that `memory.grow` must answer -1
 * there. Nothing in a module refers to a byte offset, so the section may change its length.
 *
 *     memory section   05 | size | count | flags initial [maximum]
 *     becomes          05 | size'| count | 01    initial  maximum'
 */
export function withMemoryMaximum(bytes: Uint8Array, layout: ModuleLayout, maximum: number): Uint8Array {
  const { memorySection, memory } = layout
  if (memorySection === undefined || memory === undefined) return bytes
  const limits = [1, ...leb128(memory.initial), ...leb128(Math.min(maximum, memory.maximum ?? maximum))]
  const header = new Reader(bytes, 8)
  for (;;) {
    const sectionStart = header.position
    const id = header.byte()
    const size = header.u32()
    const bodyStart = header.position
    const bodyEnd = bodyStart + size
    if (id !== SECTION.memory) {
      header.position = bodyEnd
      continue
    }
    const body = [
      ...bytes.subarray(bodyStart, memorySection.start),
      ...limits,
      ...bytes.subarray(memorySection.end, bodyEnd),
    ]
    return Buffer.concat([
      bytes.subarray(0, sectionStart),
      Uint8Array.from([id, ...leb128(body.length), ...body]),
      bytes.subarray(bodyEnd),
    ])
  }
}

function leb128(value: number): number[] {
  const out: number[] = []
  for (let rest = value; ;) {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    if (rest === 0) return [...out, low]
    out.push(low + 128)
  }
}

function corrupted(what: string): PluginRefusedError {
  return new PluginRefusedError('invalid_module', 'load', `Failed to parse corrupted Wasm module: ${what}`)
}
