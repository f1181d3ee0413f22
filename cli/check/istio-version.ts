import { UsageError } from '../../tools/usage-error.ts'

/** A version of Istio, as far as it is known: 1.29 may be any 1.29.x. */
export class IstioVersion {
  readonly #text: string
  readonly #minor: number
  readonly #patch: number | undefined

  /** @param text `1.29`, `1.29.6`, `v1.29` */
  constructor(text: string) {
    const [, minor, patch] = /^v?1\.(\d{1,3})(?:\.(\d{1,3}))?$/.exec(text) ?? []
    if (minor === undefined)
      throw new UsageError(`--istio ${text}: expected a version such as 1.29 or 1.29.6`)
    this.#text = text.replace(/^v/, '')
    this.#minor = Number(minor)
    this.#patch = patch === undefined ? undefined : Number(patch)
  }

  /** Whether it is older than 1.`minor`.0. */
  isBefore(minor: number): boolean {
    return this.#minor < minor
  }

  /** Whether it is 1.`minor`.`patch`; a version without a patch is none. */
  is(minor: number, patch: number): boolean {
    return this.#minor === minor && this.#patch === patch
  }

  toString(): string {
    return this.#text
  }
}
