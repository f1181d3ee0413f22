/** The filter as users run it, fed with what no client, host or operator should send: nothing traps, all promises hold. */
import assert from 'node:assert/strict'
import { expect, test } from 'vitest'
import {
  type HeaderEntry,
  HeaderMap,
  type Plugin,
  PluginRefusedError,
  type Stream,
  Vm,
  seededRandom,
} from '../../host/index.ts'
import { mooringModule } from '../filter/mooring.ts'
import { SECRET, configurationBytes } from './configuration.ts'
import { randomFault } from './faults.ts'
import { checkAnswer, checkRequest, checkVm } from './invariants.ts'
import { type Prng, SEED, TIME_LIMIT, caseCount, rounds } from './prng.ts'
import { PASS_THROUGH, type Promises, promisesOf } from './promises.ts'
import { randomAnswer, randomHeaders, randomProperties } from './request.ts'

const CASES = caseCount(14_000)

interface Running {
  readonly plugin: Plugin
  readonly promises: Promises
}

interface Open {
  readonly stream: Stream
  readonly promises: Promises
}

test(
  `${CASES} random requests, properties, configurations and refusals (seed ${SEED})`,
  { timeout: TIME_LIMIT },
  () => {
    let requests = 0
    let accepted = 0
    rounds('requests.test.ts', CASES, (prng) => {
      const vm = newVm(prng)
      const plugins: Running[] = []
      let cases = 0
      for (let more = 1 + prng.below(3); more > 0; more--) {
        cases++
        const running = start(prng, vm)
        if (running !== undefined) plugins.push(running)
      }
      accepted += plugins.length
      if (plugins.length > 0) {
        const count = 4 + prng.below(24)
        runStreams(prng, vm, plugins, count)
        requests += count
        cases += count
      }
      stopAll(vm, plugins)
      return cases
    })
    if (process.env['MOORING_ROUND'] === undefined) {
      expect(requests).toBeGreaterThan(CASES / 2)
      expect(accepted).toBeGreaterThan(CASES / 50)
    }
  },
)

function newVm(prng: Prng): Vm {
  const environment: Record<string, string> = { OTHER: 'x' }
  if (!prng.onceIn(20)) environment['MOORING_HASH_SECRET'] = SECRET
  if (prng.onceIn(6)) environment['MOORING_ON_BAD_CONFIG'] = prng.pick(['passThrough', 'reject', 'maybe'])
  return new Vm(mooringModule, { environment, random: seededRandom(prng.word()) })
}

/** Starts a plugin; undefined if it was refused, which has to have a reason. */
function start(prng: Prng, vm: Vm): Running | undefined {
  const { bytes, valid } = configurationBytes(prng)
  const fault = prng.onceIn(5) ? randomFault(prng) : undefined
  const faulty = fault !== undefined
  if (faulty) vm.inject(fault)
  const logged = vm.logs.entries.length
  let plugin: Plugin | undefined
  try {
    plugin = vm.startPlugin({ rootId: 'mooring', configuration: bytes })
  } catch (error) {
    if (!(error instanceof PluginRefusedError) || error.code !== 'configure_failed') throw error
  }
  vm.clearFaults()
  checkVm(vm)
  const lines = vm.logs.messages().slice(logged)
  const secretMissing = lines.some((line) => line.startsWith('secret_missing'))
  if (plugin === undefined) {
    assert.ok(lines.length > 0 || faulty, 'refused without a word')
    assert.ok(
      !valid || faulty || secretMissing,
      `refused though valid: ${lines.join('; ')}\n${Buffer.from(bytes).toString()}`,
    )
    return undefined
  }
  if (fault?.hostcall === 'proxy_log') {
    // Whether it passes everything through cannot be known.
    plugin.stop()
    return undefined
  }
  return { plugin, promises: passesThrough(lines) ? PASS_THROUGH : promisesOf(parsed(bytes)) }
}

function passesThrough(lines: readonly string[]): boolean {
  return lines.some((line) => line.includes('passing everything through'))
}

/** What the filter accepts is JSON to others too. */
function parsed(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return JSON.parse(textOf(bytes)) as Readonly<Record<string, unknown>>
}

/** @throws {TypeError} when it is not UTF-8 */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

function runStreams(prng: Prng, vm: Vm, plugins: Running[], count: number): void {
  const open: Open[] = []
  for (let i = 0; i < count; i++) {
    open.push(request(prng, vm, prng.pick(plugins)))
    if (prng.onceIn(10)) vm.advance(1000)
    while (open.length > 0 && (open.length > 4 || prng.onceIn(2))) {
      const [next] = open.splice(prng.below(open.length), 1)
      if (next !== undefined) finish(prng, vm, next)
    }
  }
  for (const left of open) finish(prng, vm, left)
}

function request(prng: Prng, vm: Vm, { plugin, promises }: Running): Open {
  const headers = new HeaderMap('request', randomHeaders(prng)).toList()
  const properties = randomProperties(prng)
  const fault = prng.onceIn(3) ? randomFault(prng) : undefined
  const logged = vm.logs.entries.length
  const stream = plugin.stream({ headers, properties })
  try {
    // A stream that never reaches the filter ends all the same.
    if (prng.onceIn(40)) return { stream, promises }
    if (fault !== undefined) vm.inject(fault)
    const result = stream.requestHeaders({ endOfStream: prng.onceIn(2) })
    checkVm(vm)
    checkRequest(result, { headers, promises, fault })
    assert.equal(vm.logs.entries.length, logged, 'a request was logged')
  } catch (error) {
    const shown = JSON.stringify({ headers, properties, fault }, shortened)
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${shown}`, { cause: error })
  } finally {
    vm.clearFaults()
  }
  return { stream, promises }
}

function finish(prng: Prng, vm: Vm, { stream, promises }: Open): void {
  const faulty = prng.onceIn(6)
  if (faulty) vm.inject(randomFault(prng))
  if (stream.response === undefined && !prng.onceIn(6)) {
    const { headers, details } = randomAnswer(prng)
    const before: HeaderEntry[] = new HeaderMap('response', headers).toList()
    stream.responseHeaders({ headers, details })
    checkAnswer(stream, before, details, promises)
  }
  stream.end()
  vm.clearFaults()
  checkVm(vm)
}

function stopAll(vm: Vm, plugins: readonly Running[]): void {
  for (const { plugin } of plugins) plugin.stop()
  assert.equal(vm.openStreams, 0)
  checkVm(vm)
}

function shortened(_: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > 300
    ? `${value.slice(0, 300)}... (${value.length})`
    : value
}
