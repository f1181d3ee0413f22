/** Istio's own objects by the schemas of its CRDs: what `kubectl apply` would refuse, or drop in silence. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { packageRoot } from '../../../tools/package-root.ts'
import type { Manifest } from '../../manifests/manifest.ts'
import { mappingAt, pathOf } from '../../manifests/value.ts'
import type { Sighting } from '../finding.ts'
import { nearest } from '../nearest.ts'

/** The JSON Schema of each kind's spec, by `group/kind`. */
let schemas: Readonly<Record<string, unknown>> | undefined
const validators = new Map<string, ValidateFunction | undefined>()
const ajv = new Ajv({ allErrors: true, strict: false, verbose: true, validateFormats: false })

export function* schemaSightings(manifest: Manifest): Iterable<Sighting> {
  const validate = validatorOf(`${manifest.group}/${manifest.kind}`)
  if (validate === undefined || validate(mappingAt(manifest.value, 'spec'))) return
  const told = new Set<string>()
  for (const error of validate.errors ?? []) {
    // What each branch of a oneOf says by itself is of no use to anybody; the oneOf has an error of its own.
    if (/\/(?:oneOf|anyOf|not)\//.test(error.schemaPath)) continue
    const sighting = sightingOf(manifest, error)
    const id = `${error.instancePath} ${sighting.message}`
    if (!told.has(id)) yield sighting
    told.add(id)
  }
}

function validatorOf(kind: string): ValidateFunction | undefined {
  schemas ??= JSON.parse(readFileSync(join(packageRoot, 'schema', 'istio.schema.json'), 'utf8')) as Readonly<
    Record<string, unknown>
  >
  const schema = schemas[kind]
  if (!validators.has(kind)) {
    validators.set(kind, typeof schema === 'object' && schema !== null ? ajv.compile(schema) : undefined)
  }
  return validators.get(kind)
}

function sightingOf(manifest: Manifest, error: ErrorObject): Sighting {
  const path = ['spec', ...pathOf(error.instancePath)]
  const params = error.params as Readonly<Record<string, unknown>>
  const unknown = params['additionalProperty']
  if (typeof unknown === 'string') {
    const known = Object.keys(mappingAt(error.parentSchema, 'properties'))
    const meant = nearest(unknown, known)
    return {
      manifest,
      path: [...path, unknown],
      message: `Istio has no ${unknown} here: it is refused, or dropped in silence`,
      instead: meant === undefined ? `one of ${known.toSorted().join(', ')}` : meant,
    }
  }
  if (error.keyword === 'enum') {
    const allowed = Array.isArray(params['allowedValues']) ? params['allowedValues'].join(', ') : ''
    return { manifest, path, message: 'Istio does not know this value', instead: `one of ${allowed}` }
  }
  if (error.keyword === 'oneOf' || error.keyword === 'not') {
    return { manifest, path, message: 'fields that exclude each other', instead: 'only one of them' }
  }
  const written = manifest.sourceOf(path)
  const isScalar = typeof error.data === 'boolean' || typeof error.data === 'number'
  if (error.keyword === 'type' && params['type'] === 'string' && isScalar && written !== undefined) {
    const instead = JSON.stringify(written)
    return {
      manifest,
      path,
      message: `Istio expects a text, and ${written} is a ${typeof error.data} in YAML: it is refused`,
      instead,
      fix: manifest.replace(path, instead),
    }
  }
  return {
    manifest,
    path,
    message: `Istio refuses it: ${error.message ?? error.keyword}`,
    instead: 'see Istio’s reference',
  }
}
