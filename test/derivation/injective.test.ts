/**
 * The encoding of docs/keys.md is injective before it is hashed: it can be read back. And it is the length prefixes
 * that make it so: without them two different requests meet in one text.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allNode, binaryNode, booleanNode, listNode, numberNode, textNode } from '../filter/reference-key.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff)
const CASES = process.env['PROVE'] === undefined ? 5_000 : 500_000

type Node =
  | { readonly kind: 'leaf'; readonly label: string; readonly type: string; readonly value: Buffer }
  | { readonly kind: 'all'; readonly parts: readonly Node[] }

/** Reads a node back; throws if it is none, or if anything is left. */
function decode(bytes: Buffer): Node {
  let at = 0
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('cut short')
    at += length
    return bytes.subarray(at - length, at)
  }
  const prefixed = (): Buffer => take(take(4).readUInt32BE())
  const node = (): Node => {
    const kind = take(1).toString()
    if (kind === 'A') return { kind: 'all', parts: Array.from({ length: take(4).readUInt32BE() }, node) }
    if (kind !== 'L') throw new RangeError(`no node starts with ${kind}`)
    return { kind: 'leaf', label: prefixed().toString(), type: take(1).toString(), value: prefixed() }
  }
  const read = node()
  if (at !== bytes.length) throw new RangeError('bytes are left')
  return read
}

const bytesOfDouble = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

const label = fc.constantFrom('session', 'header:x', 'claim:/sub', 'L', 'A', 'as:L', 'ü')
const text = fc.oneof(fc.constantFrom('', 'L', 'A\0\0\0\u0001', '\0\0\0\u0001'), fc.string({ maxLength: 6 }))

/** A node as it was meant, with its encoding. */
const leaf: fc.Arbitrary<[Node, Buffer]> = fc.oneof(
  fc.tuple(label, text).map(([name, value]): [Node, Buffer] => {
    const bytes = Buffer.from(value, 'latin1')
    return [{ kind: 'leaf', label: name, type: 's', value: bytes }, textNode(name, value)]
  }),
  fc
    .tuple(label, fc.double({ noNaN: true }))
    .map(([name, value]): [Node, Buffer] => [
      { kind: 'leaf', label: name, type: 'n', value: bytesOfDouble(value) },
      numberNode(name, value),
    ]),
  fc
    .tuple(label, fc.boolean())
    .map(([name, value]): [Node, Buffer] => [
      { kind: 'leaf', label: name, type: 't', value: Buffer.from([Number(value)]) },
      booleanNode(name, value),
    ]),
  fc
    .tuple(label, fc.uint8Array({ maxLength: 16 }))
    .map(([name, value]): [Node, Buffer] => [
      { kind: 'leaf', label: name, type: 'b', value: Buffer.from(value) },
      binaryNode(name, Buffer.from(value).toString('hex')),
    ]),
)

const node: fc.Arbitrary<[Node, Buffer]> = fc.letrec<{ node: [Node, Buffer] }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc
      .array(tie('node'), { maxLength: 4 })
      .map((parts): [Node, Buffer] => [
        { kind: 'all', parts: parts.map(([part]) => part) },
        allNode(...parts.map(([, bytes]) => bytes)),
      ]),
  ),
})).node

describe('the encoding', () => {
  test(`can be read back, whatever is in it (SEED=${SEED})`, () => {
    fc.assert(
      fc.property(node, ([meant, bytes]) => {
        expect(decode(bytes)).toEqual(meant)
      }),
      { numRuns: CASES, seed: SEED },
    )
  })

  test('of lists can be read back too', () => {
    const lists = [[], [''], ['', ''], ['a', 'bc'], ['ab', 'c'], ['abc'], ['a', 'b', 'c']]
    expect(new Set(lists.map((items) => listNode('claim:/aud', items).toString('hex'))).size).toBe(
      lists.length,
    )
  })

  // Every tuple of up to three parts over a small alphabet: absent is a shorter tuple, empty a part of no bytes.
  const parts = ['', 'a', 'b', 'ab', 'ba']
  const tuples = [
    [],
    ...parts.map((a) => [a]),
    ...parts.flatMap((a) => parts.map((b) => [a, b])),
    ...parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => [a, b, c]))),
  ]

  test('tells every two tuples apart', () => {
    const encoded = tuples.map((tuple) =>
      allNode(...tuple.map((value) => textNode('header:x', value))).toString('hex'),
    )
    expect(new Set(encoded).size).toBe(tuples.length)
  })

  test('would not without its length prefixes', () => {
    const bare = tuples.map((tuple) => tuple.map((value) => `Lheader:xs${value}`).join(''))
    const values = tuples.map((tuple) => tuple.join(''))
    expect(new Set(values).size).toBeLessThan(tuples.length)
    // A value may hold what starts a leaf: then even the labels do not help.
    const forged = [...bare, 'Lheader:xsaLheader:xsb']
    expect(new Set(forged).size).toBeLessThan(forged.length)
  })
})
