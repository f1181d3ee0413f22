import { LogLevel, PluginRefusedError, type ProxyWasmModule, Vm } from '../../host/index.ts'
import type { ConfigurationSource } from './configuration-source.ts'

/** One thing that the filter says about a configuration. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  /** Stable; docs/configuration.md lists them. */
  readonly code: string
  /** RFC 6901; empty for the whole configuration. */
  readonly pointer: string
  readonly message: string
}

export interface CheckResult {
  readonly file: string
  readonly object: string
  readonly accepted: boolean
  readonly findings: readonly Finding[]
}

/**
 * What a proxy would do with a configuration: the filter itself reads it, in the host. It is refused here exactly
 * where it would be refused there, but for secrets that only the proxy has.
 */
export function checkConfiguration(module: ProxyWasmModule, source: ConfigurationSource): CheckResult {
  // Whatever the environment says of bad configurations, here they are to be seen as such.
  const environment = { ...source.environment, MOORING_ON_BAD_CONFIG: 'reject' }
  const vm = new Vm(module, { environment })
  const accepted = accepts(vm, source.configuration)
  return {
    file: source.file,
    object: source.object,
    accepted,
    findings: [
      ...vm.logs.messages(LogLevel.Error).map((line) => findingOf('error', line)),
      ...vm.logs.messages(LogLevel.Warn).map((line) => findingOf('warning', line)),
    ],
  }
}

// Istio's proxies all have a namespace; in which this one will run is not known here.
const PROXY = { xds: { node: { metadata: { NAMESPACE: 'default' } } } }

function accepts(vm: Vm, configuration: string): boolean {
  try {
    vm.startPlugin({ rootId: 'mooring', configuration, properties: PROXY })
    return true
  } catch (error) {
    if (error instanceof PluginRefusedError) return false
    throw error
  }
}

/** `code at /pointer: message`, as assembly/config/report.ts writes it. */
function findingOf(severity: Finding['severity'], line: string): Finding {
  const [, code, pointer, message] = /^([a-z_]+) at (\(root\)|\S*): (.*)$/s.exec(line) ?? []
  if (code === undefined || pointer === undefined || message === undefined) {
    return { severity, code: 'unknown', pointer: '', message: line }
  }
  return { severity, code, pointer: pointer === '(root)' ? '' : pointer, message }
}
