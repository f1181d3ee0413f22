/** What holds for every request, whatever the client, the host and the configuration do. */
import assert from 'node:assert/strict'
import {
  type Fault,
  Status,
  type HeaderEntry,
  type HeadersResult,
  type Stream,
  FilterHeadersStatus,
  type Vm,
} from '../../host/index.ts'
import { parseCookieValue } from '../../host/envoy/cookie.ts'
import type { Promises } from './promises.ts'
import { FORGED } from './request.ts'
import { DEBUG_TOKEN, SECRET, SIGNING_SECRETS } from './configuration.ts'

const HASHED = /^[A-Za-z0-9_-]{22}$/
const RAW = /^[!-~]{1,256}$/
const COOKIE_OCTETS = /^[!#-+\--:<-[\]-~]{1,128}$/
const ATTRIBUTES =
  /^(; (Max-Age=\d+|Path=\/[ -:<-~]*|Domain=[A-Za-z0-9.-]+|Secure|HttpOnly|SameSite=(Strict|Lax|None)|Partitioned))*$/
// Kinds, outcomes and a fingerprint: nothing that a client could have written.
const EXPLANATION =
  /^rule=(-|[a-z][a-z0-9-]{0,31})(; mode=shadow)?(; session=[a-z_]+)?(; key=[a-z_]+(; tried=([a-z_]+:(yielded|absent|malformed|too_large|unreadable),?)+)?(; fingerprint=[\w-]{8})?)?$/
const LOG_LINE = /^[ -~]{1,256}$/

// A request counts in one of these at most.
const SESSION_OUTCOMES = [
  'valid',
  'renewed',
  'minted',
  'replaced',
  'adopted',
  'none',
  'malformed',
  'domain_mismatch',
  'rejected',
  'read_only',
  'unreadable',
  'exhausted',
]

/** The statuses of our own replies, by what Envoy says of them. */
const REPLIES: Readonly<Record<string, number>> = {
  mooring_no_key: 400,
  mooring_session_refused: 403,
  mooring_cookies_unreadable: 431,
  mooring_write_refused: 503,
}

// Static data, policies of up to 1 MiB each, an arena of up to 8 MiB while configuring, pending streams.
const MEMORY_BOUND = 32 << 20
// Reads for conditions and 16 sources, twice, the removal of each key header, and a few writes.
const HOSTCALL_BOUND = 60

/** What a request was before the filter saw it, and what was refused meanwhile. */
export interface Before {
  readonly headers: readonly HeaderEntry[]
  readonly promises: Promises
  /** The hostcall that fails, if one does. */
  readonly fault: Fault | undefined
}

/** The VM runs, and nothing was said, written or kept that must not be. */
export function checkVm(vm: Vm): void {
  assert.equal(
    vm.failure,
    undefined,
    `the VM is dead: ${vm.failure?.message ?? ''}\n${vm.failure?.stack ?? ''}`,
  )
  assert.deepEqual(vm.violations, [], 'forbidden bytes were written into a header')
  assert.ok(vm.memory.size <= MEMORY_BOUND, `the memory grew to ${vm.memory.size} bytes`)
  for (const { message } of vm.logs.entries) {
    assert.match(message, LOG_LINE, 'a log line is short, printable ASCII')
    for (const secret of [SECRET, DEBUG_TOKEN, ...SIGNING_SECRETS])
      assert.ok(!message.includes(secret), 'a secret was logged')
  }
}

/** The request as it leaves the filter. */
export function checkRequest(result: HeadersResult, { headers, promises, fault }: Before): void {
  const after = result.headers.toList()
  assert.ok(result.hostcalls <= HOSTCALL_BOUND, `${result.hostcalls} hostcalls for one request`)
  if (result.status !== FilterHeadersStatus.Continue) {
    checkStopped(result, promises, fault?.hostcall)
    return
  }
  assert.equal(result.localReply, undefined)
  if (!isLie(fault)) checkToken(after, promises)
  const untouched = isSame(headers, after)
  const withoutToken = headers.filter(([name]) => name !== promises.tokenHeader)
  if (promises.shadow === 'all') {
    assert.ok(untouched || isSame(withoutToken, after), 'shadow changed the request')
    return
  }
  if (promises.shadow !== 'none' && (untouched || isSame(withoutToken, after))) return
  for (const name of promises.keyHeaders) checkKeyHeader(name, after, promises)
  checkCookies(headers, after, promises, isLie(fault))
  const others = (list: readonly HeaderEntry[]): readonly HeaderEntry[] =>
    list.filter(([name]) => name !== 'cookie' && !promises.mayRemove.includes(name))
  assert.deepEqual(others(after), others(headers), 'a header that is none of ours was changed')
}

/** Only for want of a key, or because a write was refused. */
function checkStopped({ localReply, rawStatus }: HeadersResult, promises: Promises, refused?: string): void {
  if (localReply === undefined) {
    assert.equal(refused, 'proxy_send_local_response', 'a request was stopped without a reply')
    assert.equal(rawStatus, FilterHeadersStatus.StopAllIterationAndWatermark)
    return
  }
  assert.equal(localReply.origin, 'guest')
  const { details, headers } = localReply
  // Clients of gRPC get their status in a header of its own.
  const status = headers.get('grpc-status') === undefined ? localReply.status : undefined
  assert.ok(status === undefined || status === REPLIES[details], `${localReply.status} for ${details}`)
  const may =
    details === 'mooring_no_key'
      ? promises.mayReject
      : promises.signed ||
        (details === 'mooring_write_refused' && refused === 'proxy_remove_header_map_value')
  assert.ok(may, `a reply without reason: ${details}`)
}

/** A valid token never passes on; in shadow, where nothing is changed, others do. */
function checkToken(after: readonly HeaderEntry[], { tokenHeader, shadow }: Promises): void {
  if (tokenHeader === undefined) return
  const left = valuesOf(after, tokenHeader)
  if (shadow === 'none') assert.deepEqual(left, [], 'a debug token passed on')
}

function checkKeyHeader(name: string, after: readonly HeaderEntry[], promises: Promises): void {
  const values = valuesOf(after, name)
  assert.ok(values.length <= (promises.mayWriteKey ? 1 : 0), `${values.length} entries of ${name}`)
  for (const value of values) {
    assert.notEqual(value, FORGED, `the client's ${name} survived`)
    assert.ok(HASHED.test(value) || RAW.test(value), `${JSON.stringify(value)} in ${name}`)
  }
}

/** Untouched, or one line with the session's cookie once, at its end, and well-formed. */
function checkCookies(
  before: readonly HeaderEntry[],
  after: readonly HeaderEntry[],
  promises: Promises,
  lied: boolean,
): void {
  const lines = valuesOf(after, 'cookie')
  if (isSame(valuesOf(before, 'cookie'), lines)) return
  assert.ok(lines.length <= 1, 'a rewritten Cookie header is one line')
  const [line = ''] = lines
  const name = promises.cookieNames.find(
    (candidate) => isOnlyCookie(line, candidate) || parseCookieValue([['cookie', line]], candidate) === '',
  )
  assert.ok(
    name !== undefined,
    `the Cookie line ${JSON.stringify(line.slice(-300))} has a session that is not at its end`,
  )
  for (const part of partsOf(valuesOf(before, 'cookie').join(';'))) {
    const isOurs = promises.cookieNames.includes(part.slice(0, part.indexOf('=')).trim())
    assert.ok(isOurs || lied || line.includes(part), `the cookie ${JSON.stringify(part)} was lost`)
  }
}

/** A host that says of a header that it is not there cannot expect it to be kept, or taken away. */
function isLie(fault: Fault | undefined): boolean {
  return fault?.hostcall === 'proxy_get_header_map_value' && fault.status === (Status.NotFound as number)
}

/** The session's cookie is the last of the line, well-formed, and the one that Envoy finds first. */
function isOnlyCookie(line: string, name: string): boolean {
  const separator = line.lastIndexOf(';')
  const last = separator < 0 ? line : line.slice(separator + 2)
  const value = last.slice(name.length + 1)
  if (!last.startsWith(`${name}=`) || !COOKIE_OCTETS.test(value)) return false
  return parseCookieValue([['cookie', line]], name) === value
}

function partsOf(line: string): string[] {
  return line
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.includes('='))
}

/**
 * What the filter added to an answer: at most one Set-Cookie, well-formed, and at most one explanation.
 *
 * @returns how many Set-Cookie it were
 */
export function checkAnswer(stream: Stream, before: readonly HeaderEntry[], promises: Promises): number {
  const after = stream.response?.toList() ?? []
  const caching = (list: readonly HeaderEntry[], is: boolean): readonly HeaderEntry[] =>
    list.filter(([name]) => (name === 'cache-control') === is)
  const others = caching(after, false)
  const othersBefore = caching(before, false)
  assert.ok(isSame(others.slice(0, othersBefore.length), othersBefore), 'the answer was changed')
  const added = others.slice(othersBefore.length)
  const deletions = added.filter((entry) => isDeletion(entry, promises))
  const cookies = added.filter((entry) => entry[0] === 'set-cookie' && !deletions.includes(entry))
  const explanations = added.filter(([header]) => header === 'x-mooring-debug')
  assert.equal(
    cookies.length + explanations.length + deletions.length,
    added.length,
    'another header was added',
  )
  if (promises.shadow === 'all') assert.deepEqual(cookies, [])
  assert.ok(cookies.length <= 1, `${cookies.length} Set-Cookie were added to the answer`)
  assert.ok(deletions.length <= 1, `${deletions.length} cookies were deleted`)
  for (const [, line] of cookies) checkSetCookie(line, promises)
  checkCaching(caching(before, true), caching(after, true), cookies.length > 0)
  assert.ok(explanations.length <= (promises.tokenHeader === undefined ? 0 : 1), 'nobody asked')
  for (const [, text] of explanations) assert.match(text, EXPLANATION)
  return cookies.length
}

/** An answer with our cookie says private or no-store; one that has none of ours may have been made private. */
function checkCaching(before: readonly HeaderEntry[], after: readonly HeaderEntry[], sets: boolean): void {
  const said = after.map(([, value]) => value.toLowerCase()).join(',')
  if (sets) assert.match(said, /private|no-store/, 'our cookie on an answer that caches may share')
  if (isSame(before, after)) return
  assert.equal(after.at(-1)?.[1].split(', ').at(-1), 'private', 'Cache-Control was changed to something else')
}

function isDeletion([name, line]: HeaderEntry, { adopted }: Promises): boolean {
  return name === 'set-cookie' && adopted.some((cookie) => line.startsWith(`${cookie}=; Max-Age=0; Path=/`))
}

function checkSetCookie(line: string, { cookieNames }: Promises): void {
  const name = cookieNames.find((candidate) => line.startsWith(`${candidate}=`))
  assert.ok(name !== undefined, `Set-Cookie of an unknown cookie: ${line}`)
  const end = line.includes('; ') ? line.indexOf('; ') : line.length
  const value = line.slice(name.length + 1, end)
  assert.match(value, COOKIE_OCTETS)
  assert.match(line.slice(end), ATTRIBUTES)
}

/** Every request is counted, its session and its key once at most, and what was set as often as it was. */
export function checkCounters(vm: Vm, requests: number, setCookies: number): void {
  const counts: Record<string, number> = {}
  for (const [name, value] of Object.entries(vm.metrics.all())) {
    const counter = name.slice(name.lastIndexOf('.mooring_') + '.mooring_'.length)
    counts[counter] = (counts[counter] ?? 0) + Number(value)
  }
  const sum = (prefix: string, except = ''): number =>
    Object.entries(counts).reduce(
      (total, [name, value]) => (name.startsWith(prefix) && name !== except ? total + value : total),
      0,
    )
  assert.equal(counts['requests'] ?? 0, requests)
  assert.equal(counts['cookie_set'] ?? 0, setCookies)
  const sessions = SESSION_OUTCOMES.reduce((total, name) => total + (counts[`session_${name}`] ?? 0), 0)
  assert.ok(sessions <= requests, 'a session counted twice')
  assert.ok(sum('key_', 'key_rejected') <= requests, 'a key counted twice')
  assert.ok((counts['key_rejected'] ?? 0) <= (counts['key_none'] ?? 0))
  const given = ['minted', 'replaced', 'valid', 'renewed', 'adopted'].map(
    (name) => counts[`session_${name}`] ?? 0,
  )
  const left = ['cookie_withheld', 'cookie_omitted'].map((name) => counts[name] ?? 0)
  assert.ok(setCookies + sumOf(left) <= sumOf(given))
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function valuesOf(list: readonly HeaderEntry[], name: string): string[] {
  return list.filter(([entry]) => entry === name).map(([, value]) => value)
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && JSON.stringify(a) === JSON.stringify(b)
}
