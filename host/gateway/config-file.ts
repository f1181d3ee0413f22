/** The gateway's configuration as a file: YAML or JSON, with modules named by their paths. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { parseDocument } from 'yaml'

import { checkConfig, type GatewayConfig, GatewayConfigError, type WasmFilterConfig } from './config.ts'
import { CONFIG_SCHEMA } from './config-schema.ts'

type FilterInFile = Omit<WasmFilterConfig, 'module' | 'configuration'> & {
  readonly module: string
  readonly configuration?: string | object
}

type ConfigInFile = Omit<GatewayConfig, 'filters'> & { readonly filters?: readonly FilterInFile[] }

const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile<ConfigInFile>(CONFIG_SCHEMA)

/**
 * Reads a configuration. A filter's `module` is a path from `directory`; its `configuration` is text as it stands, or an
 * object that it gets as JSON, as Istio hands it on.
 *
 * @throws {GatewayConfigError} `not_yaml`, `bad_field` with every field that is wrong, `unreadable_module`, and what
 *     {@link Gateway.start} finds
 */
export function readGatewayConfig(text: string, directory = '.'): GatewayConfig {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error !== undefined) throw new GatewayConfigError('not_yaml', error.message)
  const value: unknown = document.toJS()
  if (!validate(value)) {
    throw new GatewayConfigError('bad_field', (validate.errors ?? []).flatMap(complaint).join('\n'))
  }
  const { filters = [], ...others } = value
  const config = { ...others, filters: filters.map((filter) => withModule(filter, directory)) }
  checkConfig(config)
  return config
}

function withModule({ module, configuration, ...others }: FilterInFile, directory: string): WasmFilterConfig {
  const path = resolve(directory, module)
  const text = typeof configuration === 'object' ? JSON.stringify(configuration) : configuration
  try {
    return { ...others, module: readFileSync(path), ...(text === undefined ? {} : { configuration: text }) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new GatewayConfigError('unreadable_module', `filter ${JSON.stringify(others.name)}: ${reason}`)
  }
}

/** One line for one mistake; of a choice only what is wrong with it as a whole. */
function complaint({ instancePath, keyword, message = '', params, schemaPath }: ErrorObject): string[] {
  if (keyword === 'if' || schemaPath.includes('/oneOf/')) return []
  const at = instancePath === '' ? '(root)' : instancePath
  switch (keyword) {
    case 'additionalProperties':
      return [`${at}: unknown field ${JSON.stringify(params['additionalProperty'])}`]
    case 'enum':
      return [`${at}: expected one of ${JSON.stringify(params['allowedValues'])}`]
    case 'oneOf':
      return [`${at}: expected exactly one of its kinds`]
    default:
      return [`${at}: ${message}`]
  }
}
