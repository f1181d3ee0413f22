/** What `transform` makes of a source's text: the tables of docs/keys.md, and what they leave open. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { keysOf, verified } from './key-of.ts'
import { counter, pass, startMooring } from './mooring.ts'
import { allNode, plainKey, textNode } from './reference-key.ts'

const page = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8')

/** Rows `| transforms | text | left |`; what is left is a JSON string or the word nothing. */
const rows = [...page.matchAll(/^\| `(\[.*\])` \| `(".*")` \| (?:`(".*")`|nothing) \|$/gm)].map(
  ([, transforms = '', text = '', left]) => ({
    transform: parse(transforms) as unknown[],
    transforms,
    text: JSON.parse(text) as string,
    left: left === undefined ? undefined : (JSON.parse(left) as string),
  }),
)

/** Bytes of UTF-8, one character for each, as headers and nodes have them. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1')

const left = (transform: unknown[], text: string): readonly string[] =>
  keysOf({ from: [{ claim: 'sub', transform }] }, [], verified({ sub: text }))

const keyOf = (text: string): string => plainKey(textNode('claim:/sub', bytesOf(text)))

describe('the table of docs/keys.md', () => {
  test('is there', () => {
    expect(rows.length).toBe(28)
  })

  test.each(rows.map((row) => [row.transforms, row.text, row]))('%s of %j', (_, __, row) => {
    // A claim may not hold a tab, a header may.
    const transformed = keysOf({ from: [{ header: 'x-value', transform: row.transform }] }, [
      ['x-value', bytesOf(row.text)],
    ])
    expect(transformed).toEqual(
      row.left === undefined ? [] : [plainKey(textNode('header:x-value', bytesOf(row.left)))],
    )
  })
})

describe('a transform', () => {
  test('leaves the label as it is', () => {
    expect(left(['upper'], 'alice')).toEqual([keyOf('ALICE')])
    const source = { header: 'x-user', as: 'user', transform: ['lower'] }
    expect(keysOf({ from: [source] }, [['x-user', 'Alice']])).toEqual([
      plainKey(textNode('as:user', 'alice')),
    ])
  })

  test('lets the next source try where it leaves nothing', () => {
    const from = [{ header: 'x-user', transform: [{ capture: 'user-{}' }] }, { constant: 'next' }]
    expect(keysOf({ from }, [['x-user', 'admin']])).toEqual([plainKey(textNode('constant', 'next'))])
    expect(keysOf({ from }, [['x-user', 'user-7']])).toEqual([plainKey(textNode('header:x-user', '7'))])
  })

  test('makes all of a composite yield nothing', () => {
    const all = [{ header: 'x-user', transform: [{ split: { by: '-', take: 1 } }] }, { constant: 'k' }]
    expect(keysOf({ from: [{ all }] }, [['x-user', 'a']])).toEqual([])
    expect(keysOf({ from: [{ all }] }, [['x-user', 'a-b']])).toEqual([
      plainKey(allNode(textNode('header:x-user', 'b'), textNode('constant', 'k'))),
    ])
  })

  test('leaves what other sources read of the same header as it is', () => {
    const all = [{ header: 'x-user', transform: ['upper', 'lower', { first: 1 }] }, { header: 'x-user' }]
    expect(keysOf({ from: [{ all }] }, [['x-user', 'aLIce']])).toEqual([
      plainKey(allNode(textNode('header:x-user', 'a'), textNode('header:x-user', 'aLIce'))),
    ])
  })

  test('leaves a constant as it is from request to request', () => {
    const from = [{ constant: 'Key', transform: ['lower'] }]
    expect(keysOf({ from })).toEqual([plainKey(textNode('constant', 'key'))])
  })

  test('is done before raw is', () => {
    const from = [{ header: 'x-user', transform: ['percentDecode'] }]
    expect(keysOf({ from, format: 'raw' }, [['x-user', 'a%20b']])).toEqual(['a%20b'])
    expect(keysOf({ from, format: 'raw' }, [['x-user', 'a%41']])).toEqual(['aA'])
  })

  test('sees values of 4,096 octets, and no longer ones', () => {
    const transform = [{ first: 1 }]
    expect(left(transform, 'x'.repeat(4096))).toEqual([keyOf('x')])
    expect(left(transform, 'x'.repeat(4097))).toEqual([])
  })

  test('is counted as malformed where the form is another, as absent where nothing is left', () => {
    const mooring = startMooring({
      key: {
        from: [
          { header: 'x-user', transform: ['base64Decode'] },
          { header: 'x-user', transform: [{ capture: '!{}' }] },
        ],
      },
    })
    pass(mooring.plugin, [['x-user', '!']]).stream.end()
    expect(counter(mooring, 'source_malformed')).toBe(1n)
    expect(counter(mooring, 'source_absent')).toBe(1n)
  })
})
