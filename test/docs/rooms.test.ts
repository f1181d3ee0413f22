/** The rooms of the filter, as CONTRIBUTING.md draws them: imports go one way. */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const RANK: Readonly<Record<string, number>> = {
  bytes: 0,
  ...{ http: 1, crypto: 1, json: 1 },
  proxy: 2,
  ...{ session: 3, key: 3, config: 3 },
  filter: 4,
}

/** The room of a file under assembly/: that of index.ts and of the test module is above all others. */
function rankOf(file: string): number {
  const [room = ''] = file.split('/')
  return room.endsWith('.ts') ? 5 : (RANK[room] ?? Number.NaN)
}

const files = readdirSync('assembly', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))

test('no room of the filter imports from one above it', () => {
  const imports = files.flatMap((file) =>
    [...readFileSync(join('assembly', file), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) => ({
      file,
      imported: `${join(dirname(file), path)}.ts`,
    })),
  )
  expect(imports.length).toBeGreaterThan(300)
  expect(imports.filter(({ imported }) => !files.includes(imported))).toEqual([])
  expect(imports.filter(({ file, imported }) => !(rankOf(imported) <= rankOf(file)))).toEqual([])
})
