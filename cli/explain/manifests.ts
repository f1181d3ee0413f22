import { readFiles } from '../manifests/read.ts'
import { isMapping, listAt, type Mapping, textAt } from '../manifests/value.ts'
import { YamlFile } from '../manifests/yaml-file.ts'
import { UnreadableFileError } from '../unreadable-file-error.ts'

/** One object of the manifests, and the file that it stands in. */
export interface Manifest {
  readonly file: string
  /** Empty for a mapping that is no Kubernetes object, such as a bare pluginConfig. */
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly value: Mapping
}

/**
 * Every object in files and directories, as `mooring check` reads them, but for kustomizations; a List stands for its items. What
 * is no object counts only in a file that is named itself.
 *
 * @throws {UnreadableFileError} `not_yaml`
 */
export function readManifests(paths: readonly string[]): readonly Manifest[] {
  const { files, named } = readFiles(paths)
  return files
    .filter(({ name }) => !/(?:^|\/)kustomization\.ya?ml$/.test(name))
    .flatMap((file) => manifestsOf(file, named.has(file)))
}

/** The objects of one file: YAML 1.1, which is what Kubernetes reads, or JSON. Throws {@link UnreadableFileError}. */
export function manifestsIn(file: string, text: string): readonly Manifest[] {
  return manifestsOf(new YamlFile(file, text), true)
}

/** @param isNamed whether a mapping that is no object is a pluginConfig */
function manifestsOf({ name, documents, errors: [error] }: YamlFile, isNamed: boolean): readonly Manifest[] {
  if (error !== undefined) throw new UnreadableFileError('not_yaml', name, error.message)
  return documents.flatMap(({ value }) => {
    if (value === null || value === undefined) return []
    if (!isNamed && textAt(value, 'kind') === '') return []
    if (!isMapping(value)) {
      throw new UnreadableFileError('not_yaml', name, 'expected a mapping, such as a manifest')
    }
    return objectsOf(name, value)
  })
}

/** Short for messages: `DestinationRule shop/cart (cart.yaml)`. */
export function nameOf({ kind, name, namespace, file }: Manifest): string {
  const object = kind === '' ? 'pluginConfig' : `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
  return `${object} (${file})`
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
