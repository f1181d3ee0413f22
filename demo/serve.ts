import { existsSync } from 'node:fs'
import { chooseIngress } from './choose-ingress.ts'
import { BUILT_FILTER } from './built-filter.ts'
import { canBind } from './loopback.ts'
import { readMesh, withHosts } from './mesh.ts'
import { parseCommandLine } from '../tools/command-line.ts'
import { UsageError } from '../tools/usage-error.ts'
import { scenarioOf } from './options.ts'
import { pageResponder } from './page.ts'
import { POD_NAMES, Replicas } from './replica.ts'

const HELP = `Usage: node build/js/demo/serve.js [options]      (make serve runs it without options)

Leaves the seed scenario running: three replicas behind a gateway with Mooring, at a local address for a browser
or curl. Ctrl-C ends it.

Options:
  --port N       where the gateway listens on 127.0.0.1; default 8080, 0 for any free port
  --only ID      another scenario of the demo, e.g. httpHeaderName
  --embedded     use the embedded host even where an Envoy can be had
  --help         this text

Examples:
  make serve
  make serve ARGS="--port 9000 --only maglev"
`

const say = (line: string) => process.stderr.write(`${line}\n`)

interface ServeOptions {
  readonly help: boolean
  readonly embedded: boolean
  readonly port: number
  readonly only: string
}

function readServeOptions(args: readonly string[]): ServeOptions {
  const { values } = parseCommandLine(args, {
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      embedded: { type: 'boolean', default: false },
      port: { type: 'string', default: '8080' },
      only: { type: 'string', default: 'httpCookie' },
    },
  })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError(`--port ${values.port}: expected a number from 0 to 65535`)
  }
  return { ...values, port }
}

async function serve(options: ServeOptions): Promise<void> {
  const scenario = scenarioOf(options.only)
  if (scenario.filter && !existsSync(BUILT_FILTER)) {
    throw new UsageError('build/mooring.wasm is not there: run make build first')
  }
  if (!(await canBind('127.0.0.1', options.port))) {
    throw new UsageError(`port ${options.port} is taken: choose another with --port, or 0 for any free one`)
  }
  const kind = await chooseIngress(options, say)
  // A browser on this machine asks for 127.0.0.1 and not for test.com.
  const mesh = withHosts(
    readMesh({ destinationRule: scenario.destinationRule, filter: scenario.filter }),
    '127.0.0.1',
    'localhost',
  )
  const { key } = mesh.destinationRule
  const counts = () => Object.fromEntries(replicas.all.map(({ name, log }) => [name, log.length]))
  const respond = pageResponder(key.kind === 'httpCookie' ? key.name : 'ISTIOID', counts)
  await using replicas = await Replicas.start(POD_NAMES, respond)
  await using ingress = await kind.start(mesh, {
    wasm: BUILT_FILTER,
    replicas: replicas.ports,
    port: options.port,
  })

  const address = `http://127.0.0.1:${ingress.port}/`
  process.stdout.write(
    `${scenario.title}, in ${kind.name}\n\n` +
      `  in a browser    ${address}\n` +
      `  or              curl -i -b cookies -c cookies ${address}\n\n` +
      `Ctrl-C ends it.\n`,
  )
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  say('\nstopping')
}

try {
  const options = readServeOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else await serve(options)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  say(`${error.message}\nFor help: node build/js/demo/serve.js --help`)
  process.exitCode = 2
}
