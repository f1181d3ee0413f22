import { createHash } from 'node:crypto'
import { LogLevel, PluginRefusedError, type ProxyWasmModule, Vm } from '../../host/index.ts'
import type { Mapping } from '../manifests/value.ts'
import type { Severity } from './finding.ts'

/** One thing that the filter says about a configuration. */
export interface Remark {
  readonly severity: Severity
  /** Stable; docs/configuration.md lists them. */
  readonly code: string
  /** RFC 6901; empty for the whole configuration. */
  readonly pointer: string
  readonly message: string
}

/**
 * A value that passes for the secret of this name: where the real one is not in the manifest, everything but its value
 * can still be checked. Each name has another, since no two secrets may be the same.
 */
export function standInFor(name: string): string {
  return createHash('sha256').update(name).digest('base64')
}

// Istio's proxies all have a namespace; in which this one will run is not known here.
const PROXY = { xds: { node: { metadata: { NAMESPACE: 'default' } } } }

/**
 * What a proxy would make of a configuration: the filter itself reads it, in the host, and says for every rule's merged
 * result what is wrong. It is refused here exactly where it would be refused there, but for secrets that only the proxy
 * has.
 *
 * @param config what `pluginConfig` holds; nothing and `{}` arrive as no bytes at all, as from Istio
 */
export function remarksOn(
  module: ProxyWasmModule,
  config: Mapping | undefined,
  environment: Readonly<Record<string, string>>,
): readonly Remark[] {
  const configuration = config === undefined || Object.keys(config).length === 0 ? '' : JSON.stringify(config)
  const vm = vmWith(module, environment)
  const said = [LogLevel.Error, LogLevel.Warn].map((level) => vm.logs.messages(level).length)
  try {
    vm.startPlugin({ rootId: 'mooring', configuration, properties: PROXY })
  } catch (error) {
    if (!(error instanceof PluginRefusedError)) throw error
  }
  return [
    ...vm.logs
      .messages(LogLevel.Error)
      .slice(said[0])
      .map((line) => remarkOf('error', line)),
    ...vm.logs
      .messages(LogLevel.Warn)
      .slice(said[1])
      .map((line) => remarkOf('warning', line)),
  ]
}

/** A VM for each environment: to start one is most of what a configuration costs. */
const vms = new WeakMap<ProxyWasmModule, Map<string, Vm>>()

function vmWith(module: ProxyWasmModule, environment: Readonly<Record<string, string>>): Vm {
  const ofModule = vms.get(module) ?? new Map<string, Vm>()
  vms.set(module, ofModule)
  const id = JSON.stringify(Object.entries(environment).toSorted())
  // Whatever the environment says of bad configurations, here they are to be seen as such.
  const vm =
    ofModule.get(id) ?? new Vm(module, { environment: { ...environment, MOORING_ON_BAD_CONFIG: 'reject' } })
  ofModule.set(id, vm)
  return vm
}

/** `code at /pointer: message`, as assembly/config/report.ts writes it. */
function remarkOf(severity: Severity, line: string): Remark {
  const [, code, pointer, message] = /^([a-z_]+) at (\(root\)|\S*): (.*)$/s.exec(line) ?? []
  if (code === undefined || pointer === undefined || message === undefined) {
    return { severity, code: 'unknown', pointer: '', message: line }
  }
  return { severity, code, pointer: pointer === '(root)' ? '' : pointer, message }
}
