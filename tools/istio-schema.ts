/**
 * Writes schema/istio.schema.json: the shapes of Istio's objects, from the CRDs of istio.io/api, without their texts. Fields
 * that a CRD does not have are not allowed, as `kubectl apply` sees it. With --check it compares, and writes nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { packageRoot } from './package-root.ts'
import { isMapping, listAt, type Mapping, mappingAt, textAt } from '../cli/manifests/value.ts'

const KINDS = [
  'DestinationRule',
  'Gateway',
  'RequestAuthentication',
  'ServiceEntry',
  'TrafficExtension',
  'VirtualService',
  'WasmPlugin',
]

/** What says something to people, or to the API server only. */
const LEFT_OUT = new Set(['description', 'format', 'default', 'title', 'nullable'])

function shapeOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(shapeOf)
  if (!isMapping(schema)) return schema
  const shape: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (LEFT_OUT.has(key) || key.startsWith('x-kubernetes-')) continue
    if (key === 'properties' && isMapping(value)) {
      shape[key] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
    } else shape[key] = shapeOf(value)
  }
  if (schema['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] }
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true
  if (shape['type'] === 'object' && isMapping(shape['properties']) && !open)
    shape['additionalProperties'] = false
  if (schema['nullable'] === true && typeof shape['type'] === 'string')
    shape['type'] = [shape['type'], 'null']
  return shape
}

function shapesIn(crds: string): Mapping {
  const shapes: Record<string, unknown> = {}
  for (const document of parseAllDocuments(crds)) {
    const crd: unknown = document.toJS()
    const kind = textAt(crd, 'spec', 'names', 'kind')
    if (!KINDS.includes(kind)) continue
    const newest = listAt(crd, 'spec', 'versions').find((version) => mappingAt(version)['storage'] === true)
    const properties = mappingAt(newest, 'schema', 'openAPIV3Schema', 'properties')
    shapes[`${textAt(crd, 'spec', 'group')}/${kind}`] = shapeOf(properties['spec'])
  }
  return shapes
}

const [file, version, check] = process.argv.slice(2)
if (file === undefined || version === undefined) throw new Error('usage: istio-schema FILE VERSION [--check]')
const written = join(packageRoot, 'schema', 'istio.schema.json')
const schema = {
  $comment: `The spec of Istio's objects, by kind. Generated from the CRDs of istio.io/api ${version} (Apache-2.0) by make schemas.`,
  ...shapesIn(readFileSync(file, 'utf8')),
}
if (check === undefined) {
  writeFileSync(written, `${JSON.stringify(schema, null, 1)}\n`)
} else if (isDeepStrictEqual(JSON.parse(readFileSync(written, 'utf8')), schema)) {
  console.log(`equal: ${Object.keys(schema).length - 1} schemas`)
} else {
  console.error(
    'istio-schema: schema/istio.schema.json is not what the CRDs say now; `make schemas` writes it',
  )
  process.exitCode = 1
}
