/** What an accepted configuration promises about any request, read from the configuration alone. */

import { KEY_HEADERS, TOKEN_HEADER } from './configuration.ts'

type Fields = Readonly<Record<string, unknown>>

export interface Promises {
  /** Lower-case names of which no client's value may pass. */
  readonly keyHeaders: readonly string[]
  /** The lower-case name of the header with the debug token, if there is one: it passes in shadow alone. */
  readonly tokenHeader: string | undefined
  /** Lower-case names that may be removed as well: what could still be read of a broken configuration. */
  readonly mayRemove: readonly string[]
  readonly cookieNames: readonly string[]
  /** Whether all plans, some or none leave the wire as it is. */
  readonly shadow: 'all' | 'some' | 'none'
  /** Cookies that some plan may delete with its answer. */
  readonly adopted: readonly string[]
  /** Sessions are signed: what cannot be verified, read or written may be answered with 403, 431 or 503. */
  readonly signed: boolean
  /** Some plan answers 400 where there is no key. */
  readonly mayReject: boolean
  /** Some plan may write a key. */
  readonly mayWriteKey: boolean
}

/** Of a proxy that accepted a broken configuration by `MOORING_ON_BAD_CONFIG`. */
export const PASS_THROUGH: Promises = {
  keyHeaders: ['x-mooring-key'],
  tokenHeader: undefined,
  mayRemove: [...KEY_HEADERS, TOKEN_HEADER, 'x-mooring-explain'].map((name) => name.toLowerCase()),
  cookieNames: [],
  adopted: [],
  signed: false,
  shadow: 'none',
  mayReject: false,
  mayWriteKey: false,
}

export function promisesOf(configuration: Fields): Promises {
  const rules = listOf(configuration['rules']).map(fieldsOf)
  const plans = [undefined, ...rules].map((rule) => planOf(rule, configuration))
  const keyHeaders = new Set<string>()
  for (const layer of [configuration, ...rules]) {
    const header = fieldsOf(layer['key'])['header']
    if (typeof header === 'string') keyHeaders.add(header.toLowerCase())
  }
  for (const { key } of plans) if (key !== undefined) keyHeaders.add(key.header)
  const debug = fieldsOf(configuration['observe'])['debugHeader']
  const tokenHeader =
    debug === undefined ? undefined : textOr(fieldsOf(debug)['whenHeader'], 'x-mooring-explain').toLowerCase()
  const shadows = plans.filter(({ mode }) => mode === 'shadow').length
  return {
    keyHeaders: [...keyHeaders],
    tokenHeader,
    mayRemove: [...keyHeaders, ...(tokenHeader === undefined ? [] : [tokenHeader])],
    cookieNames: [...new Set(plans.flatMap(({ cookie }) => (cookie === undefined ? [] : [cookie])))],
    adopted: [
      ...new Set(
        [configuration, ...rules].flatMap((layer) =>
          listOf(fieldsOf(layer['session'])['adopt']).map((cookie) => textOr(fieldsOf(cookie)['cookie'], '')),
        ),
      ),
    ],
    signed: [configuration, ...rules].some((layer) => 'signing' in fieldsOf(layer['session'])),
    shadow: shadows === 0 ? 'none' : shadows === plans.length ? 'all' : 'some',
    mayReject: plans.some(({ key }) => key?.rejects === true),
    mayWriteKey: plans.some(({ key }) => key !== undefined),
  }
}

interface PlanView {
  readonly mode: unknown
  readonly cookie: string | undefined
  readonly key: { readonly header: string; readonly rejects: boolean } | undefined
}

/** A rule over the top level, field by field; the top level alone where there is no rule. */
function planOf(rule: Fields | undefined, root: Fields): PlanView {
  const sessionThere = hasPart(rule, root, 'session')
  const mentionsKey = rule?.['key'] !== undefined || root['key'] !== undefined
  const keyThere = mentionsKey ? hasPart(rule, root, 'key') : sessionThere && !skips(rule, root)
  const session = merged(rule, root, 'session')
  const cookie = { ...fieldsOf(fieldsOf(root['session'])['cookie']), ...fieldsOf(session['cookie']) }
  const key = merged(rule, root, 'key')
  return {
    mode: rule?.['mode'] ?? root['mode'],
    cookie: sessionThere ? textOr(cookie['name'], 'ISTIOID') : undefined,
    key: keyThere
      ? {
          header: textOr(key['header'], 'x-mooring-key').toLowerCase(),
          rejects: key['onNone'] === 'reject',
        }
      : undefined,
  }
}

function merged(rule: Fields | undefined, root: Fields, part: string): Fields {
  return { ...fieldsOf(root[part]), ...fieldsOf(rule?.[part]) }
}

function hasPart(rule: Fields | undefined, root: Fields, part: string): boolean {
  if (rule?.['skip'] === true) return false
  const over = rule?.[part]
  if (over !== undefined) return fieldsOf(over)['skip'] !== true
  if (skips(rule, root)) return false
  return root[part] !== undefined && fieldsOf(root[part])['skip'] !== true
}

function skips(rule: Fields | undefined, root: Fields): boolean {
  return (rule?.['skip'] ?? root['skip']) === true
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
