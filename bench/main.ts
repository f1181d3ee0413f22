import { table } from '../demo/report/table.ts'
import { exitOnBrokenPipe } from '../tools/broken-pipe.ts'
import { parseCommandLine } from '../tools/command-line.ts'
import { findEnvoy } from '../tools/envoy.ts'
import { UsageError } from '../tools/usage-error.ts'
import { CONTENDERS, type RunningContender, startContender } from './contender.ts'
import { Load } from './load.ts'
import { pairedCost } from './paired.ts'
import { processorTime } from './processor-time.ts'

const HELP = `Usage: node build/js/bench/main.js [options]      (make bench runs it without options)

Says what the filter costs: processor time that a real Envoy spends on a request with it, over the same Envoy
without. All run side by side; short blocks of requests go to each in turn. Only compare figures of one run.

Options:
  --blocks N     blocks for each contender; default 20
  --requests N   requests in a block; default 1000
  --help         this text

Examples:
  make bench
  make bench ARGS="--blocks 40"
`

interface Size {
  readonly blocks: number
  readonly requests: number
}

const say = (line: string) => process.stderr.write(`${line}\n`)

/** Microseconds of processor time for each request of a block. */
async function block({ envoy, port }: RunningContender, load: Load, requests: number): Promise<number> {
  const before = processorTime(envoy.pid)
  await load.send(port, requests)
  return (processorTime(envoy.pid) - before) / requests / 1_000
}

async function measure(running: readonly RunningContender[], load: Load, { blocks, requests }: Size) {
  const costs = running.map((): number[] => [])
  // The first block of each warms it up: connections, and code that V8 compiles when it first runs.
  for (const contender of running) await block(contender, load, requests)
  for (let i = 1; i <= blocks; i++) {
    for (const [index, contender] of running.entries()) {
      costs[index]?.push(await block(contender, load, requests))
    }
    say(`block ${i} of ${blocks}`)
  }
  return costs
}

async function bench(size: Size): Promise<void> {
  const found = await findEnvoy({})
  if (!found.found) throw new UsageError(`no Envoy, and nothing else will do here: ${found.reason}`)
  await using load = await Load.start()
  const running: RunningContender[] = []
  try {
    for (const contender of CONTENDERS) {
      running.push(await startContender(contender, found.binary, load.upstream))
    }
    const [baseline = [], ...others] = await measure(running, load, size)
    const rows = others.map((costs, i) => {
      const { median, quartiles } = pairedCost(costs, baseline)
      return [
        CONTENDERS[i + 1]?.name ?? '',
        median.toFixed(1),
        quartiles.map((value) => value.toFixed(1)).join(' to '),
      ]
    })
    const heading = `Envoy ${found.version}, one worker, ${size.blocks} blocks of ${size.requests} requests`
    process.stdout.write(`${heading}\nmicroseconds of processor time for a request, over no filter\n\n`)
    for (const line of table(
      [
        { heading: 'configuration' },
        { heading: 'median', align: 'right' },
        { heading: 'middle half', align: 'right' },
      ],
      rows,
    )) {
      process.stdout.write(`${line}\n`)
    }
  } finally {
    await Promise.all(running.map(({ envoy }) => envoy.stop()))
  }
}

function sizeFrom(args: readonly string[]): Size | 'help' {
  const { values } = parseCommandLine(args, {
    options: {
      blocks: { type: 'string', default: '20' },
      requests: { type: 'string', default: '1000' },
      help: { type: 'boolean', default: false },
    },
  })
  return values.help
    ? 'help'
    : { blocks: atLeastOne('--blocks', values.blocks), requests: atLeastOne('--requests', values.requests) }
}

function atLeastOne(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`${option} ${text}: expected a whole number from 1`)
  return value
}

exitOnBrokenPipe()
try {
  const size = sizeFrom(process.argv.slice(2))
  if (size === 'help') process.stdout.write(HELP)
  else await bench(size)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  say(`${error.message}\nFor help: node build/js/bench/main.js --help`)
  process.exitCode = 2
}
