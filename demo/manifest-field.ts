/** A manifest that the demo cannot use: what was found, what was expected, where, and what to do. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError'
  readonly code: 'manifest_unreadable' | 'manifest_field' | 'manifest_reference'
  /** The file and the field in it, e.g. `gateway.yaml: spec.servers[0].port`. */
  readonly where: string

  constructor(code: ManifestError['code'], where: string, message: string) {
    super(`${where}: ${message}`)
    this.code = code
    this.where = where
  }
}

/**
 * One place in a parsed manifest, read by stating what is expected there. Every reader throws a
 * {@link ManifestError} that names the place.
 *
 * @example field.get('spec').get('servers').list()[0]?.get('port').get('number').number()
 */
export class Field {
  readonly value: unknown
  readonly where: string

  constructor(value: unknown, where: string) {
    this.value = value
    this.where = where
  }

  /** Whether anything stands here. */
  get exists(): boolean {
    return this.value !== undefined && this.value !== null
  }

  get(name: string): Field {
    return new Field(this.#members()[name], this.#below(name))
  }

  /**
   * Refuses members that are not listed: the demo would otherwise leave out, without a word, what somebody wrote.
   */
  only(...names: readonly string[]): this {
    for (const name of Object.keys(this.#members())) {
      if (!names.includes(name)) {
        throw new ManifestError(
          'manifest_field',
          this.#below(name),
          `the demo does not translate this field; it knows ${names.join(', ')}`,
        )
      }
    }
    return this
  }

  list(): readonly Field[] {
    if (!Array.isArray(this.value)) throw this.#expected('a list')
    return this.value.map((item: unknown, index) => new Field(item, `${this.where}[${index}]`))
  }

  /** The one item of a list that must have exactly one. */
  single(): Field {
    const items = this.list()
    const [first] = items
    if (first === undefined || items.length > 1) throw this.#expected('a list of one item')
    return first
  }

  string(): string {
    if (typeof this.value !== 'string' || this.value === '') throw this.#expected('a string')
    return this.value
  }

  integer(): number {
    if (typeof this.value !== 'number' || !Number.isInteger(this.value))
      throw this.#expected('a whole number')
    return this.value
  }

  oneOf<const T extends string>(...values: readonly T[]): T {
    const found = values.find((value) => value === this.value)
    if (found === undefined) throw this.#expected(values.join(', '))
    return found
  }

  /** A duration as Go writes it (`60s`, `1h30m`, `0s`), in seconds. */
  seconds(): number {
    const text = this.string()
    if (!/^(\d+h)?(\d+m)?(\d+s)?$/.test(text)) throw this.#expected('a duration such as 60s')
    const unit: Record<string, number> = { h: 3_600, m: 60, s: 1 }
    return [...text.matchAll(/(\d+)([hms])/g)].reduce(
      (sum, [, amount, name]) => sum + Number(amount) * (unit[name ?? ''] ?? 0),
      0,
    )
  }

  strings(): readonly string[] {
    return this.list().map((item) => item.string())
  }

  #members(): Record<string, unknown> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      throw this.#expected('an object')
    }
    return this.value as Record<string, unknown>
  }

  #below(name: string): string {
    return this.where.endsWith(':') ? `${this.where} ${name}` : `${this.where}.${name}`
  }

  #expected(what: string): ManifestError {
    return new ManifestError(
      'manifest_field',
      this.where,
      `expected ${what}, found ${this.exists ? JSON.stringify(this.value) : 'nothing'}`,
    )
  }
}
