import { createHash } from 'node:crypto'
import { storedGzip } from './stored-gzip.ts'
import { tar, type TarEntry } from './tar.ts'

/** What an image is made of. */
export interface ImageSource {
  /** The filter; Istio looks for the first `plugin.wasm` in the last layer. */
  readonly wasm: Uint8Array
  /** The JSON Schema of pluginConfig, which travels beside the filter. */
  readonly schema: Uint8Array
  /** The tag in the layout, and the annotation `org.opencontainers.image.version`. */
  readonly version: string
  /** Where the source code is, a URL. Absent: the annotation is left out. */
  readonly source?: string
}

/** An OCI image layout, and the two checksums that a WasmPlugin may ask for. */
export interface Image {
  /** By path within the layout's directory. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** `sha256` of a WasmPlugin whose url is `oci://`: the digest of the manifest, 64 hexadecimal digits. */
  readonly manifestSha256: string
  /** `sha256` of a WasmPlugin whose url is `https://`: the checksum of the .wasm file. */
  readonly wasmSha256: string
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
/** The one media type of a last layer that Istio takes in an OCI manifest (pkg/wasm/imagefetcher.go). */
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
/** The schema's name in the layer, and the annotation that tells it. */
const SCHEMA_FILE = 'plugin-config.schema.json'

/**
 * An image with one manifest, not an index: of an index Istio's agent would take the entry for linux/amd64, whatever
 * the node. The same input gives the same bytes everywhere.
 *
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export function ociImage({ wasm, schema, version, source }: ImageSource): Image {
  const files = new Map<string, Uint8Array>()
  const blob = (mediaType: string, content: Uint8Array) => {
    const digest = sha256(content)
    files.set(`blobs/sha256/${digest}`, content)
    return { mediaType, digest: `sha256:${digest}`, size: content.length }
  }

  const entries: readonly TarEntry[] = [
    { name: 'plugin.wasm', content: wasm },
    { name: SCHEMA_FILE, content: schema },
  ]
  const archive = tar(entries)
  const layer = blob(LAYER, storedGzip(archive))
  // Nobody reads it, but registries and tools want one. A filter runs on any machine.
  const config = blob(
    CONFIG,
    json({
      architecture: 'wasm',
      os: 'wasi',
      config: {},
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(archive)}`] },
    }),
  )
  const annotations = {
    'org.opencontainers.image.title': 'mooring',
    'org.opencontainers.image.description': 'Session affinity for Istio and Envoy, a Proxy-Wasm filter',
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.version': version,
    ...(source === undefined ? {} : { 'org.opencontainers.image.source': source }),
    'mooring.configuration.version': '1',
    'mooring.configuration.schema': SCHEMA_FILE,
    'mooring.configuration.schema.digest': `sha256:${sha256(schema)}`,
  }
  const manifest = blob(
    MANIFEST,
    json({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer], annotations }),
  )
  files.set('oci-layout', json({ imageLayoutVersion: '1.0.0' }))
  files.set(
    'index.json',
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': version } }],
    }),
  )
  return { files, manifestSha256: manifest.digest.slice('sha256:'.length), wasmSha256: sha256(wasm) }
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
