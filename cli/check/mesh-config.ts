import { parse } from 'yaml'
import type { Manifest } from '../manifests/manifest.ts'
import { isMapping, type Mapping, mappingAt, textAt } from '../manifests/value.ts'

/**
 * Istio's MeshConfig, as far as it is among the manifests: in istiod's ConfigMap, `istio` or `istio-REVISION`, or in an
 * IstioOperator or the Istio of the sail operator. Empty where it is not: then the defaults hold.
 */
export function meshConfigIn(manifests: readonly Manifest[]): Mapping {
  return Object.assign({}, ...manifests.map(configOf)) as Mapping
}

function configOf({ kind, name, value }: Manifest): Mapping {
  if (kind === 'IstioOperator') return mappingAt(value, 'spec', 'meshConfig')
  if (kind === 'Istio') return mappingAt(value, 'spec', 'values', 'meshConfig')
  if (kind !== 'ConfigMap' || !/^istio(?:-|$)/.test(name)) return {}
  return textMapping(textAt(value, 'data', 'mesh'))
}

/** Istio reads the text itself; what it would refuse says nothing here. */
function textMapping(text: string): Mapping {
  try {
    const config: unknown = parse(text, { version: '1.1' })
    return isMapping(config) ? config : {}
  } catch {
    return {}
  }
}
