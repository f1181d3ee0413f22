import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'mooring-image-'))
const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

function image(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build/js/tools/image.js', ...args], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
}

interface Manifest {
  readonly schemaVersion: number
  readonly mediaType: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly annotations: Readonly<Record<string, string>>
}

const layout = (name: string) => join(directory, name)
const json = (content: Uint8Array): unknown => JSON.parse(Buffer.from(content).toString())

/** A blob, checked against its descriptor. */
function blob(name: string, { digest, size }: Descriptor): Buffer {
  const content = readFileSync(join(layout(name), 'blobs', ...digest.split(':')))
  expect(`sha256:${sha256(content)}`).toBe(digest)
  expect(content.length).toBe(size)
  return content
}

function manifestOf(name: string): Manifest {
  const index = json(readFileSync(join(layout(name), 'index.json'))) as { manifests: Descriptor[] }
  const [descriptor] = index.manifests
  if (descriptor === undefined) throw new Error('no manifest')
  return json(blob(name, descriptor)) as Manifest
}

/** The files of a tar archive, in order. */
function untar(archive: Buffer): { name: string; content: Buffer }[] {
  const found = []
  for (let at = 0; archive[at] !== 0;) {
    const name = archive.toString('latin1', at, at + 100).replace(/\0.*$/s, '')
    const size = parseInt(archive.toString('latin1', at + 124, at + 135), 8)
    found.push({ name, content: archive.subarray(at + 512, at + 512 + size) })
    at += 512 + Math.ceil(size / 512) * 512
  }
  return found
}

describe('make image', () => {
  let printed: ReturnType<typeof image>

  beforeAll(() => {
    printed = image('--out', layout('first'), '--source', 'https://git.example.com/mooring')
  })

  afterAll(() => {
    rmSync(directory, { recursive: true })
  })

  test('prints both checksums that Istio may ask for', () => {
    const index = json(readFileSync(join(layout('first'), 'index.json'))) as { manifests: Descriptor[] }
    expect(printed).toEqual({
      status: 0,
      stderr: '',
      stdout:
        `${layout('first')}: OCI image layout, tag 0.1.0\n` +
        `sha256 for oci://    ${index.manifests[0]?.digest.slice(7) ?? ''}\n` +
        `sha256 for https://  ${sha256(readFileSync('build/mooring.wasm'))}\n`,
    })
  })

  test('is one manifest whose last layer has plugin.wasm first', () => {
    const index = json(readFileSync(join(layout('first'), 'index.json'))) as { manifests: Descriptor[] }
    expect(index.manifests).toHaveLength(1)
    expect(index.manifests[0]?.mediaType).toBe('application/vnd.oci.image.manifest.v1+json')
    expect(index.manifests[0]?.annotations).toEqual({ 'org.opencontainers.image.ref.name': '0.1.0' })
    expect(json(readFileSync(join(layout('first'), 'oci-layout')))).toEqual({ imageLayoutVersion: '1.0.0' })
    const { layers, config } = manifestOf('first')
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(['application/vnd.oci.image.layer.v1.tar+gzip'])
    const archive = gunzipSync(layers.map((layer) => blob('first', layer)).at(-1) ?? Buffer.alloc(0))
    const files = untar(archive)
    expect(files.map(({ name }) => name)).toEqual(['plugin.wasm', 'plugin-config.schema.json'])
    expect(files[0]?.content.equals(readFileSync('build/mooring.wasm'))).toBe(true)
    expect(json(files[1]?.content ?? Buffer.alloc(0))).toHaveProperty('$schema')
    expect(json(blob('first', config))).toMatchObject({
      rootfs: { diff_ids: [`sha256:${sha256(archive)}`] },
    })
    expect(readdirSync(join(layout('first'), 'blobs', 'sha256'))).toHaveLength(3)
  })

  test('is an archive that tar reads', () => {
    const [layer] = manifestOf('first').layers
    if (layer === undefined) throw new Error('no layer')
    const { stdout } = spawnSync('tar', ['-tvzf', '-'], { input: blob('first', layer), encoding: 'utf8' })
    expect(stdout.split('\n').map((line) => line.split(/\s+/).at(-1))).toEqual([
      'plugin.wasm',
      'plugin-config.schema.json',
      '',
    ])
  })

  test('says where it comes from, which version it is, and what configures it', () => {
    expect(manifestOf('first').annotations).toEqual({
      'org.opencontainers.image.title': 'mooring',
      'org.opencontainers.image.description': 'Session affinity for Istio and Envoy, a Proxy-Wasm filter',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': '0.1.0',
      'org.opencontainers.image.source': 'https://git.example.com/mooring',
      'mooring.configuration.version': '1',
      'mooring.configuration.schema': 'plugin-config.schema.json',
      'mooring.configuration.schema.digest': `sha256:${sha256(readFileSync('schema/plugin-config.schema.json'))}`,
    })
  })

  test('is the same, byte for byte, whenever it is made from the same files', () => {
    const again = image('--out', layout('second'), '--source', 'https://git.example.com/mooring')
    expect(again.stdout.split('\n').slice(1)).toEqual(printed.stdout.split('\n').slice(1))
  })

  test('replaces what was there, and nothing is left of it', () => {
    image('--out', layout('third'), '--source', 'https://git.example.com/other')
    image('--out', layout('third'))
    expect(readdirSync(join(layout('third'), 'blobs', 'sha256'))).toHaveLength(3)
    expect(manifestOf('third').annotations).not.toHaveProperty('org.opencontainers.image.source')
  })

  test('an option that is not known is refused with exit 2, and says where help is', () => {
    const { status, stdout, stderr } = image('--tag', 'x')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(
      /^Unknown option '--tag'[^\n]*\nFor help: node build\/js\/tools\/image\.js --help\n$/,
    )
  })
})
