import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import asc from 'assemblyscript/asc'
import { beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const room = join(root, 'build/doc-examples')

const page = readFileSync(join(root, 'docs/host.md'), 'utf8')

/** The examples of docs/host.md by their titles. */
const examples = new Map(
  [...page.matchAll(/```ts title=(\S+)\n(.*?)```/gs)].map(
    ([, title = '', source = '']) => [title, source] as const,
  ),
)

describe('docs/host.md', () => {
  beforeAll(async () => {
    mkdirSync(room, { recursive: true })
    const flags = ['--runtime', 'stub', '--exportStart', '_initialize', '--use', 'abort=']
    const { error, stderr } = await asc.main(['filter.ts', '-o', 'filter.wasm', ...flags], {
      readFile: (name) => (name === 'filter.ts' ? (examples.get(name) ?? '') : null),
      writeFile: (name, contents) => {
        writeFileSync(join(room, name), contents)
      },
      listFiles: () => [],
    })
    expect([error, String(stderr)]).toEqual([null, ''])
    expect(page).toContain(`npx asc filter.ts -o filter.wasm ${flags.join(' ')}`)
  })

  test('has the examples that are tested here', () => {
    expect([...examples.keys()]).toEqual([
      'filter.ts',
      'filter.test.ts',
      'headers.test.ts',
      'chain.test.ts',
      'failure.test.ts',
    ])
  })

  test.each(['filter.test.ts', 'headers.test.ts', 'chain.test.ts', 'failure.test.ts'])(
    'shows an example that works: %s',
    async (title) => {
      const source = (examples.get(title) ?? '')
        .replace("'mooring/host'", "'../../host/index.ts'")
        .replaceAll("'filter.wasm'", JSON.stringify(join(room, 'filter.wasm')))
      const file = join(room, `host-${title.replace('.test', '')}`)
      writeFileSync(file, source)
      await import(pathToFileURL(file).href)
    },
  )
})
