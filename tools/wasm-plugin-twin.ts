import { type Document, isMap, isScalar, type Pair, parseAllDocuments, Scalar, visit, YAMLMap } from 'yaml'

/** Fields of a WasmPlugin's spec that a TrafficExtension's has too; the others go below `wasm`. */
const SHARED = ['selector', 'targetRefs', 'phase', 'priority', 'match']
const BELOW_WASM = [
  'url',
  'sha256',
  'imagePullPolicy',
  'imagePullSecret',
  'pluginConfig',
  'pluginName',
  'failStrategy',
  'vmConfig',
  'type',
]

/** A field that has no place in a TrafficExtension. */
export class UnknownFieldError extends Error {
  override readonly name = 'UnknownFieldError'
  readonly code = 'unknown_field'
}

/**
 * A YAML stream with a TrafficExtension in place of each WasmPlugin (istio/api, extensions/v1alpha1); other
 * documents, comments and order stay. Throws {@link UnknownFieldError}.
 */
export function trafficExtensions(text: string): string {
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => {
      if (document.get('kind') === 'WasmPlugin') turn(document)
      return document.toString({ lineWidth: 0, directives: false, flowCollectionPadding: false })
    })
    .join('---\n')
}

function turn(document: Document): void {
  document.set('kind', 'TrafficExtension')
  renameInComments(document)
  const spec = document.get('spec')
  if (!isMap(spec)) throw new UnknownFieldError('spec: expected an object')
  const above: Pair[] = []
  const below = new YAMLMap()
  for (const pair of spec.items) {
    const name = isScalar(pair.key) ? String(pair.key.value) : ''
    if (SHARED.includes(name)) above.push(pair)
    else if (BELOW_WASM.includes(name)) below.items.push(pair)
    else throw new UnknownFieldError(`spec.${name}: a TrafficExtension has no such field`)
  }
  const [first] = below.items
  if (isScalar(first?.key)) first.key.spaceBefore = false
  const phase = spec.get('phase', true)
  // The enum has another zero here.
  if (isScalar(phase) && phase.value === 'UNSPECIFIED_PHASE') phase.value = 'UNSPECIFIED'
  const wasm = new Scalar('wasm')
  wasm.spaceBefore = true
  spec.items = [...above, document.createPair(wasm, below)]
}

function renameInComments(document: Document): void {
  const rename = (comment: string | null | undefined) =>
    comment?.replaceAll(/\bWasmPlugin\b/g, 'TrafficExtension')
  document.commentBefore = rename(document.commentBefore) ?? null
  visit(document, {
    Node: (_, node) => {
      node.commentBefore = rename(node.commentBefore) ?? null
      node.comment = rename(node.comment) ?? null
    },
  })
}
