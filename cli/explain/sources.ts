/**
 * The sources of a plan by name, beside what became of each. The filter says kinds and outcomes in the order in which it
 * tried; walking the configuration as the filter does (assembly/key/evaluate.ts) tells which source each of them is.
 */
import { isMapping, listAt, type Mapping, textAt } from '../manifests/value.ts'
import type { Trial } from './filter.ts'
import { reasonOf, type SourceReasons } from './source-reasons.ts'

/** One source that is no combination, in the configuration's order. */
export interface SourceAnswer {
  /** Where it stands in the list, `from[0].all[1]`. */
  readonly at: string
  /** `header x-user-id` */
  readonly source: string
  /** `yielded`, `absent`, `malformed`, `too_large`, `unreadable` or `not_tried`. */
  readonly outcome: string
  /** Why it yielded nothing, or was not tried. */
  readonly reason: string | undefined
}

/** A source, whichever way it is written. */
interface Source {
  readonly kind: string
  readonly fields: Mapping
  readonly whole: Mapping
}

/** The kind's name in the filter's words, where it is not the configuration's. */
const KIND_NAMES: Readonly<Record<string, string>> = { forwardedClientCert: 'forwarded_client_cert' }

/** The field that a bare scalar stands for. */
const SCALARS: Readonly<Record<string, string>> = {
  constant: 'value',
  path: 'template',
  grpc: 'part',
  peer: 'field',
  forwardedClientCert: 'field',
  address: 'ipv4Prefix',
}

/**
 * @param from the plan's list of sources
 * @param trials what the filter tried; nothing where it asked no source
 */
export function answersOf(
  from: readonly unknown[],
  trials: readonly Trial[],
  reasons: SourceReasons,
): readonly SourceAnswer[] {
  const walk = new Walk(trials, reasons)
  walk.firstOf(from, 'from')
  return walk.answers
}

class Walk {
  readonly answers: SourceAnswer[] = []
  readonly #trials: Trial[]
  readonly #reasons: SourceReasons
  #refused = false

  constructor(trials: readonly Trial[], reasons: SourceReasons) {
    this.#trials = [...trials]
    this.#reasons = reasons
  }

  /**
   * True if one of them yielded.
   *
   * @param skip why none of them was tried
   */
  firstOf(sources: readonly unknown[], at: string, skip?: string): boolean {
    let why = skip
    let yielded = false
    for (const [index, source] of sources.entries()) {
      if (this.#source(source, `${at}[${index}]`, why)) {
        yielded = true
        why = 'an earlier source has yielded'
      } else if (this.#refused) {
        why ??= 'a required source has yielded nothing'
      }
    }
    return yielded
  }

  /** True if every part yielded. */
  #all(sources: readonly unknown[], at: string, skip?: string): boolean {
    let why = skip
    for (const [index, source] of sources.entries()) {
      if (!this.#source(source, `${at}[${index}]`, why))
        why ??= 'another part of this all has yielded nothing'
    }
    return why === undefined
  }

  #source(written: unknown, at: string, skip: string | undefined): boolean {
    const source = readSource(written)
    const yielded = this.#yields(source, at, skip)
    if (skip === undefined && !yielded && source.whole['required'] === true) this.#refused = true
    return yielded
  }

  #yields(source: Source, at: string, skip: string | undefined): boolean {
    const { kind, whole } = source
    if (kind === 'firstOf') return this.firstOf(listAt(whole, kind), `${at}.firstOf`, skip)
    if (kind === 'all') return this.#all(listAt(whole, kind), `${at}.all`, skip)
    const name = labelOf(source)
    const trial = skip === undefined ? this.#trials.shift() : undefined
    if (trial === undefined) {
      const reason = skip ?? this.#reasons.none
      this.answers.push({ at, source: name, outcome: 'not_tried', reason })
      return false
    }
    const { outcome } = trial
    const expected = KIND_NAMES[kind] ?? kind
    if (trial.kind !== expected) {
      throw new Error(`the filter tried ${trial.kind} where its configuration has ${expected} at ${at}`)
    }
    const reason =
      outcome === 'yielded'
        ? undefined
        : reasonOf({ kind, fields: source.fields, transformed: 'transform' in whole }, outcome, this.#reasons)
    this.answers.push({ at, source: name, outcome, reason })
    return outcome === 'yielded'
  }
}

function readSource(written: unknown): Source {
  if (typeof written === 'string') return { kind: written, fields: {}, whole: {} }
  const whole = isMapping(written) ? written : {}
  const kind = Object.keys(whole).find((key) => !['transform', 'as', 'required'].includes(key)) ?? ''
  const value = whole[kind]
  const fields = isMapping(value) ? value : { [SCALARS[kind] ?? 'name']: value }
  return { kind, fields, whole }
}

function labelOf({ kind, fields }: Source): string {
  const field = fields[SCALARS[kind] ?? 'name']
  const unverified = textAt(fields, 'token') === 'unverified' ? 'unverified ' : ''
  if (field === undefined || kind === 'address') return unverified + kind
  const name = typeof field === 'string' && /^[\x21-\x7e]+$/.test(field) ? field : JSON.stringify(field)
  const part = textAt(fields, 'part')
  return `${unverified}${kind} ${name}${part === '' || kind === 'grpc' ? '' : ` ${part}`}`
}
