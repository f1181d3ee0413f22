import { existsSync } from 'node:fs'
import { exitOnBrokenPipe } from '../tools/broken-pipe.ts'
import { withProgress } from '../tools/progress.ts'
import { BUILT_FILTER } from './built-filter.ts'
import { chooseIngress } from './choose-ingress.ts'
import { judge } from './claims.ts'
import type { IngressKind } from './ingress.ts'
import { UsageError } from '../tools/usage-error.ts'
import { DEMO_HELP, readOptions, type DemoOptions } from './options.ts'
import { POD_NAMES } from './replica.ts'
import { runAsJson } from './report/json.ts'
import { styleFor } from '../tools/style.ts'
import { runAsText } from './report/text.ts'
import { runScenario, type Run, type RunOptions, type Scenario } from './scenario.ts'

const say = (line: string) => process.stderr.write(`${line}\n`)
const print = (text: string) => process.stdout.write(`${text}\n`)

/**
 * The seed is shown three times: one client request by request, a few side by side, and a crowd. Where requests
 * scatter at random there are enough of them that all reaching one pod (3^-57) is out of the question.
 */
function sizesOf(scenario: Scenario, { requests }: DemoOptions): readonly Omit<RunOptions, 'wasm'>[] {
  if (scenario.id === 'httpCookie') {
    return [
      { clients: 1, requests },
      { clients: 3, requests },
      { clients: 100, requests: 20 },
    ]
  }
  return [{ clients: 3, requests: scenario.expected === 'scattered' ? Math.max(requests, 20) : requests }]
}

async function* runs(kind: IngressKind, options: DemoOptions): AsyncGenerator<Run> {
  for (const scenario of options.scenarios) {
    for (const size of sizesOf(scenario, options)) {
      yield await withProgress(
        `${scenario.id} with ${size.clients} ${size.clients === 1 ? 'client' : 'clients'}`,
        () => runScenario(kind, scenario, { wasm: BUILT_FILTER, ...size }),
        say,
      )
    }
  }
}

async function demo(options: DemoOptions): Promise<boolean> {
  if (options.scenarios.some(({ filter }) => filter) && !existsSync(BUILT_FILTER)) {
    throw new UsageError('build/mooring.wasm is not there: run make build first')
  }
  const kind = await chooseIngress(options, say)
  const style = styleFor(process.stdout, process.env)
  const text = options.format === 'text'
  const finished: Run[] = []

  if (text) {
    print(style.bold(`Mooring in ${kind.name}, in front of ${POD_NAMES.length} replicas`))
    for (const pod of POD_NAMES) print(`  ${pod}`)
    print('')
  }
  for await (const run of runs(kind, options)) {
    finished.push(run)
    if (text) print(runAsText(run, { style, verbose: options.verbose }))
  }

  const claims = finished.flatMap(judge)
  const broken = claims.filter(({ holds }) => !holds)
  if (text) {
    print(
      broken.length === 0
        ? style.good(`All ${claims.length} claims hold, in ${kind.name}.`)
        : style.bad(`${broken.length} of ${claims.length} claims do not hold, in ${kind.name}.`),
    )
  } else {
    print(JSON.stringify({ gateway: kind.name, holds: broken.length === 0, runs: finished.map(runAsJson) }))
  }
  return broken.length === 0
}

exitOnBrokenPipe()
try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) print(DEMO_HELP.trimEnd())
  else process.exitCode = (await demo(options)) ? 0 : 1
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  say(`${error.message}\nFor help: node build/js/demo/main.js --help`)
  process.exitCode = 2
}
