/**
 * Writes small WebAssembly modules by hand, for what no compiler would produce: wrong signatures, missing exports,
 * hostcalls in the start section. https://webassembly.github.io/spec/core/binary/modules.html
 */

/** `ii>i`: parameters, then results; i is i32, I is i64. */
export type Signature = string

export interface FunctionSource {
  /** The name under which it is exported; absent: not exported. */
  readonly export?: string
  readonly signature: Signature
  /** Types of further locals, as letters. */
  readonly locals?: string
  /** Instructions without the final `end`. */
  readonly body: readonly number[]
}

export interface ImportSource {
  readonly module: string
  readonly name: string
  readonly signature: Signature
  /** The name under which the import is exported again. */
  readonly export?: string
}

export interface ModuleSource {
  /** Functions of the imports come first in the index space, then `functions`. */
  readonly imports?: readonly ImportSource[]
  readonly functions?: readonly FunctionSource[]
  /** In pages; absent: no memory. */
  readonly memory?: { readonly initial: number; readonly maximum?: number; readonly export?: string }
  /** A memory that the module imports as `env.memory`. */
  readonly importsMemory?: { readonly initial: number; readonly maximum?: number }
  /** An i32 global that the module imports. */
  readonly importsGlobal?: { readonly module: string; readonly name: string }
  /** The index of the function that the start section names. */
  readonly start?: number
  readonly data?: readonly { readonly at: number; readonly bytes: Uint8Array }[]
}

export const op = {
  unreachable: [0x00],
  return: [0x0f],
  drop: [0x1a],
  end: [0x0b],
  /** Runs what follows, up to `end`, if the value on the stack is not 0. */
  if: [0x04, 0x40],
  i32Add: [0x6a],
  i32Store: [0x36, 2, 0],
  i32Load: [0x28, 2, 0],
  memoryGrow: [0x40, 0],
  i32Const: (value: number): number[] => [0x41, ...signedLeb128(value)],
  i64Const: (value: number): number[] => [0x42, ...signedLeb128(value)],
  localGet: (index: number): number[] => [0x20, ...leb128(index)],
  localTee: (index: number): number[] => [0x22, ...leb128(index)],
  call: (index: number): number[] => [0x10, ...leb128(index)],
} as const

const TYPES: Readonly<Record<string, number>> = { i: 0x7f, I: 0x7e, f: 0x7d, F: 0x7c }

export function buildWasm(source: ModuleSource): Uint8Array {
  const { imports = [], functions = [], memory, importsMemory, importsGlobal, data = [] } = source
  const signatures = [...new Set([...imports, ...functions].map(({ signature }) => signature))]
  const typeOf = (signature: Signature): number[] => leb128(signatures.indexOf(signature))

  const importEntries = imports.map(({ module, name, signature }) => [
    ...text(module),
    ...text(name),
    0x00,
    ...typeOf(signature),
  ])
  if (importsMemory !== undefined) {
    importEntries.push([...text('env'), ...text('memory'), 0x02, ...limits(importsMemory)])
  }
  if (importsGlobal !== undefined) {
    importEntries.push([...text(importsGlobal.module), ...text(importsGlobal.name), 0x03, 0x7f, 0x00])
  }

  const exportEntries: number[][] = []
  imports.forEach((entry, index) => {
    if (entry.export !== undefined) exportEntries.push([...text(entry.export), 0x00, ...leb128(index)])
  })
  functions.forEach((entry, index) => {
    if (entry.export !== undefined) {
      exportEntries.push([...text(entry.export), 0x00, ...leb128(imports.length + index)])
    }
  })
  if (memory?.export !== undefined) exportEntries.push([...text(memory.export), 0x02, 0x00])

  const bodies = functions.map(({ locals = '', body }) => {
    const declared = letters(locals).map((letter) => [1, TYPES[letter] ?? 0])
    const code = [...vector(declared), ...body, ...op.end]
    return [...leb128(code.length), ...code]
  })

  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(signatures.map(functionType))),
    ...section(2, vector(importEntries)),
    ...section(3, vector(functions.map(({ signature }) => typeOf(signature)))),
    ...(memory === undefined ? [] : section(5, vector([limits(memory)]))),
    ...section(7, vector(exportEntries)),
    ...(source.start === undefined ? [] : section(8, leb128(source.start))),
    ...section(10, vector(bodies)),
    ...section(
      11,
      vector(
        data.map(({ at, bytes }) => [
          0,
          ...op.i32Const(at),
          ...op.end,
          ...vector([...bytes].map((byte) => [byte])),
        ]),
      ),
    ),
  ])
}

function functionType(signature: Signature): number[] {
  const [parameters = '', results = ''] = signature.split('>')
  const types = (list: string): number[] => vector(letters(list).map((letter) => [TYPES[letter] ?? 0]))
  return [0x60, ...types(parameters), ...types(results)]
}

function limits({ initial, maximum }: { readonly initial: number; readonly maximum?: number }): number[] {
  return maximum === undefined ? [0, ...leb128(initial)] : [1, ...leb128(initial), ...leb128(maximum)]
}

function section(id: number, body: readonly number[]): number[] {
  return [id, ...leb128(body.length), ...body]
}

function vector(entries: readonly (readonly number[])[]): number[] {
  return [...leb128(entries.length), ...entries.flat()]
}

function text(value: string): number[] {
  return vector([...Buffer.from(value, 'utf8')].map((byte) => [byte]))
}

function letters(list: string): string[] {
  return list === '' ? [] : list.split('')
}

function leb128(value: number): number[] {
  const low = value % 128
  return value < 128 ? [low] : [low + 128, ...leb128(Math.floor(value / 128))]
}

function signedLeb128(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  const finished = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
  return finished ? [low] : [low | 0x80, ...signedLeb128(rest)]
}
