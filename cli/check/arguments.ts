import { parseCommandLine } from '../../tools/command-line.ts'
import { UsageError } from '../../tools/usage-error.ts'
import { IstioVersion } from './istio-version.ts'
import { type Format, FORMATS } from './report.ts'

export interface CheckArguments {
  readonly files: readonly string[]
  readonly deployed: readonly string[]
  readonly format: Format
  readonly istio: IstioVersion | undefined
  readonly ignore: ReadonlySet<string>
  readonly strict: boolean
  readonly fix: boolean
}

export const HELP = `Usage: mooring check FILE...

Says what breaks sessions, before it is applied: the filter itself reads each configuration of Mooring, and what
Istio would accept in silence is looked for across WasmPlugins, DestinationRules, routes, gateways and services.

FILE is YAML or JSON: manifests, a pluginConfig by itself, or a directory, of which every .yaml, .yml and .json is
read. "-" is standard input. All of them are taken for one cluster. Secrets that only the proxy has are taken to be
there. docs/findings has a page for each code, docs/configuration.md the codes of pluginConfig.

Options:
  --istio VERSION      what only some versions of Istio do: 1.29, or 1.29.6
  --deployed FILE      what the cluster has now, as kubectl prints it; may be given again
  --ignore CODE        not a word about this; may be given again. One object says so by an annotation,
                       ignore.mooring-check/CODE: why
  --strict             warnings count as errors
  --fix                put right what can be, in the files
  --format FORMAT      ${FORMATS.join(', ')}; default text
  --help               this text

Exit codes:
  0   no errors
  1   at least one
  2   the command line or a file cannot be read

Environment:
  NO_COLOR             no colours

Examples:
  mooring check manifests/ingress-gateway/wasm-plugin.yaml
  kubectl kustomize manifests/by-user | mooring check --istio 1.29 -
  kubectl get wasmplugins,destinationrules,virtualservices,gateways,services -A -o yaml | mooring check -
  mooring check --format sarif deploy/ > mooring.sarif
`

/** Reads what follows `mooring check`; throws {@link UsageError}. */
export function readArguments(args: readonly string[]): CheckArguments {
  const { values, positionals: files } = parseCommandLine(args, {
    allowPositionals: true,
    options: {
      istio: { type: 'string' },
      deployed: { type: 'string', multiple: true, default: [] },
      ignore: { type: 'string', multiple: true, default: [] },
      strict: { type: 'boolean', default: false },
      fix: { type: 'boolean', default: false },
      format: { type: 'string', default: 'text' },
    },
  })
  if (files.length === 0) throw new UsageError('check: name a file, or - for standard input')
  const format = FORMATS.find((name) => name === values.format)
  if (format === undefined) {
    throw new UsageError(
      `--format ${values.format}: expected ${FORMATS.slice(0, -1).join(', ')} or ${FORMATS.at(-1) ?? ''}`,
    )
  }
  if (values.fix && files.includes('-')) throw new UsageError('--fix: standard input cannot be changed')
  return {
    files,
    deployed: values.deployed,
    format,
    istio: values.istio === undefined ? undefined : new IstioVersion(values.istio),
    ignore: new Set(values.ignore),
    strict: values.strict,
    fix: values.fix,
  }
}
