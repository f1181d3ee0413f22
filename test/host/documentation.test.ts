/** Every example of docs/host.md, run as it stands. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { beforeAll, describe, expect, test } from 'vitest'
import { Gateway, readGatewayConfig } from '../../host/gateway/index.ts'
import { buildRustModule } from '../../tools/rust-module.ts'
import { ask, startApp, valuesOf } from '../gateway/app.ts'
import { compileExample, example, EXAMPLE_FLAGS, examples, page } from './doc-examples.ts'

const root = resolve(import.meta.dirname, '../..')
const room = join(root, 'build/doc-examples')

const FILTERS = ['filter', 'asking', 'streaming', 'resolving', 'shouting', 'door']
const PLAIN = [
  'filter',
  'phases',
  'asking',
  'clock',
  'streaming',
  'resolving',
  'headers',
  'chain',
  'connection',
  'options',
  'sharing',
  'failure',
  'workers',
  'envoy',
  'policies',
  'balancing',
  'gateway',
  'gateway-options',
  'door',
]
/** Written as a test of its own, or in need of another compiler. */
const OTHERS = ['Cargo.toml', 'src/lib.rs', 'rust.test.ts', 'vitest.test.ts', 'gateway.yaml']

/** As a file of this project, with modules where they are. */
function inProject(title: string, wasm: (name: string) => string): string {
  return example(title)
    .replaceAll(/'mooring\/(host[a-z/]*)'/g, (_all, path: string) =>
      JSON.stringify(join(root, path, 'index.ts')),
    )
    .replaceAll(/readFileSync\('([^']+\.wasm)'\)/g, (_all, path: string) => {
      return `readFileSync(${JSON.stringify(wasm(path))})`
    })
}

async function run(title: string, wasm: (name: string) => string): Promise<void> {
  const file = join(room, `host-${title.replace('.test', '')}`)
  writeFileSync(file, inProject(title, wasm))
  await import(pathToFileURL(file).href)
}

const inRoom = (name: string): string => join(room, name)

describe('docs/host.md', () => {
  beforeAll(async () => {
    mkdirSync(room, { recursive: true })
    for (const filter of FILTERS) writeFileSync(inRoom(`${filter}.wasm`), await compileExample(filter))
    expect(page).toContain(`npx asc filter.ts -o filter.wasm ${EXAMPLE_FLAGS.join(' ')}`)
  })

  test('has no example that is not tested here', () => {
    const tested = [
      ...FILTERS.map((name) => `${name}.ts`),
      ...PLAIN.map((name) => `${name}.test.ts`),
      ...OTHERS,
    ]
    expect([...examples.keys()].sort()).toEqual(tested.sort())
  })

  test.each(PLAIN)('shows an example that works: %s.test.ts', async (name) => {
    await run(`${name}.test.ts`, inRoom)
  })

  test('shows a filter in Rust that compiles, and a test of it', async (context) => {
    const crate = 'build/doc-examples/rust-filter'
    for (const title of ['Cargo.toml', 'src/lib.rs']) {
      mkdirSync(dirname(join(root, crate, title)), { recursive: true })
      writeFileSync(join(root, crate, title), example(title))
    }
    const lock = readFileSync(join(root, 'test/guests/rust-sdk/Cargo.lock'), 'utf8')
    const locked = lock.replace(
      'name = "rust-sdk"\nversion = "0.0.0"',
      'name = "rust-filter"\nversion = "0.1.0"',
    )
    writeFileSync(join(root, crate, 'Cargo.lock'), locked)
    const built = await buildRustModule(crate, 'the Rust example')
    if (!built.built) {
      process.stderr.write(`SKIPPED: the Rust example of docs/host.md: ${built.reason}\n`)
      context.skip(built.reason)
      return
    }
    await run('rust.test.ts', () => built.wasm)
  }, 600_000)

  test('shows tests for vitest that pass there', () => {
    const project = join(room, 'vitest')
    rmSync(project, { recursive: true, force: true })
    mkdirSync(project)
    writeFileSync(join(project, 'page.test.ts'), inProject('vitest.test.ts', inRoom))
    writeFileSync(join(project, 'vitest.config.ts'), 'export default {}\n')
    const said = execFileSync(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', project],
      { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    expect(said).toMatch(/Tests +2 passed/)
  }, 60_000)

  test('shows a gateway that serves what it says', async () => {
    await using first = await startApp()
    await using second = await startApp()
    const file = example('gateway.yaml')
      .replace('127.0.0.1:9001', first.address)
      .replace('127.0.0.1:9002', second.address)
    const config = readGatewayConfig(file, room)
    expect([config.listener, config.admin]).toEqual([{ port: 8080 }, { port: 9901 }])
    await using gateway = await Gateway.start({ ...config, listener: {}, admin: {} })
    expect((await ask(gateway.url)).status).toBe(401)
    expect((await ask(gateway.url, { headers: [['x-user', 'alice']] })).status).toBe(200)
    const [received] = [...first.received, ...second.received]
    expect(valuesOf(received ?? { headers: [] }, 'x-key')).toEqual(['alice'])
    expect((await ask(`${gateway.adminUrl ?? ''}/stats`)).body).toContain('downstream_rq_2xx: 1')
  })
})
