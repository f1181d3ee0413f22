/**
 * Turns WasmPlugins into TrafficExtensions, which take their place from Istio 1.30 on; comments stay, other objects
 * pass as they are.
 *
 *     kubectl kustomize manifests/ingress-gateway | node build/js/tools/traffic-extension.js | kubectl apply -f -
 *
 * Never apply both for one workload: both would run.
 */
import { readFileSync } from 'node:fs'
import { trafficExtensions, UnknownFieldError } from './wasm-plugin-twin.ts'

const STANDARD_INPUT = 0

const HELP = `Usage: node build/js/tools/traffic-extension.js [FILE...]

Reads YAML, from standard input where no file is named, and writes it to standard output with a
TrafficExtension (Istio 1.30 and newer) in place of each WasmPlugin. Never apply both for one workload.

Examples:
  node build/js/tools/traffic-extension.js manifests/ingress-gateway/wasm-plugin.yaml
  kubectl kustomize manifests/by-user | node build/js/tools/traffic-extension.js | kubectl apply -f -
`

const files = process.argv.slice(2)
if (files.includes('--help')) {
  process.stdout.write(HELP)
} else {
  try {
    const texts = (files.length === 0 ? [STANDARD_INPUT] : files).map((file) => readFileSync(file, 'utf8'))
    process.stdout.write(texts.map(trafficExtensions).join('---\n'))
  } catch (error) {
    const expected = error instanceof UnknownFieldError || (error instanceof Error && 'syscall' in error)
    if (!expected) throw error
    process.stderr.write(`traffic-extension: ${error.message}\n`)
    process.exitCode = 1
  }
}
