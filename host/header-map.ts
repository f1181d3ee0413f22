import { isByteString, notAByteString } from './byte-text.ts'
import type { HeaderEntry } from './envoy/header-list.ts'
import { headerName, type HeaderMapKind, type HeaderName } from './header-name.ts'

export type { HeaderMapKind }

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
      const name = headerName(entry[0])
      const value = entry[1]
      if (!isByteString(value)) throw notAByteString(value, `header ${JSON.stringify(entry[0])}`)
      this.append(name, value)
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
    const index = this.names.indexOf(headerName(name).key)
    return index < 0 ? undefined : this.values[index]
  }

  /** Every value of a name, in order. */
  all(name: string): string[] {
    const key = headerName(name).key
    return this.values.filter((_, index) => this.names[index] === key)
  }

  has(name: string): boolean {
    return this.names.includes(headerName(name).key)
  }

  /** Appends an entry; to a header of which Envoy keeps one entry it appends the value with a comma. */
  add(name: string, value: string): void {
    this.append(headerName(name), value)
  }

  /** Removes every entry of the name and appends one, which changes the order. */
  replace(name: string, value: string): void {
    this.remove(name)
    this.add(name, value)
  }

  /** Removes every entry of the name. */
  remove(name: string): void {
    const key = headerName(name).key
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

  private append({ key, isPseudo, isSingle }: HeaderName, value: string): void {
    if (isSingle[this.kind]) {
      const index = this.names.indexOf(key)
      if (index >= 0) {
        const present = this.values[index] ?? ''
        if (value !== '') this.values[index] = present === '' ? value : `${present},${value}`
        return
      }
    }
    if (!isPseudo) {
      this.names.push(key)
      this.values.push(value)
    } else if (this.pseudo === this.names.length) {
      this.pseudo = this.names.push(key)
      this.values.push(value)
    } else {
      this.names.splice(this.pseudo, 0, key)
      this.values.splice(this.pseudo, 0, value)
      this.pseudo++
    }
  }
}
