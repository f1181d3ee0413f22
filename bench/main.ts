import { exitOnBrokenPipe } from '../tools/broken-pipe.ts'
import { parseCommandLine } from '../tools/command-line.ts'
import { findEnvoy } from '../tools/envoy.ts'
import { withProgress } from '../tools/progress.ts'
import { UsageError } from '../tools/usage-error.ts'
import {
  assertDoesItsJob,
  BASELINE,
  type Contender,
  MOORINGS,
  type RunningContender,
  rustContender,
  startContender,
} from './contender.ts'
import { Load } from './load.ts'
import { processorTime } from './processor-time.ts'
import { type Measured, report } from './report.ts'
import { calmest, type Round } from './round.ts'
import { buildRustPeer } from './rust-peer.ts'

const HELP = `Usage: node build/js/bench/main.js [options]      (make bench runs it without options)

Says what the filter costs: processor time that a real Envoy spends on a request with it, over the same Envoy
without. All run side by side; a round is one short block of requests to each in turn. Of all rounds the half counts
in which the Envoys waited least for a processor, since what else the machine does changes their cost. All are started
several times, since one process is faster than another of the same program for as long as it lives. Only compare
figures of one run.

  median, middle half   of the differences, block by block
  minima                the cheapest block over the cheapest one without a filter
  x Rust                median over the median of a filter in the Rust SDK that does one thing: it finds the
                        session's cookie and writes it into the key header
  95 % of draws         where that ratio lies when starts and blocks are drawn anew, 2,000 times (bootstrap)

The chain is: claim, else tenant header and path, else session, hashed with a secret. All requests are alike, but
where the session wins x-region: west stands in place of x-tenant: acme. Each is first sent once, and the bench ends
where the upstream does not get the right key.

The Rust filter needs cargo and the target wasm32-unknown-unknown: rustup target add wasm32-unknown-unknown, or
Debian's packages rustc-web, cargo-web, rust-web-src and lld. Without them it is left out.

Options:
  --starts N     times that all Envoys are started; default 5
  --blocks N     blocks that count for each contender after each start; default 20
  --requests N   requests in a block; default 1000
  --help         this text

Examples:
  make bench
  make bench ARGS="--starts 10 --blocks 40"
`

interface Size {
  readonly starts: number
  readonly blocks: number
  readonly requests: number
}

const say = (line: string) => process.stderr.write(`${line}\n`)

/** Rounds that are run for each one that counts. */
const ROUNDS_FOR_ONE = 2

async function block(
  { envoy, port, job }: RunningContender,
  load: Load,
  requests: number,
): Promise<{ readonly cost: number; readonly waited: number }> {
  const before = processorTime(envoy.pid)
  await load.send(port, job.visit, requests)
  const after = processorTime(envoy.pid)
  const microseconds = (nanoseconds: number) => nanoseconds / requests / 1_000
  return {
    cost: microseconds(after.ran - before.ran),
    waited: microseconds(after.waited - before.waited),
  }
}

async function round(running: readonly RunningContender[], load: Load, requests: number): Promise<Round> {
  const blocks = []
  for (const contender of running) blocks.push(await block(contender, load, requests))
  return {
    costs: blocks.map(({ cost }) => cost),
    waited: Math.max(...blocks.map(({ waited }) => waited)),
  }
}

/** The rounds that count after one start of all contenders. */
async function measure(
  contenders: readonly Contender[],
  binary: string,
  { blocks, requests }: Size,
): Promise<readonly Round[]> {
  await using load = await Load.start()
  const running: RunningContender[] = []
  try {
    for (const contender of contenders) running.push(await startContender(contender, binary, load.upstream))
    for (const contender of running) await assertDoesItsJob(contender, load)
    // The first warms up: connections, and code that V8 compiles when it first runs.
    await round(running, load, requests)
    const rounds = []
    for (let i = 1; i <= blocks * ROUNDS_FOR_ONE; i++) rounds.push(await round(running, load, requests))
    // A filter that failed under way would have let requests pass for less.
    for (const contender of running) await assertDoesItsJob(contender, load)
    return calmest(rounds, blocks)
  } finally {
    await Promise.all(running.map(({ envoy }) => envoy.stop()))
  }
}

async function bench(size: Size): Promise<void> {
  const found = await findEnvoy({})
  if (!found.found) throw new UsageError(`no Envoy, and nothing else will do here: ${found.reason}`)
  const rust = await buildRustPeer()
  if (!rust.built) say(`left out: the Rust SDK, ${rust.reason}`)
  const references = rust.built ? [rustContender(rust.wasm)] : []
  const contenders = [BASELINE, ...references, ...MOORINGS]

  const { starts, blocks, requests } = size
  const rounds: Round[] = []
  for (let start = 1; start <= starts; start++) {
    const work = () => measure(contenders, found.binary, size)
    rounds.push(...(await withProgress(`start ${start} of ${starts}`, work)))
  }
  const waited = Math.max(...rounds.map((each) => each.waited)).toFixed(1)
  say(`in what counts no Envoy waited longer than ${waited} microseconds a request for a processor`)

  const measured = (contender: Contender): Measured => {
    const index = contenders.indexOf(contender)
    return { name: contender.name, costs: rounds.map(({ costs }) => costs[index] ?? 0) }
  }
  const [reference] = references.map(measured)
  process.stdout.write(
    `Envoy ${found.version}, one worker, ${starts} starts, ${blocks} blocks of ${requests} requests after each\n` +
      'microseconds of processor time for a request, over no filter\n\n',
  )
  for (const line of report(measured(BASELINE), reference, MOORINGS.map(measured), starts)) {
    process.stdout.write(`${line}\n`)
  }
}

function sizeFrom(args: readonly string[]): Size | 'help' {
  const { values } = parseCommandLine(args, {
    options: {
      starts: { type: 'string', default: '5' },
      blocks: { type: 'string', default: '20' },
      requests: { type: 'string', default: '1000' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    starts: atLeastOne('--starts', values.starts),
    blocks: atLeastOne('--blocks', values.blocks),
    requests: atLeastOne('--requests', values.requests),
  }
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
