import type { Manifest } from '../manifests/manifest.ts'
import type { Path } from '../manifests/value.ts'
import type { Edit, Place } from '../manifests/yaml-file.ts'
import type { World } from './world.ts'

/** `error`: sessions break, or requests fail. `warning`: they do under circumstances that the manifests do not tell. */
export type Severity = 'error' | 'warning'

/** One thing that is found. */
export interface Finding {
  readonly severity: Severity
  /** Stable. docs/findings has a page for each, docs/configuration.md the codes of pluginConfig. */
  readonly code: string
  readonly place: Place
  /** `WasmPlugin istio-system/mooring`; the file's name where there is no object. */
  readonly object: string
  /** RFC 6901, within `pluginConfig`, for what the filter itself says. */
  readonly pointer?: string
  /** What is there, and what will happen to a user. */
  readonly message: string
  /** What to write instead. */
  readonly instead?: string
  /** What `--fix` changes. */
  readonly fix?: Edit
}

/** What a rule sees. */
export interface Sighting {
  readonly manifest: Manifest
  readonly path: Path
  readonly message: string
  readonly instead: string
  readonly fix?: Edit | undefined
}

/** Finds one kind of mistake. */
export interface Rule {
  readonly code: string
  readonly severity: Severity
  see(world: World): Iterable<Sighting>
}
