/**
 * Whether a request fits one match of a route, as Envoy sees what Istio makes of it (TranslateRouteMatch of Istio's
 * route.go, createURIMatch of its gateway/conversion.go).
 */
import { firstHeader, type HeaderList, headerValues } from '../../host/envoy/index.ts'
import { UsageError } from '../../tools/usage-error.ts'
import { isMapping, listAt, type Mapping, mappingAt, textAt, valueAt } from '../manifests/value.ts'

/** How a text has to look. */
interface Pattern {
  /** `segments`: the Gateway API's PathPrefix, which ends where a segment does. */
  readonly kind: 'exact' | 'prefix' | 'segments' | 'regex' | 'present'
  readonly value: string
}

interface Named {
  readonly name: string
  readonly pattern: Pattern
}

/** One match: all of it has to fit. */
export interface RouteMatch {
  readonly path: Pattern | undefined
  readonly ignoreCase: boolean
  readonly method: Pattern | undefined
  /** Pseudo headers among them. */
  readonly headers: readonly Named[]
  readonly without: readonly Named[]
  readonly query: readonly Named[]
  /** Fields about which a request says nothing; taken to fit. */
  readonly unknown: readonly string[]
}

const FIELDS = new Set([
  'name',
  'uri',
  'ignoreUriCase',
  'method',
  'headers',
  'withoutHeaders',
  'authority',
  'scheme',
  'queryParams',
])

/** A match of a VirtualService. */
export function virtualServiceMatch(match: unknown): RouteMatch {
  const written = isMapping(match) ? match : {}
  const pseudo = ['authority', 'scheme'].flatMap((field) =>
    written[field] === undefined ? [] : [{ name: `:${field}`, pattern: patternOf(written[field]) }],
  )
  return {
    path: written['uri'] === undefined ? undefined : patternOf(written['uri']),
    ignoreCase: written['ignoreUriCase'] === true,
    method: written['method'] === undefined ? undefined : patternOf(written['method']),
    headers: [...pseudo, ...namedIn(written, 'headers')],
    without: namedIn(written, 'withoutHeaders'),
    query: namedIn(written, 'queryParams'),
    unknown: Object.keys(written).filter((field) => !FIELDS.has(field)),
  }
}

function namedIn(match: Mapping, field: string): readonly Named[] {
  return Object.entries(mappingAt(match, field)).map(([name, written]) => ({
    name,
    pattern: patternOf(written),
  }))
}

/** A StringMatch. Without any of its fields, and with the regex `*`, the name alone counts. */
function patternOf(written: unknown): Pattern {
  for (const kind of ['exact', 'prefix', 'regex'] as const) {
    const value = valueAt(written, kind)
    if (typeof value === 'string' && !(kind === 'regex' && value === '*')) return { kind, value }
  }
  return { kind: 'present', value: '' }
}

const GATEWAY_API_PATHS: Readonly<Record<string, Pattern['kind']>> = {
  Exact: 'exact',
  RegularExpression: 'regex',
}

/** A match of an HTTPRoute. */
export function httpRouteMatch(match: unknown): RouteMatch {
  const method = textAt(match, 'method')
  const named = (field: string): readonly Named[] =>
    listAt(match, field).map((each) => ({
      name: textAt(each, 'name'),
      pattern: {
        kind: textAt(each, 'type') === 'RegularExpression' ? 'regex' : 'exact',
        value: textAt(each, 'value'),
      },
    }))
  const kind = GATEWAY_API_PATHS[textAt(match, 'path', 'type')] ?? 'segments'
  const value = textAt(match, 'path', 'value') || '/'
  return {
    // "When specified, a trailing `/` is ignored": for the length, which decides who is asked first, too.
    path: { kind, value: kind === 'segments' && value !== '/' ? value.replace(/\/$/, '') : value },
    ignoreCase: false,
    method: method === '' ? undefined : { kind: 'exact', value: method },
    headers: named('headers'),
    without: [],
    query: named('queryParams'),
    unknown: [],
  }
}

const RANKS: Readonly<Record<string, number>> = { exact: 3, segments: 2, regex: 1 }

/** Of two matches of HTTPRoutes, which is asked first: below 0 for the one (sortHTTPRoutes). */
export function precedence(one: RouteMatch, other: RouteMatch): number {
  const rank = ({ path }: RouteMatch) => RANKS[path?.kind ?? ''] ?? 0
  const length = ({ path }: RouteMatch) => path?.value.length ?? 0
  const method = (match: RouteMatch) => (match.method === undefined ? 0 : 1)
  return (
    rank(other) - rank(one) ||
    length(other) - length(one) ||
    method(other) - method(one) ||
    other.headers.length - one.headers.length ||
    other.query.length - one.query.length
  )
}

/** @param headers with the pseudo headers */
export function fits(match: RouteMatch, headers: HeaderList): boolean {
  const target = firstHeader(headers, ':path') ?? ''
  const [path = '', query] = target.split(/\?(.*)/s)
  const parameters = new URLSearchParams(query ?? '')
  const isMet = ({ name, pattern }: Named, missing?: string) => {
    const values = headerValues(headers, name.toLowerCase())
    // One of several will do; up to some version, 1.36 among them, Envoy looked at all of them joined.
    return values.length === 0 ? isLike(missing, pattern) : values.some((value) => isLike(value, pattern))
  }
  return (
    (match.path === undefined || isLike(path, match.path, match.ignoreCase)) &&
    (match.method === undefined || isLike(firstHeader(headers, ':method'), match.method)) &&
    match.headers.every((header) => isMet(header)) &&
    // Istio has Envoy take a header that is missing for an empty one here.
    match.without.every((header) => !isMet(header, header.pattern.kind === 'present' ? undefined : '')) &&
    match.query.every(({ name, pattern }) => isLike(parameters.get(name) ?? undefined, pattern))
  )
}

function isLike(found: string | undefined, { kind, value }: Pattern, ignoreCase = false): boolean {
  if (found === undefined) return false
  const [text, wanted] = ignoreCase ? [found.toLowerCase(), value.toLowerCase()] : [found, value]
  switch (kind) {
    case 'present':
      return true
    case 'exact':
      return text === wanted
    case 'prefix':
      return text.startsWith(wanted)
    case 'segments':
      return wanted === '/' || text === wanted || text.startsWith(`${wanted}/`)
    case 'regex':
      return regexOf(value).test(found)
  }
}

/** Envoy's regexes, RE2's, match as a whole, and have their case whatever ignoreUriCase says. */
function regexOf(text: string): RegExp {
  const [, caseless, pattern = ''] = /^(\(\?i\))?(.*)$/s.exec(text) ?? []
  try {
    return new RegExp(`^(?:${pattern})$`, caseless === undefined ? 's' : 'is')
  } catch {
    throw new UsageError(`the regex of a route cannot be worked out here, choose with --destination: ${text}`)
  }
}
