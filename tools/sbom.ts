import { createHash } from 'node:crypto'

/** What this reads and writes of a component in CycloneDX. Other fields stay as they are. */
interface Component {
  readonly 'bom-ref': string
  readonly type: string
  readonly name: string
  readonly version: string
  readonly properties?: readonly { readonly name: string; readonly value: string }[]
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
}

/** A bill of materials in CycloneDX 1.5, as far as this reads it. */
interface Bom {
  readonly metadata: { readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

/** What is released, beside what npm says of its packages. */
export interface SbomSource {
  /** What `npm sbom --sbom-format cyclonedx` prints, of all packages. */
  readonly npm: string
  /** The filter. */
  readonly wasm: Uint8Array
  /** The packages whose code, or declarations, are compiled into the filter. */
  readonly compiledIn: readonly string[]
  /** When it was made, as ISO 8601: the commit's own time, so that the same commit gives the same bytes. */
  readonly timestamp: string
}

const DEVELOPMENT = 'cdx:npm:package:development'

/**
 * The bill of materials of a release: the npm package with what it needs at run time, and the filter with what is
 * compiled into it. npm's own names its directory, and has a time and a random serial number, which do not depend
 * on what is released; here all three do.
 *
 * https://cyclonedx.org/docs/1.5/json/
 */
export function sbom({ npm, wasm, compiledIn, timestamp }: SbomSource): string {
  const { metadata, components, dependencies, ...rest } = JSON.parse(npm) as Bom
  const { component } = metadata
  const [name = ''] = component['bom-ref'].split('@')
  // Of one name there may be several versions; the project's own are those that it depends on itself.
  const own = dependencies.find(({ ref }) => ref === component['bom-ref'])?.dependsOn ?? []
  const inFilter = compiledIn.map((each) => {
    const ref = own.find((one) => one.startsWith(`${each}@`))
    const found = components.find((one) => one['bom-ref'] === ref)
    if (found === undefined) throw new Error(`package.json names no ${each}`)
    return found
  })
  const filter = {
    'bom-ref': 'mooring.wasm',
    type: 'file',
    name: 'mooring.wasm',
    version: component.version,
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(wasm).digest('hex') }],
  }
  const shipped = components.filter((one) => !isForDevelopment(one))
  const refs = new Set([component, ...shipped].map((one) => one['bom-ref']))
  const graph = dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({
      ref,
      dependsOn: [
        ...dependsOn.filter((each) => refs.has(each)),
        ...(ref === component['bom-ref'] ? [filter['bom-ref']] : []),
      ],
    }))
  const content = {
    ...rest,
    metadata: { ...metadata, timestamp, component: { ...component, name } },
    components: [...shipped, filter, ...inFilter],
    dependencies: [...graph, { ref: filter['bom-ref'], dependsOn: inFilter.map((one) => one['bom-ref']) }],
  }
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify({ ...content, serialNumber: undefined }))}`
  return `${JSON.stringify({ ...content, serialNumber }, null, 2)}\n`
}

function isForDevelopment({ properties = [] }: Component): boolean {
  return properties.some(({ name, value }) => name === DEVELOPMENT && value === 'true')
}

/** A UUID of version 8: its bits are the content's hash (RFC 9562, 5.8). */
function uuidOf(content: string): string {
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
