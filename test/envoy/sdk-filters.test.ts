/** Filters built with other people's SDKs: a failure here means that host and Envoy differ in what an SDK relies on. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { describe, expect, test } from 'vitest'
import { buildRustModule } from '../../tools/rust-module.ts'
import { runInEnvoy } from '../sdk/in-envoy.ts'
import { runInHost } from '../sdk/in-host.ts'
import { AS_FILTERS, RUST_FILTERS, type SdkFilter } from '../sdk/scenario.ts'
import { inEnvoy } from './in-envoy.ts'

const ROOT = resolve(import.meta.dirname, '../..')

const rust = await buildRustModule('test/guests/rust-sdk', 'filters of the Rust SDK')
const modules: [sdk: string, wasm: Uint8Array | undefined, filters: readonly SdkFilter[]][] = [
  ['Rust', rust.built ? readFileSync(rust.wasm) : undefined, RUST_FILTERS],
  ['AssemblyScript', compileWithAssemblyScript(), AS_FILTERS],
]

inEnvoy(({ binary }) => {
  for (const [sdk, wasm, filters] of modules) {
    describe(`a filter of the ${sdk} SDK`, () => {
      test.for(filters.map((filter) => [filter.configuration, filter] as const))(
        'does here what it does in the host: %s',
        async ([, filter], context) => {
          if (wasm === undefined) {
            const reason = rust.built ? '' : rust.reason
            process.stderr.write(`SKIPPED: filters of the ${sdk} SDK: ${reason}\n`)
            context.skip(reason)
            return
          }
          const inHost = runInHost(wasm, filter)
          expect(await runInEnvoy(binary, wasm, filter, inHost.streamLogs.length)).toEqual(inHost)
        },
      )
    })
  }
})

/** As a user compiles it: by the command line, with the SDK's own way of logging. */
function compileWithAssemblyScript(): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-as-sdk-'))
  try {
    const output = join(directory, 'filter.wasm')
    const compiler = join(ROOT, 'node_modules/assemblyscript/bin/asc.js')
    const flags = ['--config', 'asconfig.json', '--path', join(ROOT, 'node_modules'), '-o', output]
    execFileSync(process.execPath, [compiler, 'index.ts', ...flags], {
      cwd: join(ROOT, 'test/guests/as-sdk'),
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return readFileSync(output)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
