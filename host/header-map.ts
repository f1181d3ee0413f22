import { isByteString, notAByteString } from './byte-text.ts'
import { type HeaderEntry, headerValues } from './envoy/header-list.ts'
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
  private entries: HeaderEntry[]
  /** How many of the entries are pseudo headers: they come first. */
  private pseudo = 0

  /** @throws {HostUsageError} `not_a_byte_string` */
  constructor(kind: HeaderMapKind, entries: Iterable<HeaderEntry> = []) {
    this.kind = kind
    this.entries = [...entries]
    if (!this.areInOrder()) this.putInOrder()
  }

  /** How many entries there are. */
  get size(): number {
    return this.entries.length
  }

  /** Bytes of all names and values, without separators (HeaderMapImpl::byteSize). */
  get byteSize(): number {
    return this.entries.reduce((size, [name, value]) => size + name.length + value.length, 0)
  }

  /** The first value of a name; undefined when absent. */
  get(name: string): string | undefined {
    return this.firstOf(headerName(name).key)
  }

  /** @internal The first value of a name that is given as the map holds it: in lower case. */
  firstOf(key: string): string | undefined {
    const index = this.indexOf(key)
    return index < 0 ? undefined : this.entries[index]?.[1]
  }

  /** Every value of a name, in order. */
  all(name: string): string[] {
    return headerValues(this.entries, headerName(name).key)
  }

  has(name: string): boolean {
    return this.indexOf(headerName(name).key) >= 0
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
    const { key, isPseudo } = headerName(name)
    const first = this.indexOf(key)
    if (first < 0) return
    const before = this.entries.length
    this.entries = this.entries.filter((entry) => entry[0] !== key)
    if (isPseudo) this.pseudo -= before - this.entries.length
  }

  clear(): void {
    this.entries = []
    this.pseudo = 0
  }

  /** The entries as plain data. */
  toList(): HeaderEntry[] {
    return [...this.entries]
  }

  [Symbol.iterator](): Iterator<HeaderEntry> {
    return this.toList()[Symbol.iterator]()
  }

  /** Checks every entry, and says whether they are as the map keeps them, which is how most arrive. */
  private areInOrder(): boolean {
    let ordered = true
    let index = 0
    for (const entry of this.entries) {
      const name = headerName(entry[0])
      const value = entry[1]
      if (value !== name.checkedValue) {
        if (!isByteString(value)) throw notAByteString(value, `header ${JSON.stringify(entry[0])}`)
        name.checkedValue = value
      }
      if (name.key !== entry[0] || (name.isPseudo && index !== this.pseudo)) ordered = false
      else if (name.isSingle[this.kind] && this.indexOf(name.key) !== index) ordered = false
      else if (name.isPseudo) this.pseudo++
      index++
    }
    return ordered
  }

  private putInOrder(): void {
    const { entries } = this
    this.clear()
    for (const [name, value] of entries) this.append(headerName(name), value)
  }

  private indexOf(key: string): number {
    const { entries } = this
    for (let i = 0; i < entries.length; i++) if (entries[i]?.[0] === key) return i
    return -1
  }

  private append({ key, isPseudo, isSingle }: HeaderName, value: string): void {
    if (isSingle[this.kind]) {
      const index = this.indexOf(key)
      if (index >= 0) {
        const present = this.entries[index]?.[1] ?? ''
        if (value !== '') this.entries[index] = [key, present === '' ? value : `${present},${value}`]
        return
      }
    }
    if (isPseudo) this.entries.splice(this.pseudo++, 0, [key, value])
    else this.entries.push([key, value])
  }
}
