import { isMapping, listAt, type Mapping, mappingAt, type Path, textAt } from './value.ts'
import type { Edit, Place, YamlDocument } from './yaml-file.ts'

/** A Kubernetes object, and where it stands. */
export class Manifest {
  readonly value: Mapping
  readonly kind: string
  readonly name: string
  /** `default` where the object does not say: kubectl's own. */
  readonly namespace: string
  readonly #document: YamlDocument
  readonly #root: Path

  /** @param root of the object within its document: not empty for the items of a List */
  constructor(document: YamlDocument, root: Path, value: Mapping) {
    this.#document = document
    this.#root = root
    this.value = value
    this.kind = textAt(value, 'kind')
    this.name = textAt(value, 'metadata', 'name')
    this.namespace = textAt(value, 'metadata', 'namespace') || 'default'
  }

  /** `WasmPlugin istio-system/mooring`, with the namespace only where the object says one. */
  get title(): string {
    const namespace = textAt(this.value, 'metadata', 'namespace')
    return `${this.kind} ${namespace === '' ? '' : `${namespace}/`}${this.name}`
  }

  /** The API group; empty for Kubernetes' own core. */
  get group(): string {
    const version = textAt(this.value, 'apiVersion')
    return version.includes('/') ? (version.split('/')[0] ?? '') : ''
  }

  placeOf(path: Path): Place {
    return this.#document.placeOf([...this.#root, ...path])
  }

  /** How the value at `path` is written. */
  sourceOf(path: Path): string | undefined {
    return this.#document.sourceOf([...this.#root, ...path])
  }

  replace(path: Path, text: string): Edit | undefined {
    return this.#document.replace([...this.#root, ...path], text)
  }

  /** Puts a line before the first entry of the mapping at `path`. */
  insertInto(path: Path, line: string): Edit | undefined {
    const [first] = Object.keys(mappingAt(this.value, ...path))
    return first === undefined ? undefined : this.insertBefore([...path, first], line)
  }

  insertBefore(path: Path, line: string): Edit | undefined {
    return this.#document.insertBefore([...this.#root, ...path], line)
  }
}

/** The objects of a document: itself, or those of a List, as kubectl prints several. None where it is no object. */
export function manifestsOf(document: YamlDocument): readonly Manifest[] {
  return objectsIn(document, [], document.value)
}

function objectsIn(document: YamlDocument, root: Path, value: unknown): readonly Manifest[] {
  if (!isMapping(value) || textAt(value, 'kind') === '') return []
  if (textAt(value, 'kind').endsWith('List') && Array.isArray(value['items'])) {
    return listAt(value, 'items').flatMap((item, index) =>
      objectsIn(document, [...root, 'items', index], item),
    )
  }
  return [new Manifest(document, root, value)]
}
