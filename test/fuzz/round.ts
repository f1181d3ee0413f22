/** One VM's life: plugins start, some are replaced, streams pass and interleave; everything is checked as it happens. */
import assert from 'node:assert/strict'
import {
  type Fault,
  type HeaderEntry,
  HeaderMap,
  type Plugin,
  PluginRefusedError,
  type Stream,
  Vm,
  seededRandom,
} from '../../host/index.ts'
import { mooringModule } from '../filter/mooring.ts'
import { DEBUG_TOKEN, SECRET, SIGNING_SECRETS, configurationBytes } from './configuration.ts'
import { damagedText } from './damage.ts'
import { randomFault } from './faults.ts'
import { checkAnswer, checkCounters, checkRequest, checkVm } from './invariants.ts'
import type { Prng } from './prng.ts'
import { PASS_THROUGH, type Promises, promisesOf } from './promises.ts'
import { randomAnswer, randomHeaders, randomProperties, randomProxy } from './request.ts'

const MOST_OPEN = 4

interface Running {
  readonly plugin: Plugin
  readonly promises: Promises
}

interface Open {
  readonly stream: Stream
  readonly promises: Promises
}

export class Round {
  /** Plugins that were accepted, and requests that were sent. */
  accepted = 0
  requests = 0
  private started = 0
  private setCookies = 0
  private readonly jar: string[] = []
  private readonly prng: Prng
  private readonly vm: Vm
  /** No hostcall is refused, so that what was counted can be counted after. */
  private readonly calm: boolean
  private readonly plugins: Running[] = []

  constructor(prng: Prng) {
    this.prng = prng
    this.calm = prng.onceIn(3)
    const environment: Record<string, string> = { OTHER: 'x' }
    if (!prng.onceIn(20)) environment['MOORING_HASH_SECRET'] = SECRET
    if (!prng.onceIn(20)) environment['MOORING_DEBUG_TOKEN'] = DEBUG_TOKEN
    for (const [i, secret] of SIGNING_SECRETS.entries())
      if (!prng.onceIn(20)) environment[`MOORING_SIGNING_${i + 1}`] = secret
    if (prng.onceIn(6)) environment['MOORING_ON_BAD_CONFIG'] = prng.pick(['passThrough', 'reject', 'maybe'])
    this.vm = new Vm(mooringModule, { environment, random: seededRandom(prng.word()) })
  }

  /** @returns how many cases it was: configurations and requests */
  run(): number {
    const { prng, plugins } = this
    for (let more = 1 + prng.below(3); more > 0; more--) this.start()
    if (plugins.length > 0) this.pass(4 + prng.below(24))
    while (plugins.length > 0) this.stop()
    assert.equal(this.vm.openStreams, 0)
    checkVm(this.vm)
    if (this.calm) checkCounters(this.vm, this.requests, this.setCookies)
    return this.started + this.requests
  }

  /** Streams of all plugins, a few of them open at a time; now and then a plugin gives way to another. */
  private pass(count: number): void {
    const { prng, plugins, vm } = this
    const open: Open[] = []
    for (let i = 0; i < count && plugins.length > 0; i++) {
      open.push(this.request(prng.pick(plugins)))
      if (prng.onceIn(10)) vm.advance(prng.pick([1000, 1000, 90_000, 1_000_000]))
      if (prng.onceIn(20)) {
        this.start()
        this.stop()
      }
      while (open.length > 0 && (open.length > MOST_OPEN || prng.onceIn(2))) {
        const [next] = open.splice(prng.below(open.length), 1)
        if (next !== undefined) this.finish(next)
      }
    }
    for (const left of open) this.finish(left)
  }

  /** Starts a plugin. If it is refused, that has to have a reason. */
  private start(): void {
    const { prng, vm } = this
    this.started++
    const { bytes, valid } = configurationBytes(prng)
    const fault = this.fault(5)
    const logged = vm.logs.entries.length
    let plugin: Plugin | undefined
    try {
      plugin = vm.startPlugin({
        // Two names: those of the other are neighbours, for whom requests are marked.
        name: prng.pick(['shop.mooring', 'istio-system.mooring']),
        rootId: 'mooring',
        configuration: bytes,
        properties: randomProxy(prng),
      })
    } catch (error) {
      if (!(error instanceof PluginRefusedError) || error.code !== 'configure_failed') throw error
    }
    vm.clearFaults()
    checkVm(vm)
    const lines = vm.logs.messages().slice(logged)
    if (plugin === undefined) {
      const secretMissing = lines.some((line) => line.startsWith('secret_missing'))
      const faulty = fault !== undefined
      assert.ok(lines.length > 0 || faulty, 'refused without a word')
      const shown = Buffer.from(bytes).toString()
      assert.ok(!valid || faulty || secretMissing, `refused though valid: ${lines.join('; ')}\n${shown}`)
    } else if (fault?.hostcall === 'proxy_log') {
      // Whether it passes everything through cannot be known.
      plugin.stop()
    } else {
      this.accepted++
      this.plugins.push({ plugin, promises: passesThrough(lines) ? PASS_THROUGH : promisesOf(parsed(bytes)) })
    }
  }

  /** Stops the oldest plugin; its streams finish. */
  private stop(): void {
    this.plugins.shift()?.plugin.stop()
  }

  private request({ plugin, promises }: Running): Open {
    const { prng, vm } = this
    const headers = new HeaderMap('request', [...randomHeaders(prng), ...this.held()]).toList()
    const properties = randomProperties(prng)
    const logged = vm.logs.entries.length
    const stream = plugin.stream({ headers, properties })
    // A stream that never reaches the filter ends all the same.
    if (prng.onceIn(40)) return { stream, promises }
    this.requests++
    const fault = this.fault(3)
    try {
      const result = stream.requestHeaders({ endOfStream: prng.onceIn(2) })
      checkVm(vm)
      checkRequest(result, { headers, promises, fault })
      // A reply of the filter's own goes the way of an answer too.
      this.setCookies += (result.localReply?.headers.all('set-cookie') ?? []).filter(
        (line) => !line.includes('=; Max-Age=0; '),
      ).length
      assert.equal(vm.logs.entries.length, logged, 'a request was logged')
    } catch (error) {
      const shown = JSON.stringify({ headers, properties, fault }, shortened)
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${shown}`, { cause: error })
    } finally {
      vm.clearFaults()
    }
    return { stream, promises }
  }

  private finish({ stream, promises }: Open): void {
    const { prng, vm } = this
    this.fault(6)
    if (stream.response === undefined && !prng.onceIn(6)) {
      const { headers, details } = randomAnswer(prng)
      const before: HeaderEntry[] = new HeaderMap('response', headers).toList()
      const { headers: answer } = stream.responseHeaders({ headers, details })
      this.setCookies += checkAnswer(stream, before, promises)
      for (const [name, value] of answer.toList())
        if (name === 'set-cookie') this.jar.push(value.split(';')[0] ?? '')
    }
    stream.end()
    vm.clearFaults()
    checkVm(vm)
  }

  /** Now and then a cookie that some plugin has set, as it was or damaged. */
  private held(): HeaderEntry[] {
    const { prng, jar } = this
    if (jar.length === 0 || prng.onceIn(3)) return []
    const cookie = prng.pick(jar)
    return [['cookie', prng.onceIn(3) ? damagedText(prng, cookie) : cookie]]
  }

  /** Arms a refusal once in so many times. */
  private fault(times: number): Fault | undefined {
    if (this.calm || !this.prng.onceIn(times)) return undefined
    const fault = randomFault(this.prng)
    this.vm.inject(fault)
    return fault
  }
}

function passesThrough(lines: readonly string[]): boolean {
  return lines.some((line) => line.includes('passing everything through'))
}

/** What the filter accepts is UTF-8 and JSON to others too. */
function parsed(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  return JSON.parse(text) as Readonly<Record<string, unknown>>
}

function shortened(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'string' && value.length > 300
    ? `${value.slice(0, 300)}... (${value.length})`
    : value
}
