import { FilterHeadersStatus, LogLevel } from '../../assembly/proxy/abi.ts'
import type { HeaderMap } from '../header-map.ts'
import type { LocalReply } from '../local-reply.ts'
import type { Vm } from '../vm.ts'

/** What vitest asks of a matcher. */
export interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

/** Headers, or anything that has some: the result of a phase, a local reply. */
export type WithHeaders = HeaderMap | { readonly headers: HeaderMap }

/** A stream, or the result of one of its phases. */
export interface WithReply {
  readonly localReply: LocalReply | undefined
}

/** The result of a headers, body or trailers callback. */
export type WithStatus = WithReply & { readonly status: number }

/** Passes when the filter lets the request or answer go on, and has not answered itself. */
function toContinue({ status, localReply }: WithStatus): Verdict {
  const pass = status === (FilterHeadersStatus.Continue as number) && localReply === undefined
  return {
    pass,
    message: () =>
      pass
        ? 'expected the filter not to continue'
        : `expected the filter to continue, but it returned status ${status}${replied(localReply)}`,
  }
}

/** Passes when the filter has answered itself, with this status and, if given, this body. */
function toReplyLocally({ localReply }: WithReply, status: number, body?: string): Verdict {
  const text = localReply === undefined ? undefined : Buffer.from(localReply.body).toString('utf8')
  const pass = localReply?.status === status && (body === undefined || text === body)
  const wanted = `${status}${body === undefined ? '' : ` with body ${JSON.stringify(body)}`}`
  const found =
    localReply === undefined
      ? 'there is no local reply'
      : `found ${localReply.status} with body ${JSON.stringify(text)}`
  return { pass, message: () => `expected ${pass ? 'no ' : ''}local reply ${wanted}; ${found}` }
}

/** Passes when there is a header of this name, and, if given, when its only entry has this value. */
function toHaveHeader(received: WithHeaders, name: string, value?: string | RegExp): Verdict {
  const headers = 'headers' in received ? received.headers : received
  const found = headers.all(name)
  const [first] = found
  const matches =
    value === undefined ||
    (found.length === 1 && (typeof value === 'string' ? first === value : value.test(first ?? '')))
  const pass = found.length > 0 && matches
  const wanted = `${JSON.stringify(name)}${value === undefined ? '' : `: ${String(value)}`}`
  const all = headers.toList().map(([each, text]) => `  ${each}: ${text}`)
  return {
    pass,
    message: () => [`expected ${pass ? 'no ' : ''}header ${wanted}; there are:`, ...all].join('\n'),
  }
}

/** Passes while the guest has not trapped. */
function toBeAlive(vm: Vm): Verdict {
  return {
    pass: vm.isAlive,
    message: () =>
      vm.isAlive
        ? 'expected the VM to be dead'
        : `expected the VM to be alive: ${vm.failure?.message ?? ''}\n${vm.failure?.stack ?? ''}`,
  }
}

/** Passes when a line was logged that contains the text, or matches; at one level, or at any. */
function toHaveLogged(vm: Vm, text: string | RegExp, level?: LogLevel): Verdict {
  const lines = vm.logs.messages(level)
  const pass = lines.some((line) => (typeof text === 'string' ? line.includes(text) : text.test(line)))
  const at = level === undefined ? '' : ` at level ${LogLevel[level]}`
  return {
    pass,
    message: () =>
      [
        `expected ${pass ? 'no ' : 'a '}line${at} with ${String(text)}; logged:`,
        ...lines.map((line) => `  ${line}`),
      ].join('\n'),
  }
}

/** Passes when a counter has this value; a counter that no guest has defined is 0. */
function toHaveCounter(vm: Vm, name: string, value: number | bigint): Verdict {
  const found = vm.metrics.counter(name)
  const pass = found === BigInt(value)
  return {
    pass,
    message: () =>
      `expected counter ${JSON.stringify(name)} ${pass ? 'not ' : ''}to be ${value}; it is ${found}\n${String(vm.metrics)}`,
  }
}

function replied(reply: LocalReply | undefined): string {
  return reply === undefined ? '' : `, with the local reply ${reply.status} (${reply.details})`
}

/** For `expect.extend`; importing `mooring/host/vitest` has done it already. */
export const matchers = { toContinue, toReplyLocally, toHaveHeader, toBeAlive, toHaveLogged, toHaveCounter }
