import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UNREADABLE, cases, guarded, pure, textOf } from './module.ts'

const seed = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff)

/** Every capture of a pattern that matches. */
function captures(pattern: string, path: string): string[] {
  const found: string[] = []
  for (let index = 0; ; index++) {
    const capture = guarded((room) => textOf(pure.pathCapture(room.input(pattern), room.input(path), index)))
    if (capture === 'ABSENT') return found
    found.push(capture)
  }
}

describe('what a pattern captures', () => {
  test.each([
    ['/carts/{cart}', '/carts/7', ['7']],
    ['/carts/{cart}/**', '/carts/7', ['7']],
    ['/carts/{cart}/**', '/carts/7/items/8', ['7']],
    ['/{a}/*/{b}', '/1/2/3', ['1', '3']],
    ['/{a}/', '/1/', ['1']],
    ['/carts/{cart}', '/carts/a%20b', ['a%20b']],
    ['/*/**', '/1/2', []],
    ['/', '/', []],
  ])('%s on %s', (pattern, path, expected) => {
    expect(captures(pattern, path)).toEqual(expected)
  })

  test('nothing where the pattern or the path is not there', () => {
    expect(pure.pathCapture(0n, UNREADABLE, 0)).toBe(0n)
    const pattern = guarded((room) => textOf(pure.pathCapture(room.input('/{a}'), UNREADABLE, 0)))
    expect(pattern).toBe('ABSENT')
  })

  test(`is what a regular expression captures (seed ${seed})`, () => {
    const segment = fc.constantFrom('a', 'b', '7', '%20')
    const pieces = fc.array(fc.tuple(segment, fc.constantFrom('itself', '*', '{}')), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(pieces, fc.constantFrom('', '/', '/**'), (list, end) => {
        const pattern = list
          .map(([text, as], i) => `/${as === 'itself' ? text : as === '*' ? '*' : `{c${i}}`}`)
          .join('')
        const path = list.map(([text]) => `/${text}`).join('') + (end === '/**' ? '/x/y' : end)
        const expression = pattern.replaceAll('*', '[^/]+').replaceAll(/\{\w+\}/g, '([^/]+)')
        const matched = new RegExp(`^${expression}`).exec(path)
        expect(captures(pattern + end, path)).toEqual(matched?.slice(1))
      }),
      { ...cases(300, 20_000), seed },
    )
  })
})

test('the table of spellings in docs/keys.md is how paths are normalised', () => {
  const table = /\| path \| normalised \|[\s\S]*?\n\n/.exec(readFileSync('docs/keys.md', 'utf8'))?.[0] ?? ''
  const rows = [...table.matchAll(/^\| `(.+?)` \| (.+?) \|/gm)]
  expect(rows).toHaveLength(19)
  for (const [, path = '', normalised = ''] of rows) {
    const result = guarded((room) => {
      const writer = room.writer(3 * path.length)
      return pure.normalisePath(room.input(path), writer) ? textOf(pure.writerResult(writer)) : 'ambiguous'
    })
    expect(result, path).toBe(normalised.replaceAll('`', ''))
  }
})
