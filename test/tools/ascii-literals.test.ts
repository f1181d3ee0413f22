/** What the compiler makes of literals, in a program of a few lines beside the filter's own modules. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'
import { expect, test } from 'vitest'

const ENTRY = 'assembly/entry.ts'

const IMPORTS = `
import { ascii, unpackLiterals } from './bytes/literal'
import { phrase } from './bytes/phrase'
import { Slice, ptrOf } from './bytes/slice'
import { isWord, listOf, word, wordAt, wordIndex, wordOf, words } from './bytes/words'
import { lineText, put, putNumber, putShown, startLine } from './config/line'
import './proxy/abort'
`

const PRINT = `
export function printed(): Slice {
  unpackLiterals()
  startLine()
  put(phrase('found a list, expected a string; ' + 'found a string, expected a list'))
  put(phrase("; !#$%&'*+-.^_|~ are characters too; "))
  putShown(ascii('so are these'))
  return lineText()
}
`

// Prints the places of three words in a list, then the list's words one by one.
const LOOK_UP = `
export function printed(): Slice {
  unpackLiterals()
  const list = words('balance reject')
  startLine()
  putNumber(wordIndex(ascii('balance'), list))
  putNumber(wordIndex(ascii('reject'), list))
  putNumber(<u32>(wordIndex(ascii('ject'), list) + 1))
  putNumber(isWord(ascii('reject'), word('reject')) ? 1 : 0)
  putNumber(isWord(ascii('balance'), word('balance')) ? 1 : 0)
  putNumber(isWord(ascii('balance reject'), word('balance')) ? 1 : 0)
  putShown(wordAt(list, 1))
  putShown(wordAt(list, 0))
  putShown(wordAt(list, 2))
  putNumber(<u32>(wordIndex(ascii('balance'), words('')) + 1))
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

test('words are found in their lists, and end where they end', async () => {
  expect((await compile(LOOK_UP)).printed).toBe('010110rejectbalance0')
})

test('a word that is in a list takes no bytes of its own', async () => {
  const program = `
export function printed(): Slice {
  unpackLiterals()
  startLine()
  putNumber(u32(ptrOf(wordOf(word('reject'))) - ptrOf(wordOf(word('balance')))))
  putNumber(u32(ptrOf(listOf(words('balance reject'))) == ptrOf(wordOf(word('balance')))))
  return lineText()
}`
  expect((await compile(program)).printed).toBe('81')
})

test('no literal stands in the module as it is written', async () => {
  const text = Buffer.from((await compile(PRINT)).bytes).toString('latin1')
  expect(text).not.toMatch(/expected|found|characters/)
})

test('control characters are what they are', async () => {
  const program = String.raw`
export function printed(): Slice {
  unpackLiterals()
  return ascii('a\0b\nc\t^\x7f')
}`
  expect((await compile(program)).printed).toBe('a\0b\nc\t^\x7f')
})

test.each([
  ['ascii', "ascii('größer')", 'found ascii("größer"), expected ASCII only'],
  ['phrase', "phrase('größer')", 'found phrase("größer"), expected printable ASCII only'],
  [
    'phrase with a control character',
    String.raw`phrase('a\nb')`,
    String.raw`found phrase("a\nb"), expected printable ASCII only`,
  ],
  ['word of two', "word('a b')", 'found word("a b"), expected printable ASCII without blanks only'],
  [
    'words with NUL',
    String.raw`words('a\0b')`,
    String.raw`found words("a\u0000b"), expected printable ASCII only`,
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
