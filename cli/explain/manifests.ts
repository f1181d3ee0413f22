import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { UnreadableFileError } from '../unreadable-file-error.ts'
import { isMapping, listAt, type Mapping, textAt } from './fields.ts'

/** One object of the manifests, and the file that it stands in. */
export interface Manifest {
  readonly file: string
  /** Empty for a mapping that is no Kubernetes object, such as a bare pluginConfig. */
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly value: Mapping
}

const STANDARD_INPUT = 0

/**
 * Every object in files and directories. A directory stands for the .yaml, .yml and .json files in it, as for
 * `kubectl apply -f`, but for the kustomization; "-" for standard input; a List for its items.
 *
 * @throws {UnreadableFileError} `not_yaml`
 */
export function readManifests(paths: readonly string[]): readonly Manifest[] {
  return paths.flatMap(filesOf).flatMap((file) => {
    const text = readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8')
    return manifestsIn(file, text)
  })
}

/** The objects of one file: YAML 1.1, which is what Kubernetes reads, or JSON. Throws {@link UnreadableFileError}. */
export function manifestsIn(file: string, text: string): readonly Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new UnreadableFileError('not_yaml', file, error.message)
    const value: unknown = document.toJS()
    if (value === null || value === undefined) return []
    if (!isMapping(value))
      throw new UnreadableFileError('not_yaml', file, 'expected a mapping, such as a manifest')
    return objectsOf(file, value)
  })
}

/** Short for messages: `DestinationRule shop/cart (cart.yaml)`. */
export function nameOf({ kind, name, namespace, file }: Manifest): string {
  const object = kind === '' ? 'pluginConfig' : `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
  return `${object} (${file})`
}

function filesOf(path: string): readonly string[] {
  if (path === '-' || !statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name) && !/^kustomization\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name))
}

function objectsOf(file: string, value: Mapping): readonly Manifest[] {
  const kind = textAt(value, 'kind')
  if (kind.endsWith('List'))
    return listAt(value, 'items')
      .filter(isMapping)
      .flatMap((item) => objectsOf(file, item))
  const name = textAt(value, 'metadata', 'name')
  return [{ file, kind, name, namespace: textAt(value, 'metadata', 'namespace'), value }]
}
