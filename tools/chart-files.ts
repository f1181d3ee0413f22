/**
 * Writes what the Helm chart has from elsewhere: the schema of pluginConfig within that of its values, and the alerts.
 *
 *     node build/js/tools/chart-files.js
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { packageRoot } from './package-root.ts'

const at = (...path: readonly string[]) => join(packageRoot, ...path)
const read = (...path: readonly string[]) => readFileSync(at(...path), 'utf8')

/** A schema without the patterns that Helm's regular expressions (RE2) cannot say; the filter itself checks them. */
function forHelm(schema: string): Record<string, unknown> {
  return JSON.parse(schema, (key, value: unknown) =>
    key === 'pattern' && typeof value === 'string' && /\(\?[=!]|\\u|\[\^\]/.test(value) ? undefined : value,
  ) as Record<string, unknown>
}

const schema = JSON.parse(read('chart', 'values.schema.json')) as { $defs: Record<string, unknown> }
const { title, ...pluginConfig } = forHelm(read('schema', 'plugin-config.schema.json'))
// With an id of its own its references stay within it.
schema.$defs['pluginConfig'] = { $id: 'urn:mooring:plugin-config', title, ...pluginConfig }
writeFileSync(at('chart', 'values.schema.json'), `${JSON.stringify(schema, null, 2)}\n`)

const { spec } = parse(read('manifests', 'alerts', 'prometheus-rule.yaml')) as { spec: unknown }
writeFileSync(at('chart', 'files', 'alerts.yaml'), stringify(spec, { lineWidth: 0 }))
