import { parseCommandLine } from '../../tools/command-line.ts'
import { UsageError } from '../../tools/usage-error.ts'

export interface CheckArguments {
  readonly format: 'text' | 'json'
  readonly files: readonly string[]
}

export const HELP = `Usage: mooring check FILE...

Says what a proxy would make of Mooring's configuration, before it is applied: the filter itself reads it.

FILE is YAML or JSON: manifests, of which every WasmPlugin is checked, or a pluginConfig by itself. "-" is
standard input. Secrets that only the proxy has are taken to be there.

Options:
  --format text|json   default text
  --help               this text

Exit codes:
  0   every configuration is accepted
  1   at least one is refused
  2   the command line or a file cannot be read

Environment:
  NO_COLOR             no colours

Examples:
  mooring check manifests/ingress-gateway/wasm-plugin.yaml
  kubectl get wasmplugins -A -o yaml | mooring check -
  mooring check --format json config.yaml
`

/** Reads the command line, without node and the script; throws {@link UsageError}. */
export function readArguments(args: readonly string[]): CheckArguments {
  const { values, positionals: files } = parseCommandLine(args, {
    allowPositionals: true,
    options: {
      format: { type: 'string', default: 'text' },
    },
  })
  if (files.length === 0) throw new UsageError('check: name a file, or - for standard input')
  if (values.format !== 'text' && values.format !== 'json') {
    throw new UsageError(`--format ${values.format}: expected text or json`)
  }
  return { format: values.format, files }
}
