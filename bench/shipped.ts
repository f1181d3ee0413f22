import { type Mesh, readMesh } from '../demo/mesh.ts'
import type { Job } from './jobs.ts'

/** The mesh of the shipped manifests, where this part of a request is hashed. */
export function shippedMesh(hashes: 'header' | 'cookie' = 'header'): Mesh {
  const file = hashes === 'header' ? 'http-header-name' : 'http-cookie-without-ttl'
  return readMesh({ destinationRule: `destination-rules/${file}.yaml` })
}

/** The pluginConfig of the shipped gateway manifest with a job's changes: all of its session stays but what those name. */
export function configurationFor({ pluginConfig }: Pick<Job, 'pluginConfig'>): object {
  const shipped = JSON.parse(shippedMesh().wasmPlugin?.configuration ?? '{}') as { session?: object }
  const { session, ...others } = pluginConfig
  return { ...shipped, session: { ...shipped.session, ...session }, ...others }
}
