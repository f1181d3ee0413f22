/** What the compiler makes of literals, in a program of a few lines beside the filter's own modules. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'
import { expect, test } from 'vitest'

const ENTRY = 'assembly/entry.ts'

const IMPORTS = `
import { ascii } from './bytes/literal'
import { phrase } from './bytes/phrase'
import { Slice } from './bytes/slice'
import { lineText, put, startLine } from './config/line'
import './proxy/abort'
`

const PRINT = `
export function printed(): Slice {
  startLine()
  put(phrase('found a list, expected a string; ' + 'found a string, expected a list'))
  put(phrase("; !#$%&'*+-.^_|~ are characters too; "))
  put(ascii('so are these'))
  return lineText()
}
`

interface Compiled {
  readonly error: string
  readonly printed: string
  readonly bytes: Uint8Array
}

async function compile(program: string): Promise<Compiled> {
  let bytes = new Uint8Array(new ArrayBuffer(0))
  const { error } = await asc.main(
    [
      ENTRY,
      '--target',
      'release',
      '--outFile',
      'entry.wasm',
      '--transform',
      './build/js/tools/ascii-literals.js',
    ],
    {
      readFile: async (name, folder) =>
        name === ENTRY ? IMPORTS + program : readFile(join(folder, name), 'utf8').catch(() => null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') bytes = Uint8Array.from(contents)
      },
    },
  )
  return { error: error?.message ?? '', printed: bytes.length > 0 ? printedBy(bytes) : '', bytes }
}

function printedBy(bytes: Uint8Array<ArrayBuffer>): string {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {})
  const { memory, printed } = exports as { memory: WebAssembly.Memory; printed: () => bigint }
  const slice = printed()
  const text = new Uint8Array(memory.buffer, Number(slice & 0xffffffffn), Number(slice >> 32n))
  return Buffer.from(text).toString('latin1')
}

test('literals are printed as they are written', async () => {
  expect((await compile(PRINT)).printed).toBe(
    'found a list, expected a string; found a string, expected a list' +
      "; !#$%&'*+-.^_|~ are characters too; so are these",
  )
})

test('a phrase is in the module packed, a slice as it is', async () => {
  const text = Buffer.from((await compile(PRINT)).bytes).toString('latin1')
  expect(text).toContain('so are these')
  expect(text).not.toContain('expected a string')
})

test.each([
  ['ascii', "ascii('größer')", 'found ascii("größer"), expected ASCII only'],
  ['phrase', "phrase('größer')", 'found phrase("größer"), expected printable ASCII only'],
  [
    'phrase with a control character',
    String.raw`phrase('a\nb')`,
    String.raw`found phrase("a\nb"), expected printable ASCII only`,
  ],
  [
    'ascii of a number',
    'ascii(7)',
    'found ascii(...) of something else, expected a string literal, or several joined with +',
  ],
  [
    'phrase of two',
    "phrase('a', 'b')",
    'found phrase(...) of something else, expected a string literal, or several joined with +',
  ],
])('%s that cannot be stored is an error that names the file', async (_, call, message) => {
  expect((await compile(`export function printed(): u64 { return ${call} }`)).error).toBe(
    `${ENTRY}: ${message}`,
  )
})
