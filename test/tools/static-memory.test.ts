/** Where the compiler puts static memory, in a program of a few lines. */
import asc from 'assemblyscript/asc'
import { expect, test } from 'vitest'

const ENTRY = 'entry.ts'
const PROGRAM = `
const HALF: u32 = 16
const BYTES: u32 = 2 * HALF + 8 - 4
const TOO_MANY: u32 = 513

@unmanaged
class Pair { first: u32; second: u32 }

const large: usize = memory.data(TOO_MANY)
const odd: usize = memory.data(3)
const named: usize = memory.data(BYTES, 8)
const pair = changetype<Pair>(memory.data(8, 4))
const sized: usize = memory.data(offsetof<Pair>(), 4)
const last: usize = memory.data(512, 16)

export function addresses(i: u32): usize {
  if (named == 0 || named == odd) return 0
  pair.second = 7
  switch (i) {
    case 0: return named
    case 1: return odd
    case 2: return changetype<usize>(pair)
    case 3: return last
    case 4: return sized
    default: return large
  }
}
`

/** From, up to, and what the start has to be a multiple of, in the order of the program's cases. */
const SIZES = [
  { size: 36, align: 8 },
  { size: 3, align: 1 },
  { size: 8, align: 4 },
  { size: 512, align: 16 },
  { size: 8, align: 4 },
  { size: 513, align: 1 },
] as const

async function addresses(): Promise<readonly number[]> {
  let bytes = new Uint8Array(new ArrayBuffer(0))
  const { error } = await asc.main(
    [
      ...[ENTRY, '--runtime', 'stub', '-O3', '--outFile', 'entry.wasm'],
      ...['--use', 'abort=', '--transform', './build/js/tools/static-memory.js'],
    ],
    {
      readFile: (name) => (name === ENTRY ? PROGRAM : null),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') bytes = Uint8Array.from(contents)
      },
    },
  )
  expect(error).toBeNull()
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {})
  const at = exports['addresses'] as (i: number) => number
  return SIZES.map((_, i) => at(i))
}

test('blocks are where they may be, and none in another; what is named most has the least address', async () => {
  const starts = await addresses()
  for (const [i, { align }] of SIZES.entries()) {
    expect(starts[i]).toBeGreaterThanOrEqual(8)
    expect((starts[i] ?? 0) % align).toBe(0)
  }
  const blocks = starts.map((start, i) => ({ start, end: start + (SIZES[i]?.size ?? 0) }))
  const inOrder = blocks.toSorted((a, b) => a.start - b.start)
  for (const [i, { start }] of inOrder.entries()) {
    expect(start).toBeGreaterThanOrEqual(inOrder[i - 1]?.end ?? 0)
  }
  expect(starts[0]).toBe(8)
})

test('blocks that are large, or whose size only the compiler can tell, are behind all others', async () => {
  const starts = await addresses()
  expect(Math.min(...starts.slice(4))).toBeGreaterThan(Math.max(...starts.slice(0, 4)))
  expect(starts[3]).toBeLessThan(8192)
})
