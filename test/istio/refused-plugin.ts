import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** manifests/ingress-gateway/wasm-plugin.yaml with a mistake, which proxies refuse. */
export function refusedPlugin(): object {
  const plugin = parse(readFileSync('manifests/ingress-gateway/wasm-plugin.yaml', 'utf8')) as { spec: object }
  const env = [{ name: 'MOORING_ON_BAD_CONFIG', value: 'reject' }]
  return {
    ...plugin,
    spec: { ...plugin.spec, vmConfig: { env }, pluginConfig: { session: { coookie: {} } } },
  }
}
