import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { Compiler, ENVIRONMENT } from './compiler.ts'
import { type Schema, acceptedBySchema, schema } from './schema.ts'

const compiler = new Compiler()
const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')

/** The part of the page between two headings. */
function section(heading: string, level: string): string {
  const start = page.indexOf(`\n${level} ${heading}\n`)
  expect(start, heading).toBeGreaterThan(0)
  const length = page.slice(start + 1).search(level === '##' ? /\n## / : /\n#{2,3} /)
  return page.slice(start + 1, length < 0 ? undefined : start + 1 + length)
}

/** The cells of every row of the tables in a text, without the header rows. */
function rows(text: string): string[][] {
  return [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row]) =>
    (row ?? '').split(' | ').map((cell) => cell.trim()),
  )
}

function code(cell: string | undefined): string {
  return /^`([^`]+)`$/.exec(cell ?? '')?.[1] ?? ''
}

describe('docs/configuration.md', () => {
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block]) => block ?? '')

  test('has examples', () => {
    expect(blocks.length).toBeGreaterThan(6)
  })

  test.each(blocks)('has an example that is accepted without a warning:\n%s', (block) => {
    const [document, ...more] = parseAllDocuments(block)
    expect(more).toEqual([])
    const configuration: unknown = document?.toJS()
    expect(compiler.compile(configuration, ENVIRONMENT)).toMatchObject({ errors: [], warnings: [] })
    expect(acceptedBySchema(configuration)).toBe(true)
  })

  test('lists every code of an error or warning, and no other', () => {
    const listed = rows(section('Errors', '##')).map(([cell]) => code(cell))
    expect(listed).toEqual([...new Set(listed)])
    expect(listed.toSorted()).toEqual(codesInSource())
  })

  test('lists every field of the schema with its default', () => {
    const table = new Map(rows(section('Fields', '##')).map((cells) => [code(cells[0]), cells]))
    const fields = fieldsOf(schema, '').filter(([name]) => !name.startsWith('rules'))
    expect(fields.length).toBeGreaterThan(20)
    for (const [name, fallback] of fields) {
      const cells = table.get(name) ?? []
      expect(code(cells[0]), name).toBe(name)
      // A list is written as YAML has it.
      if (fallback === undefined || Array.isArray(fallback)) continue
      expect(code(cells[2]), name).toBe(JSON.stringify(fallback).replaceAll('"', ''))
    }
  })

  test('has a schema beside it whose examples are accepted', () => {
    expect(schema.examples).toHaveLength(2)
    for (const configuration of schema.examples ?? []) {
      expect(compiler.compile(configuration, ENVIRONMENT).errors).toEqual([])
      expect(acceptedBySchema(configuration)).toBe(true)
    }
  })

  test('lists what is not available, and it is not', () => {
    const text = section('Not available yet', '###')
    const paths = [...text.slice(text.indexOf(':\n')).matchAll(/`([^`]+)`/g)].map(([, path]) => path ?? '')
    const configurations = paths.map((path) =>
      path.split('.').reduceRight<unknown>((value, name) => ({ [name]: value }), 1),
    )
    expect(configurations).toHaveLength(1)
    for (const configuration of configurations) {
      expect(compiler.compile(configuration).errors, JSON.stringify(configuration)).toContainEqual(
        expect.stringMatching(/^not_available at /),
      )
      expect(acceptedBySchema(configuration)).toBe(false)
    }
  })
})

/** The codes that the source gives to the functions of its report. */
function sourceOf(room: string): string {
  const folder = new URL(`../../assembly/${room}/`, import.meta.url)
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n')
}

function codesInSource(): string[] {
  const source = ['config', 'json'].map(sourceOf).join('\n')
  const call =
    /\b(?:error|warning|begin|fail|documentError|unexpected(?:Kind|Text|Count))\(\s*(?:ascii|phrase)\('([a-z0-9_]+)'/g
  const calls = [...source.matchAll(call)].map(([, found]) => found ?? '')
  const chosen = [
    ...source.matchAll(/\? (?:ascii|phrase)\('([a-z]+_[a-z_]+)'\) : (?:ascii|phrase)\('([a-z]+_[a-z_]+)'\)/g),
  ].flatMap(([, a, b]) => [a ?? '', b ?? ''])
  const codes = new Set([...calls, ...chosen])
  if (source.includes("put(phrase('too_many_errors at ")) codes.add('too_many_errors')
  return [...codes].sort()
}

/** Dotted names of the schema's fields, with their defaults. Sources and rules have tables of their own. */
function fieldsOf(part: Schema, prefix: string): [name: string, fallback: unknown][] {
  return Object.entries(part.properties ?? {}).flatMap(([name, field]): [string, unknown][] => {
    const definition = { ...schema.$defs?.[field.$ref?.split('/').pop() ?? ''], ...field }
    const path = `${prefix}${name}`
    return definition.properties ? fieldsOf(definition, `${path}.`) : [[path, definition.default]]
  })
}
