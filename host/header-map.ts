import { isByteString, notAByteString } from './byte-text.ts'
import type { HeaderEntry } from './envoy/header-list.ts'

/**
 * Headers of which Envoy keeps one entry, appending a further value to it with a comma (http/header_map.h,
 * INLINE_REQ_*, INLINE_RESP_*; header_map_impl.cc insertByKey). `cookie` and `set-cookie` are not among them.
 */
const SINGLE_ENTRY: Readonly<Record<HeaderMapKind, ReadonlySet<string>>> = (() => {
  const both = [
    'connection',
    'content-length',
    'content-type',
    'keep-alive',
    'proxy-connection',
    'proxy-status',
    'transfer-encoding',
    'upgrade',
    'via',
    'x-envoy-decorator-operation',
    'x-request-id',
  ]
  const request = [
    ':authority',
    ':method',
    ':path',
    ':protocol',
    ':scheme',
    'expect',
    'grpc-timeout',
    'te',
    'user-agent',
    'x-client-trace-id',
    'x-envoy-downstream-service-cluster',
    'x-envoy-downstream-service-node',
    'x-envoy-external-address',
    'x-envoy-force-trace',
    'x-envoy-internal',
    'x-envoy-max-retries',
    'x-envoy-original-path',
    'x-envoy-retry-on',
    'x-envoy-upstream-alt-stat-name',
    'x-envoy-upstream-rq-timeout-ms',
    'x-forwarded-client-cert',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
  ]
  const response = [
    ':status',
    'date',
    'grpc-message',
    'grpc-status',
    'server',
    'x-envoy-degraded',
    'x-envoy-ratelimited',
    'x-envoy-upstream-canary',
    'x-envoy-upstream-healthchecked-cluster',
  ]
  return {
    request: new Set([...request, ...both]),
    response: new Set([...response, ...both]),
    trailers: new Set(),
  }
})()

export type HeaderMapKind = 'request' | 'response' | 'trailers'

/**
 * Headers as Envoy holds them: names in lower case, entries in order with pseudo headers first, `host` another
 * name of `:authority`, repeated names as separate entries. Names and values are byte strings.
 *
 * @example
 *     result.headers.get('x-mooring-key')     // the first value, undefined when absent
 *     result.headers.all('set-cookie')        // every value, in order
 *     [...result.headers]                     // [name, value] entries
 */
export class HeaderMap implements Iterable<HeaderEntry> {
  readonly kind: HeaderMapKind
  private names: string[] = []
  private values: string[] = []
  private pseudo = 0

  /** @throws {HostUsageError} `not_a_byte_string` */
  constructor(kind: HeaderMapKind, entries: Iterable<HeaderEntry> = []) {
    this.kind = kind
    for (const entry of entries) {
      const name = entry[0]
      const value = entry[1]
      if (!isByteString(name)) throw notAByteString(name, 'a header name')
      if (!isByteString(value)) throw notAByteString(value, `header ${JSON.stringify(name)}`)
      this.add(name, value)
    }
  }

  /** How many entries there are. */
  get size(): number {
    return this.names.length
  }

  /** Bytes of all names and values, without separators (HeaderMapImpl::byteSize). */
  get byteSize(): number {
    let size = 0
    for (let i = 0; i < this.names.length; i++) {
      size += (this.names[i] ?? '').length + (this.values[i] ?? '').length
    }
    return size
  }

  /** The first value of a name; undefined when absent. */
  get(name: string): string | undefined {
    const index = this.names.indexOf(keyOf(name))
    return index < 0 ? undefined : this.values[index]
  }

  /** Every value of a name, in order. */
  all(name: string): string[] {
    const key = keyOf(name)
    return this.values.filter((_, index) => this.names[index] === key)
  }

  has(name: string): boolean {
    return this.names.includes(keyOf(name))
  }

  /** Appends an entry; to a header of which Envoy keeps one entry it appends the value with a comma. */
  add(name: string, value: string): void {
    const key = keyOf(name)
    if (SINGLE_ENTRY[this.kind].has(key)) {
      const index = this.names.indexOf(key)
      if (index >= 0) {
        const present = this.values[index] ?? ''
        if (value !== '') this.values[index] = present === '' ? value : `${present},${value}`
        return
      }
    }
    if (key.startsWith(':') && this.pseudo === this.names.length) {
      this.pseudo = this.names.push(key)
      this.values.push(value)
    } else if (key.startsWith(':')) {
      this.names.splice(this.pseudo, 0, key)
      this.values.splice(this.pseudo, 0, value)
      this.pseudo++
    } else {
      this.names.push(key)
      this.values.push(value)
    }
  }

  /** Removes every entry of the name and appends one, which changes the order. */
  replace(name: string, value: string): void {
    this.remove(name)
    this.add(name, value)
  }

  /** Removes every entry of the name. */
  remove(name: string): void {
    const key = keyOf(name)
    let index = this.names.indexOf(key)
    while (index >= 0) {
      this.names.splice(index, 1)
      this.values.splice(index, 1)
      if (index < this.pseudo) this.pseudo--
      index = this.names.indexOf(key, index)
    }
  }

  clear(): void {
    this.names = []
    this.values = []
    this.pseudo = 0
  }

  /** The entries as plain data. */
  toList(): HeaderEntry[] {
    return this.names.map((name, index) => [name, this.values[index] ?? ''])
  }

  [Symbol.iterator](): Iterator<HeaderEntry> {
    return this.toList()[Symbol.iterator]()
  }

  /** @internal The names, for the pairs format. */
  get rawNames(): readonly string[] {
    return this.names
  }

  /** @internal The values, at the same indexes. */
  get rawValues(): readonly string[] {
    return this.values
  }
}

function keyOf(name: string): string {
  const key = asciiLowerCase(name)
  return key === 'host' ? ':authority' : key
}

const ASCII_UPPER = /[A-Z]+/g
const UPPER_A = 0x41
const UPPER_Z = 0x5a

/** LowerCaseString folds ASCII only; a byte such as 0xC4 stays as it is. Most names are in lower case already. */
function asciiLowerCase(name: string): string {
  for (let i = 0; i < name.length; i++) {
    const character = name.charCodeAt(i)
    if (character >= UPPER_A && character <= UPPER_Z) {
      return name.replace(ASCII_UPPER, (letters) => letters.toLowerCase())
    }
  }
  return name
}
