import { cpus, release, type } from 'node:os'
import { exitOnBrokenPipe } from '../tools/broken-pipe.ts'
import { parseCommandLine } from '../tools/command-line.ts'
import { findEnvoy } from '../tools/envoy.ts'
import { withProgress } from '../tools/progress.ts'
import { UsageError } from '../tools/usage-error.ts'
import type { ConditionsSize } from './conditions/conditions.ts'
import { conditionLines } from './conditions/page.ts'
import { publishConditions } from './conditions/publish.ts'
import type { LoadTool } from './conditions/load-tool.ts'
import { LOAD_TOOLS, loadTool, type LoadToolName } from './conditions/load-tools.ts'
import { runConditions } from './conditions/run.ts'
import {
  BASELINE,
  type Contender,
  contendersFor,
  COPIES,
  EMPTY,
  FLOOR,
  MOORING,
  type PeerModules,
  RUST,
  RUST_COOKIE,
} from './contender.ts'
import { type Job, jobsAt } from './jobs.ts'
import { measure, type Size } from './measure.ts'
import { assembleCallsAlone, assemblePeer, buildAssemblyScriptPeer, buildRustPeer } from './peers.ts'
import { publish } from './publish.ts'
import { report } from './report.ts'
import { jobResult, type JobResult, type RunResult } from './result.ts'
import type { Round } from './round.ts'

const HELP = `Usage: node build/js/bench/main.js [options]      (make bench runs it with --publish)

Says what the filter costs, job by job: processor time that a real Envoy spends on a request with it, over the same
Envoy without. All contenders of a job stand in one Envoy, each behind a listener of its own; a round is one short block
of requests to each, in an order that is drawn. Of all rounds the half counts in which Envoy waited least for a processor,
since what else the machine does changes its cost. It is started several times, since one process is faster than another
of the same program for as long as it lives. Only compare figures of one run and one job.

  median, middle half   of the differences to no filter, block by block
  minima                the cheapest block over the cheapest one without a filter
  x floor               median over the median of a Wasm filter that reads one header and writes one, and no more
  x Rust                median over the median of the same work in the Rust SDK
  x Rust's cookie       in job l: over the median of a filter of the Rust SDK that copies the session's cookie, and no more
  95 % of draws         where the number before it lies when starts and blocks are drawn anew, 2,000 times (bootstrap)

Mooring's calls alone are a filter that makes the hostcalls of Mooring in its callbacks, and does nothing else: what is
between it and Mooring is Mooring's own work, the rest Envoy's price.

A contender has a place in the jobs that it can do. Each is first asked once, and the bench ends where its upstream or
its client does not get what the job is for: a filter that failed to load would look cheap.

The Rust filters need cargo and the target wasm32-unknown-unknown: rustup target add wasm32-unknown-unknown, or
Debian's packages rustc-web, cargo-web, rust-web-src and lld. Without them they are left out.

After the jobs come conditions, all with job (a): other streams that are open, several plugins in one proxy, start-up and
memory, configurations replaced under load, latency at a fixed rate and throughput. For the last two h2load sends, which
Debian has in nghttp2-client; where it is not there undici does, a client of npm, which takes more of the machine.

Options:
  --jobs LETTERS  which jobs; default abcdefghijkl
  --conditions    the conditions, and no job unless --jobs names some
  --starts N      times that the Envoy of a job is started; default 10
  --blocks N      blocks that count for each contender after each start; default 20
  --requests N    requests in a block; default 100
  --open N        the most streams that are open; default 10000
  --rate N        requests a second of the load at a fixed rate; default 2000
  --seconds N     how long each load lasts; default 10
  --load TOOL     what sends it: h2load or undici; default h2load where it is there
  --quick         jobs a, b and d, five starts, at most five contenders
  --publish       jobs and conditions, or --conditions alone: write bench/results, docs/performance.md and its pictures;
                  not with --quick or --jobs
  --help          this text

Examples:
  make bench
  make bench QUICK=1
  make bench ARGS="--jobs a --starts 10 --blocks 40"
  make bench ARGS="--conditions --publish"
`

interface Order extends ConditionsSize {
  readonly letters: string
  readonly conditions: boolean
  readonly quick: boolean
  readonly publish: boolean
  /** What sends the load; undefined: what is there. */
  readonly load: LoadToolName | undefined
}

const say = (line: string) => process.stderr.write(`${line}\n`)

/** At most five of a job: the ones that Mooring has to be beside or below. */
const QUICK = new Set([BASELINE, EMPTY, FLOOR, RUST, RUST_COOKIE, MOORING])

async function bench(order: Order): Promise<void> {
  const tool = await loadTool(order.load)
  const found = await findEnvoy({})
  if (!found.found) throw new UsageError(`no Envoy, and nothing else will do here: ${found.reason}`)
  const date = new Date()
  const now = Math.floor(date.getTime() / 1000)
  const all = jobsAt(now)
  const jobs = all.filter(({ letter }) => order.letters.includes(letter))
  const { modules, leftOut } = await buildPeers(jobs, now)
  for (const line of leftOut) say(`left out: ${line}`)
  const about = { date: date.toISOString(), machine: machine(), envoy: found.version }
  if (jobs.length > 0) await benchJobs(order, jobs, modules, found.binary, { ...about, leftOut })
  if (order.conditions) await benchConditions(order, all, modules, found.binary, tool, { ...about, leftOut })
}

/** What a result says of its run. */
type About = Pick<RunResult, 'date' | 'machine' | 'envoy' | 'leftOut'>

async function benchJobs(
  order: Order,
  jobs: readonly Job[],
  modules: PeerModules,
  binary: string,
  about: About,
): Promise<void> {
  const { starts, blocks, requests } = order
  process.stdout.write(
    `Envoy ${about.envoy}, one worker, ${starts} starts, ${blocks} blocks of ${requests} requests after each\n` +
      'microseconds of processor time for a request, over no filter\n',
  )
  const results: JobResult[] = []
  for (const job of jobs) {
    const contenders = contendersFor(job, modules).filter(({ name }) => !order.quick || QUICK.has(name))
    const result = await measureJob(job, contenders, binary, order)
    process.stdout.write(`\n${report(result).join('\n')}\n`)
    results.push(result)
  }
  if (!order.publish) return
  publish({ ...about, node: process.versions.node, starts, blocks, requests, jobs: results })
}

async function benchConditions(
  order: Order,
  jobs: readonly Job[],
  modules: PeerModules,
  binary: string,
  tool: LoadTool,
  about: About,
): Promise<void> {
  const [job] = jobs
  if (job === undefined) throw new Error('there is no job (a)')
  const { starts, blocks, requests, open, rate, seconds } = order
  const size = { starts, blocks, requests, open, rate, seconds }
  const run = { ...about, ...size, ...(await runConditions(job, modules, binary, size, tool)) }
  process.stdout.write(`\n${conditionLines(run).join('\n')}\n`)
  if (order.publish) publishConditions(run)
}

/** What the figures depend on. */
function machine(): string {
  const all = cpus()
  return `${all[0]?.model.trim() ?? 'unknown processor'}, ${all.length} processors, ${type()} ${release()}`
}

async function measureJob(
  job: Job,
  contenders: readonly Contender[],
  binary: string,
  size: Size,
): Promise<JobResult> {
  const rounds: Round[] = []
  for (let start = 1; start <= size.starts; start++) {
    const work = () => measure(job, contenders, binary, size, 'together')
    rounds.push(...(await withProgress(`(${job.letter}) start ${start} of ${size.starts}`, work)))
  }
  const waited = Math.max(...rounds.map((each) => each.waited)).toFixed(1)
  say(`in what counts no Envoy waited longer than ${waited} microseconds a request for a processor`)
  return jobResult(
    job,
    contenders.map(({ name }) => name),
    rounds,
    size.starts,
  )
}

/** What these jobs need, at the time `now`. */
async function buildPeers(
  jobs: readonly Job[],
  now: number,
): Promise<{ modules: PeerModules; leftOut: readonly string[] }> {
  const rustCookie = await buildRustPeer('rust-cookie')
  const rustSession = rustCookie.built ? await buildRustPeer('rust-session') : rustCookie
  // Its compiler takes seconds.
  const assemblyScript = jobs.some(({ letter }) => COPIES.has(letter))
    ? await buildAssemblyScriptPeer()
    : undefined
  const leftOut = [
    ...(rustSession.built ? [] : [`the Rust SDK, ${rustSession.reason}`]),
    ...(assemblyScript?.built === false ? [`the AssemblyScript SDK, ${assemblyScript.reason}`] : []),
  ]
  const modules = {
    empty: assemblePeer('empty'),
    floor: assemblePeer('floor'),
    callsAlone: assembleCallsAlone(jobs, now),
    rustCookie: rustCookie.built ? rustCookie.wasm : undefined,
    rustSession: rustSession.built ? rustSession.wasm : undefined,
    assemblyScript: assemblyScript?.built === true ? assemblyScript.wasm : undefined,
  }
  return { modules, leftOut }
}

function orderFrom(args: readonly string[]): Order | 'help' {
  const { values } = parseCommandLine(args, {
    options: {
      jobs: { type: 'string' },
      conditions: { type: 'boolean', default: false },
      starts: { type: 'string' },
      blocks: { type: 'string', default: '20' },
      requests: { type: 'string', default: '100' },
      open: { type: 'string', default: '10000' },
      rate: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '10' },
      load: { type: 'string' },
      quick: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const letters = values.jobs ?? (values.conditions ? '' : values.quick ? 'abd' : 'abcdefghijkl')
  if (values.jobs !== undefined && !/^[a-l]+$/.test(letters))
    throw new UsageError(`--jobs ${letters}: expected letters from a to l`)
  if (values.publish && (values.quick || values.jobs !== undefined)) {
    throw new UsageError('--publish: expected neither --quick nor --jobs, since the page shows all of them')
  }
  return {
    letters,
    conditions: values.conditions || values.publish,
    quick: values.quick,
    publish: values.publish,
    starts: atLeastOne('--starts', values.starts ?? (values.quick ? '5' : '10')),
    blocks: atLeastOne('--blocks', values.blocks),
    requests: atLeastOne('--requests', values.requests),
    open: atLeastOne('--open', values.open),
    rate: atLeastOne('--rate', values.rate),
    seconds: atLeastOne('--seconds', values.seconds),
    load: values.load === undefined ? undefined : toolNamed(values.load),
  }
}

function toolNamed(text: string): LoadToolName {
  const found = LOAD_TOOLS.find((each) => each === text)
  if (found === undefined) throw new UsageError(`--load ${text}: expected ${LOAD_TOOLS.join(' or ')}`)
  return found
}

function atLeastOne(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`${option} ${text}: expected a whole number from 1`)
  return value
}

exitOnBrokenPipe()
try {
  const order = orderFrom(process.argv.slice(2))
  if (order === 'help') process.stdout.write(HELP)
  else await bench(order)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  say(`${error.message}\nFor help: node build/js/bench/main.js --help`)
  process.exitCode = 2
}
