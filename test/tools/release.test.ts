/**
 * `make release`, in copies of the project that stand in folders of their own, and its npm package in an empty folder,
 * where nothing of the project is above it.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withGoTools } from '../istio/go-tools.ts'

interface Package {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const { version, dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Package
const root = process.cwd()
// Below the project, so that git has the copies' own repositories and the project ignores them.
mkdirSync('build', { recursive: true })
const directory = mkdtempSync(resolve('build', 'release-test-'))
const outside = mkdtempSync(join(tmpdir(), 'mooring-release-'))

const SECTION = '### Added\n\n- Everything that a release has.\n'
const CHANGELOG = `# Changelog

## Unreleased

- What comes next.

## ${version} - 2026-01-31

${SECTION}
## 0.0.1 - 2026-01-01

- What was before.
`

function run(command: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      NO_COLOR: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'A',
      GIT_AUTHOR_EMAIL: 'a@example.com',
      GIT_AUTHOR_DATE: '2026-01-31T12:00:00Z',
      GIT_COMMITTER_NAME: 'A',
      GIT_COMMITTER_EMAIL: 'a@example.com',
      GIT_COMMITTER_DATE: '2026-01-31T12:00:00+01:00',
    },
  })
  return { status, stdout, stderr }
}

function must(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = run(command, args, cwd)
  expect(`${command} ${args.join(' ')}: ${status ?? 'killed'}\n${status === 0 ? '' : stderr}`).toBe(
    `${command} ${args.join(' ')}: 0\n`,
  )
  return stdout
}

/** The project as it stands here, built, committed, and with a CHANGELOG of the test's own. */
function projectCopy(name: string, changelog: string): string {
  const copy = join(directory, name)
  const files = must('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root)
  for (const file of files.split('\0')) {
    if (file === '' || !existsSync(file)) continue
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(file, join(copy, file))
  }
  cpSync('build/js', join(copy, 'build', 'js'), { recursive: true })
  cpSync('build/mooring.wasm', join(copy, 'build', 'mooring.wasm'))
  writeFileSync(join(copy, 'CHANGELOG.md'), changelog)
  must('git', ['init', '--quiet'], copy)
  must('git', ['add', '--all'], copy)
  must('git', ['commit', '--quiet', '--message', 'All'], copy)
  return copy
}

const release = (copy: string, ...args: readonly string[]) =>
  run(process.execPath, ['build/js/tools/release.js', ...args], copy)

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

const FILES = [
  'NOTES.md',
  'SHA256SUMS',
  `mooring-${version}-image.tar`,
  `mooring-${version}.cdx.json`,
  `mooring-${version}.tgz`,
  `mooring-${version}.wasm`,
  `mooring-chart-${version}.tgz`,
]

/** What is in build/release of a copy: the checksum of each file. */
function released(copy: string): Readonly<Record<string, string>> {
  const out = join(copy, 'build', 'release')
  return Object.fromEntries(
    readdirSync(out)
      .sort()
      .map((name) => [name, sha256(readFileSync(join(out, name)))]),
  )
}

afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
  rmSync(outside, { recursive: true, force: true })
}, 60_000)

describe('a release is refused', () => {
  let copy: string

  beforeAll(() => {
    copy = projectCopy('refused', CHANGELOG)
  }, 60_000)

  const withChangelog = (text: string, ...args: readonly string[]) => {
    writeFileSync(join(copy, 'CHANGELOG.md'), text)
    return release(copy, ...args)
  }

  test('where CHANGELOG.md has no section of the version, even for a trial', () => {
    expect(withChangelog('# Changelog\n\n## Unreleased\n\n- New.\n', '--allow-dirty')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        `no release: CHANGELOG.md has no section for ${version}, only: Unreleased. ` +
        `Write "## ${version} - YYYY-MM-DD" above what is new\n`,
    })
  })

  test('where the section says nothing', () => {
    const empty = `# Changelog\n\n## [${version}] - 2026-01-31\n\n## 0.0.1 - 2026-01-01\n`
    expect(withChangelog(empty)).toEqual({
      status: 1,
      stdout: '',
      stderr: `no release: CHANGELOG.md says nothing under ${version}: write what is new\n`,
    })
  })

  test('where the chart is of another version', () => {
    const file = join(copy, 'chart', 'Chart.yaml')
    const chart = readFileSync(file, 'utf8')
    writeFileSync(file, chart.replace(/^appVersion: .*$/m, 'appVersion: 9.9.9'))
    expect(withChangelog(CHANGELOG, '--allow-dirty')).toEqual({
      status: 1,
      stdout: '',
      stderr: `no release: chart/Chart.yaml has "appVersion: 9.9.9", package.json ${version}: write the same in both\n`,
    })
    writeFileSync(file, chart)
  })

  test('with changes that no commit has, unless it is a trial', () => {
    writeFileSync(join(copy, 'schema', 'new.json'), '{}')
    expect(withChangelog(CHANGELOG)).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'no release: there are changes that are not committed:\n?? schema/new.json\n' +
        'Commit them, or give --allow-dirty for a trial\n',
    })
    expect(existsSync(join(copy, 'build', 'release'))).toBe(false)
    expect(release(copy, '--allow-dirty')).toMatchObject({ status: 0, stderr: '' })
    expect(Object.keys(released(copy))).toEqual(FILES)
  })

  test('on an option that is not known, with exit 2', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['build/js/tools/release.js', '--tag'], {
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(
      /^Unknown option '--tag'[^\n]*\nFor help: node build\/js\/tools\/release\.js --help\n$/,
    )
  })
})

describe('a release', () => {
  let copy: string
  let out: string
  let printed: string

  beforeAll(() => {
    copy = projectCopy('first', CHANGELOG)
    out = join(copy, 'build', 'release')
    printed = must(process.execPath, ['build/js/tools/release.js'], copy)
  }, 60_000)

  test('has the filter, its image, the npm package, the chart, the bill of materials and notes', () => {
    expect(Object.keys(released(copy))).toEqual(FILES)
    expect(readFileSync(join(out, 'NOTES.md'), 'utf8')).toBe(SECTION)
    expect(released(copy)[`mooring-${version}.wasm`]).toBe(sha256(readFileSync('build/mooring.wasm')))
  })

  test('has checksums that sha256sum takes, and prints them with what a WasmPlugin pins', () => {
    expect(must('sha256sum', ['-c', 'SHA256SUMS'], out)).toBe(
      FILES.filter((name) => name !== 'SHA256SUMS')
        .map((name) => `${name}: OK\n`)
        .join(''),
    )
    expect(printed).toMatch(/^sha256 for oci:\/\/ {4}[0-9a-f]{64}$/m)
    expect(printed).toContain(readFileSync(join(out, 'SHA256SUMS'), 'utf8'))
  })

  test('is the same, byte for byte, from another folder at another time', () => {
    const second = projectCopy('second-folder', CHANGELOG)
    must(process.execPath, ['build/js/tools/release.js'], second)
    expect(released(second)).toEqual(released(copy))
  })

  test('has the image as an OCI layout in an archive that tar reads', () => {
    const files = must('tar', ['-tf', `mooring-${version}-image.tar`], out)
      .trim()
      .split('\n')
    expect(files.filter((name) => !name.startsWith('blobs/sha256/'))).toEqual(['oci-layout', 'index.json'])
    expect(files).toHaveLength(5)
  })

  test('has a bill of materials: what the package needs at run time, what is compiled into the filter', () => {
    const bill = JSON.parse(readFileSync(join(out, `mooring-${version}.cdx.json`), 'utf8')) as {
      readonly bomFormat: string
      readonly serialNumber: string
      readonly metadata: { readonly timestamp: string; readonly component: { readonly name: string } }
      readonly components: readonly {
        readonly name: string
        readonly version: string
        readonly hashes: unknown
      }[]
      readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
    }
    expect(bill.bomFormat).toBe('CycloneDX')
    expect(bill.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(bill.metadata).toMatchObject({
      timestamp: '2026-01-31T11:00:00.000Z',
      component: { name: 'mooring' },
    })
    const named = bill.components.map((one) => `${one.name}@${one.version}`)
    const expected = Object.entries(dependencies).map(([name, pinned]) => `${name}@${pinned}`)
    expect(named).toEqual(expect.arrayContaining(expected))
    expect(
      named.filter((one) => Object.keys(devDependencies).some((name) => one.startsWith(`${name}@`))),
    ).toEqual([
      `assemblyscript@${devDependencies['assemblyscript'] ?? ''}`,
      `@gcoredev/proxy-wasm-sdk-as@${devDependencies['@gcoredev/proxy-wasm-sdk-as'] ?? ''}`,
    ])
    expect(bill.components.find(({ name }) => name === 'mooring.wasm')?.hashes).toEqual([
      { alg: 'SHA-256', content: sha256(readFileSync('build/mooring.wasm')) },
    ])
    const refs = new Set([`mooring@${version}`, 'mooring.wasm', ...named])
    expect(new Set(bill.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]))).toEqual(
      new Set([...refs].filter((ref) => ref !== `mooring.wasm@${version}`)),
    )
  })

  withGoTools(['helm'], ({ helm }) => {
    test('has a chart that helm installs as the folder', () => {
      const template = (chart: string) =>
        must(helm, ['template', 'mooring', chart, '--namespace', 'shop'], root)
      expect(template(join(out, `mooring-chart-${version}.tgz`))).toBe(template('chart'))
    })
  })

  describe('its npm package, in an empty folder', () => {
    const npx = (...args: readonly string[]) => run('npx', ['--no-install', ...args], outside)

    beforeAll(() => {
      writeFileSync(join(outside, 'package.json'), '{ "private": true, "type": "module" }')
      must(
        'npm',
        [
          'install',
          ...['--no-audit', '--no-fund', '--loglevel=error'],
          join(out, `mooring-${version}.tgz`),
          `@types/node@${devDependencies['@types/node'] ?? ''}`,
        ],
        outside,
      )
    }, 300_000)

    test('carries neither tests nor a path of the machine that made it', () => {
      const installed = join(outside, 'node_modules', 'mooring')
      const files = readdirSync(installed, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
      const paths = files.map((file) => file.slice(installed.length + 1))
      expect(paths).toEqual(
        expect.arrayContaining(['LICENSE', 'README.md', 'schema/plugin-config.schema.json']),
      )
      expect(paths.filter((path) => /\.test\.|(^|\/)test\/|^site\//.test(path))).toEqual([])
      expect(
        files.filter((file) => [root, outside].some((path) => readFileSync(file).includes(path))),
      ).toEqual([])
    })

    test('checks a configuration by the filter that it carries', () => {
      writeFileSync(join(outside, 'config.yaml'), 'session: {}\n')
      expect(npx('mooring', 'check', 'config.yaml')).toEqual({
        status: 0,
        stdout: '0 objects, 1 configuration of Mooring: nothing found\n',
        stderr: '',
      })
    })

    test('has both commands, and the help of each of their own', () => {
      const { status, stdout, stderr } = npx('mooring', '--help')
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const [, list = ''] = /Commands:\n((?: {2}.*\n)+)/.exec(stdout) ?? []
      const commands = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, command = '']) => command)
      expect(commands).toContain('check')
      for (const command of commands) {
        expect(npx('mooring', command, '--help')).toMatchObject({ status: 0, stderr: '' })
      }
      expect(npx('mooring-gateway', '--help')).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^Usage: mooring-gateway FILE\n/) as string,
        stderr: '',
      })
    })

    const SOURCE = `
      import { readFileSync } from 'node:fs'
      import { LogLevel, ProxyWasmModule, Vm } from 'mooring/host'
      import { xxHash64 } from 'mooring/host/envoy'
      import { Gateway } from 'mooring/host/gateway'
      const filter = ProxyWasmModule.load(readFileSync('node_modules/mooring/build/mooring.wasm'))
      const vm = new Vm(filter, {})
      vm.startPlugin({ rootId: 'mooring', configuration: '{"session":{}}' })
      console.log(vm.logs.messages(LogLevel.Error).length, xxHash64(Buffer.from('')).toString(16), typeof Gateway.start)
    `

    test('is a library with its types', () => {
      writeFileSync(join(outside, 'program.ts'), SOURCE)
      writeFileSync(
        join(outside, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            module: 'NodeNext',
            target: 'ES2023',
            lib: ['ES2023', 'ESNext.Disposable'],
            strict: true,
            types: ['node'],
          },
          files: ['program.ts'],
        }),
      )
      const { status, stdout } = run(process.execPath, [resolve('node_modules/typescript/bin/tsc')], outside)
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
      // XXH64 of nothing, with seed 0.
      expect(must(process.execPath, ['program.js'], outside)).toBe('0 ef46db3751d8e999 function\n')
    })
  })
}, 120_000)
