/**
 * Writes everything that a release consists of. The same commit gives the same bytes.
 *
 *     node build/js/tools/release.js [--allow-dirty] [--source URL]
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changelogSection, MissingSectionError } from './changelog-section.ts'
import { parseCommandLine } from './command-line.ts'
import { ociImage } from './oci-image.ts'
import { packageRoot } from './package-root.ts'
import { lastLine, runCommand } from './run-command.ts'
import { sbom } from './sbom.ts'
import { storedGzip } from './stored-gzip.ts'
import { tar, type TarEntry } from './tar.ts'
import { UsageError } from './usage-error.ts'

const HELP = `Usage: node build/js/tools/release.js [options]

Writes into build/release what a release of the version in package.json consists of:

  mooring-VERSION.wasm          the filter
  mooring-VERSION-image.tar     the same as an OCI image layout
  mooring-VERSION.tgz           the npm package: the command line and the host
  mooring-chart-VERSION.tgz     the Helm chart
  mooring-VERSION.cdx.json      the bill of materials, CycloneDX
  NOTES.md                      what CHANGELOG.md says of the version
  SHA256SUMS                    for sha256sum -c

Options:
  --allow-dirty     although there are changes that are not committed: for a trial
  --source URL      where the source code is, for the image's annotations
  --help            this

Exit codes:
  0   it is written
  1   it is refused: changes that are not committed, nothing in CHANGELOG.md about the version, or another
      version in chart/Chart.yaml
  2   the command line cannot be followed

Examples:
  node build/js/tools/release.js --source https://git.example.com/mooring
  (cd build/release && sha256sum -c SHA256SUMS)
`

/** Packages of which something is compiled into the filter: the language's own library, and declarations. */
const COMPILED_IN = ['assemblyscript', '@gcoredev/proxy-wasm-sdk-as']

/** Something about the project that forbids to release it; the message says what to do. */
class RefusedReleaseError extends Error {
  override readonly name = 'RefusedReleaseError'
  readonly code = 'release_refused'
}

const read = (...path: readonly string[]) => readFileSync(join(packageRoot, ...path))

/** What a command prints, run in the project's directory. */
async function output(command: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runCommand(command, args, { timeoutMs: 120_000, cwd: packageRoot })
  if (status !== 0) throw new RefusedReleaseError(`${command} ${args.join(' ')}: ${lastLine(stderr)}`)
  return stdout
}

/** Refuses to release what no commit has: nobody could make it again. */
async function assertCommitted(): Promise<void> {
  const changes = (await output('git', 'status', '--porcelain')).trimEnd()
  if (changes === '') return
  throw new RefusedReleaseError(
    `there are changes that are not committed:\n${changes}\nCommit them, or give --allow-dirty for a trial`,
  )
}

/** Refuses a chart that says it is of another version: its archive would bear the wrong name. */
function assertChartIsOf(version: string): void {
  const named = [
    ...read('chart', 'Chart.yaml')
      .toString()
      .matchAll(/^(?:v|appV)ersion: (\S+)$/gm),
  ]
  const others = named.map(([line]) => line).filter((line) => !line.endsWith(` ${version}`))
  if (others.length === 0) return
  throw new RefusedReleaseError(
    `chart/Chart.yaml has "${others.join('", "')}", package.json ${version}: write the same in both`,
  )
}

/** The chart as `helm package` would write it, but with the same bytes each time. */
function chartArchive(): Uint8Array {
  const ignored = read('chart', '.helmignore').toString().split('\n')
  const entries: readonly TarEntry[] = readdirSync(join(packageRoot, 'chart'), {
    recursive: true,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(join(packageRoot, 'chart').length + 1))
    .filter((path) => !ignored.some((folder) => folder.endsWith('/') && path.startsWith(folder)))
    .sort()
    .map((path) => ({ name: `mooring/${path}`, content: read('chart', path) }))
  return storedGzip(tar(entries))
}

async function run(args: readonly string[]): Promise<void> {
  const { values } = parseCommandLine(args, {
    options: {
      'allow-dirty': { type: 'boolean' },
      source: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    return
  }
  const { version } = JSON.parse(read('package.json').toString()) as { version: string }
  const notes = changelogSection(read('CHANGELOG.md').toString(), version)
  assertChartIsOf(version)
  if (values['allow-dirty'] !== true) await assertCommitted()

  const wasm = read('build', 'mooring.wasm')
  const image = ociImage({
    wasm,
    schema: read('schema', 'plugin-config.schema.json'),
    version,
    ...(values.source === undefined || values.source === '' ? {} : { source: values.source }),
  })
  const bill = sbom({
    npm: await output('npm', 'sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'),
    wasm,
    compiledIn: COMPILED_IN,
    timestamp: new Date((await output('git', 'log', '-1', '--format=%cI')).trim()).toISOString(),
  })

  const out = join(packageRoot, 'build', 'release')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  await output('npm', 'pack', '--pack-destination', out)
  const files: Readonly<Record<string, string | Uint8Array>> = {
    [`mooring-${version}.wasm`]: wasm,
    [`mooring-${version}-image.tar`]: tar([...image.files].map(([name, content]) => ({ name, content }))),
    [`mooring-chart-${version}.tgz`]: chartArchive(),
    [`mooring-${version}.cdx.json`]: bill,
    'NOTES.md': notes,
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(out, name), content)
  const sums = readdirSync(out)
    .sort()
    .map((name) => `${sha256(readFileSync(join(out, name)))}  ${name}\n`)
  writeFileSync(join(out, 'SHA256SUMS'), sums.join(''))
  process.stdout.write(
    [
      ...sums.map((line) => line.trimEnd()),
      `sha256 for oci://    ${image.manifestSha256}`,
      `sha256 for https://  ${image.wasmSha256}`,
      '',
    ].join('\n'),
  )
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

try {
  await run(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\nFor help: node build/js/tools/release.js --help\n`)
    process.exitCode = 2
  } else if (error instanceof RefusedReleaseError || error instanceof MissingSectionError) {
    process.stderr.write(`no release: ${error.message}\n`)
    process.exitCode = 1
  } else throw error
}
