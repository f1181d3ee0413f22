/**
 * Names that a guest wants to know the addresses of (wasm.cc resolve_dns, context.cc onResolveDns).
 *
 *     guest ──envoy_resolve_dns──> DnsQueries.pending ──respond()──> envoy_on_resolve_dns, on the root context
 */
import { isIP, isIPv6, SocketAddress } from 'node:net'

import type { RootContext } from './context.ts'
import { addressText } from './envoy/address.ts'
import { HostUsageError } from './errors.ts'
import type { HeaderViolations } from './header-violations.ts'

/** Envoy counts from 1 and increments before it gives a token away. */
const BEFORE_FIRST_TOKEN = 1
const LONGEST_LABEL = 63
const LONGEST_NAME = 255
const NO_ANSWER: Uint8Array = new Uint8Array(0)

/** What queries need of their VM. */
export interface DnsHost {
  /** Runs now, or when the guest has returned if it is running. */
  whenIdle(action: () => void): void
  readonly violations: HeaderViolations
}

/** A query that a guest has begun by `envoy_resolve_dns`. */
export class DnsQuery {
  /** By which the guest knows it. */
  readonly token: number
  /** A byte string. */
  readonly name: string
  /** @internal */
  readonly root: RootContext
  private readonly queries: DnsQueries

  /** @internal */
  constructor(token: number, name: string, root: RootContext, queries: DnsQueries) {
    this.token = token
    this.name = name
    this.root = root
    this.queries = queries
  }

  /** Whether it can still be answered: false once it has been, or its plugin is gone. */
  get isPending(): boolean {
    return this.queries.pending.includes(this)
  }

  /**
   * The server answers: runs `envoy_on_resolve_dns` with the addresses, each with port 0 as Envoy has it.
   *
   * @param addresses IPv4 or IPv6, none for a name that does not exist: Envoy does not say that it does not
   * @param ttl seconds, of every address
   * @throws {HostUsageError} `callout_over`, `not_an_address`
   */
  respond(addresses: readonly string[], ttl = 0): void {
    this.queries.finish(this, encodeAnswer(addresses, ttl))
  }

  /**
   * No server answers: the guest gets size 0.
   *
   * @throws {HostUsageError} `callout_over`
   */
  fail(): void {
    this.queries.finish(this, NO_ANSWER)
  }
}

/** The DNS queries of one VM that have no answer. */
export class DnsQueries {
  private readonly open = new Set<DnsQuery>()
  private readonly hosts: Readonly<Record<string, readonly string[]>>
  private readonly host: DnsHost
  private lastToken = BEFORE_FIRST_TOKEN

  /** @internal */
  constructor(hosts: Readonly<Record<string, readonly string[]>>, host: DnsHost) {
    this.hosts = hosts
    this.host = host
  }

  /** What waits for an answer, oldest first. */
  get pending(): readonly DnsQuery[] {
    return [...this.open]
  }

  /**
   * The oldest query that waits for an answer, of all or for one name.
   *
   * @throws {HostUsageError} `no_callout`
   */
  query(name?: string): DnsQuery {
    for (const query of this.open) if (name === undefined || query.name === name) return query
    const of = name === undefined ? '' : ` for ${JSON.stringify(name)}`
    const others = this.pending.map((query) => JSON.stringify(query.name)).join(', ')
    throw new HostUsageError('no_callout', `no DNS query${of} is pending, only: ${others || 'nothing'}`)
  }

  /** @internal Wasm::nextDnsToken: used up even where there is no room for it. */
  nextToken(): number {
    return ++this.lastToken
  }

  /**
   * @internal What needs no server is answered before the hostcall returns: addresses themselves, the hosts file, and
   * names that cannot be asked for. Envoy enters the guest a second time for it.
   */
  begin(token: number, name: string, root: RootContext): void {
    const query = new DnsQuery(token, name, root, this)
    const answer = this.answerAtOnce(name)
    if (answer === undefined) this.open.add(query)
    else handOver(query, answer)
  }

  /** @internal */
  finish(query: DnsQuery, answer: Uint8Array): void {
    if (!this.open.delete(query)) {
      throw new HostUsageError(
        'callout_over',
        `the DNS query for ${JSON.stringify(query.name)} is over: it cannot be answered`,
      )
    }
    this.host.whenIdle(() => {
      handOver(query, answer)
    })
    this.host.violations.report()
  }

  /** @internal The root is deleted, and with it what it waited for. */
  cancelOf(root: RootContext): void {
    for (const query of this.open) if (query.root === root) this.open.delete(query)
  }

  private answerAtOnce(name: string): Uint8Array | undefined {
    if (isIP(name) !== 0) return encodeAnswer([name], 0)
    const known = Object.hasOwn(this.hosts, name) ? this.hosts[name] : undefined
    if (known !== undefined) return encodeAnswer(known, 0)
    return isMalformed(name) ? NO_ANSWER : undefined
  }
}

function handOver({ root, token }: DnsQuery, answer: Uint8Array): void {
  const { calloutResponse } = root
  const before = calloutResponse.dnsAnswer
  calloutResponse.dnsAnswer = answer
  root.calloutReturned('envoy_on_resolve_dns', [token, answer.length])
  calloutResponse.dnsAnswer = before
}

/** A name with a label that is empty or too long; one dot may end it (RFC 1035, section 2.3.4). */
function isMalformed(name: string): boolean {
  if (name === '') return false
  const labels = name.replace(/\.$/, '').split('.')
  return name.length > LONGEST_NAME || labels.some(({ length }) => length === 0 || length > LONGEST_LABEL)
}

/** Little endian: `u32 n; n × u32 TTL; n × (address, 0x00)`. */
function encodeAnswer(addresses: readonly string[], ttl: number): Uint8Array {
  const head = Buffer.alloc(4 + 4 * addresses.length)
  head.writeUInt32LE(addresses.length)
  const texts = addresses.map((address, i) => {
    head.writeUInt32LE(ttl, 4 + 4 * i)
    return `${withPort(address)}\0`
  })
  return Buffer.concat([head, Buffer.from(texts.join(''), 'latin1')])
}

/** In the shortest form, as Envoy prints an address: `[2001:db8::1]:0`. */
function withPort(address: string): string {
  if (isIP(address) === 0) {
    throw new HostUsageError(
      'not_an_address',
      `${JSON.stringify(address)} is no answer to a DNS query: expected an IPv4 or IPv6 address without a port`,
    )
  }
  if (!isIPv6(address)) return addressText(address, 0)
  return `[${new SocketAddress({ address, family: 'ipv6' }).address}]:0`
}
