/** The JSON Schema of pluginConfig, as editors and CI pipelines use it. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'

export interface Schema {
  $ref?: string
  default?: unknown
  examples?: unknown[]
  properties?: Record<string, Schema>
  $defs?: Record<string, Schema>
}

export const schema = JSON.parse(
  readFileSync(new URL('../../schema/plugin-config.schema.json', import.meta.url), 'utf8'),
) as Schema

/** True if the schema accepts the configuration. */
export const acceptedBySchema = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
}).compile(schema)

/**
 * What the parser refuses and a schema cannot say: what holds only between a rule and the top level, between fields
 * far apart, for names without regard to case, for sums, for the JSON text, and for the proxy's environment.
 */
export const BEYOND_THE_SCHEMA: ReadonlySet<string> = new Set([
  'adopts_itself',
  'ambiguous_application',
  'application_conflict',
  'audience_conflict',
  'combined_as',
  'cookie_prefix',
  'duplicate_name',
  'duration_out_of_range',
  'forbidden_source',
  'hidden_from_hash',
  'key_header_as_source',
  'missing_keys',
  'missing_source',
  'mixed_trust',
  'no_such_element',
  'not_text',
  'raw_composite',
  'repeated_capture',
  'reserved_header',
  'secret_invalid',
  'secret_missing',
  'secret_required',
  'secret_reused',
  'secure_required',
  'session_required',
  'signing_required',
  'timeout_order',
  'too_deep',
  'too_many_headers',
  'too_many_sources',
  'ttl_with_timeouts',
])
