/**
 * Writes the filter as an OCI image layout, without Docker, and prints what a WasmPlugin pins it by.
 *
 *     node build/js/tools/image.js [--source URL] [--out build/image]
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseCommandLine } from './command-line.ts'
import { ociImage } from './oci-image.ts'
import { packageRoot } from './package-root.ts'
import { UsageError } from './usage-error.ts'

const HELP = `Usage: node build/js/tools/image.js [options]

Writes build/mooring.wasm as an OCI image layout, and prints its two checksums.

Options:
  --out DIRECTORY   where to write it; what is there is replaced (default: build/image)
  --source URL      where the source code is, for the image's annotations
  --help            this

Examples:
  node build/js/tools/image.js --source https://git.example.com/mooring
  crane push build/image registry.example.com/mooring:0.1.0
`

function run(args: readonly string[]): void {
  const { values } = parseCommandLine(args, {
    options: { out: { type: 'string' }, source: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    return
  }
  const out = values.out ?? join('build', 'image')
  const read = (...path: readonly string[]) => readFileSync(join(packageRoot, ...path))
  const { version } = JSON.parse(read('package.json').toString()) as { version: string }
  const { files, manifestSha256, wasmSha256 } = ociImage({
    wasm: read('build', 'mooring.wasm'),
    schema: read('schema', 'plugin-config.schema.json'),
    version,
    ...(values.source === undefined || values.source === '' ? {} : { source: values.source }),
  })
  rmSync(out, { recursive: true, force: true })
  for (const [path, content] of files) {
    mkdirSync(dirname(join(out, path)), { recursive: true })
    writeFileSync(join(out, path), content)
  }
  process.stdout.write(
    [
      `${out}: OCI image layout, tag ${version}`,
      `sha256 for oci://    ${manifestSha256}`,
      `sha256 for https://  ${wasmSha256}`,
      '',
    ].join('\n'),
  )
}

try {
  run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\nFor help: node build/js/tools/image.js --help\n`)
  process.exitCode = 2
}
