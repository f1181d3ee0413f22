import type { Style } from '../../tools/style.ts'
import type { Destination } from './destination.ts'
import type { Explanation } from './explain.ts'
import type { Outcome, SingleOutcome } from './outcome.ts'
import type { Position } from './placement.ts'
import type { Request } from './request.ts'
import { printable } from './printable.ts'
import type { SourceAnswer } from './sources.ts'
import { keyInWords, sessionInWords } from './words.ts'

const LABEL = 12

/** For people: a line for each step from the request to the pod. */
export function asText(request: Request, explanation: Explanation, style: Style): string {
  const { plugin, namespace, rule, shadow, session, key, fingerprint, destination, outcome } = explanation
  const line = (label: string, text: string, paint = (plain: string): string => plain): string =>
    style.dim(label.padEnd(LABEL)) + paint(printable(text))
  const proxy = namespace === undefined ? '' : `, in a proxy of namespace ${namespace}`
  const keyText = key === undefined ? undefined : keyOf(explanation)
  const lines = [
    style.bold(printable(titleOf(request))),
    line('plugin', plugin + proxy),
    line('rule', rule ?? 'none, the top level decides'),
    ...(shadow ? [line('mode', 'shadow: nothing is changed on the wire')] : []),
    ...(session === undefined
      ? [line('session', 'left out')]
      : [line('session', `${session}: ${sessionInWords(session, explanation.sessionBecause)}`)]),
    ...explanation.setsCookies.map((name) => line('', `the answer sets the cookie ${name}`)),
    ...sourceLines(explanation.sources).map((text, i) => line(i === 0 ? 'sources' : '', text)),
    line('key', keyText ?? 'left out'),
    ...(fingerprint === undefined ? [] : [line('fingerprint', fingerprint)]),
    ...(explanation.route === undefined ? [] : [line('route', explanation.route)]),
    ...endsOf(destination, outcome).flatMap((end) => [
      ...destinationLines(end).map(([label, text]) => line(label, text)),
      ...outcomeLines(end.outcome).map(([label, text]) =>
        line(label, text, label === 'pod' ? paintOf(end.outcome, style) : undefined),
      ),
    ]),
    ...explanation.notes.map((note) => line('note', note)),
  ]
  return `${lines.join('\n')}\n`
}

/** A destination, and what becomes of the requests that get there. */
interface End {
  readonly destination: Destination | undefined
  readonly outcome: SingleOutcome
  /** Absent where it is the only one. */
  readonly share?: number
}

function endsOf(destination: Destination | undefined, outcome: Outcome): readonly End[] {
  return outcome.kind === 'drawn' ? outcome.draws : [{ destination, outcome }]
}

function destinationLines({ destination, share }: End): readonly (readonly [string, string])[] {
  if (destination === undefined) return []
  const { rule, hashing, host, subset } = destination
  const part =
    share === undefined
      ? ''
      : `: ${(100 * share).toFixed(1).replace(/\.0$/, '')} % of requests, drawn for each anew`
  return [
    ['to', `${host}${subset === undefined ? '' : `, subset ${subset.name}`}${part}`],
    [
      'hashed',
      rule === undefined
        ? 'nothing: no DestinationRule is for it'
        : `${hashing?.what ?? 'nothing'}, by ${rule}`,
    ],
  ]
}

/** For programs. */
export function asJson(request: Request, explanation: Explanation): string {
  const { destination, outcome, ...rest } = explanation
  return `${JSON.stringify(
    {
      request: titleOf(request),
      plugin: rest.plugin,
      namespace: rest.namespace ?? null,
      rule: rest.rule ?? null,
      mode: rest.shadow ? 'shadow' : 'enforce',
      session: rest.session ?? null,
      sessionBecause: rest.sessionBecause,
      setsCookies: rest.setsCookies,
      sources: rest.sources,
      key: rest.key ?? null,
      keyHeader: rest.keyHeader,
      fingerprint: rest.fingerprint ?? null,
      route: rest.route ?? null,
      destination: jsonDestination(destination),
      outcome: jsonOutcome(outcome),
      notes: rest.notes,
    },
    null,
    2,
  )}\n`
}

/** What the filter says against a configuration, as it would stand in a proxy's log. */
export function refusedText(plugin: string, errors: readonly string[], style: Style): string {
  return [
    `${printable(plugin)}: ${style.bad('refused')}`,
    ...errors.map((error) => `  ${error}`),
    ...(errors.some((error) => error.startsWith('secret_missing '))
      ? ['a secret that only the proxy has is given by --env NAME=FILE, or in the environment']
      : []),
    '',
  ].join('\n')
}

export function refusedJson(plugin: string, errors: readonly string[]): string {
  return `${JSON.stringify({ plugin, refused: errors }, null, 2)}\n`
}

/** Without the query, which may hold a token. */
function titleOf({ method, scheme, authority, path }: Request): string {
  return `${method} ${scheme}://${authority}${path.replace(/\?.*$/s, '')}`
}

function keyOf({ key = 'none', keyHeader, sources, shadow, outcome }: Explanation): string {
  const winner = sources.filter(({ outcome }) => outcome === 'yielded').at(-1)
  const text = keyInWords(key, winner?.source)
  const isWritten = key !== 'none' && !shadow && outcome.kind !== 'answered'
  return isWritten ? `${text}, in ${keyHeader}` : text
}

function sourceLines(sources: readonly SourceAnswer[]): readonly string[] {
  const width = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length))
  const places = width(sources.map(({ at }) => at))
  const names = width(sources.map(({ source }) => source))
  return sources.map(({ at, source, outcome, reason }) => {
    const result = outcome.replaceAll('_', ' ')
    return `${at.padEnd(places)}  ${source.padEnd(names)}  ${reason === undefined ? result : `${result}: ${reason}`}`
  })
}

function paintOf({ kind }: SingleOutcome, style: Style): ((text: string) => string) | undefined {
  if (kind === 'pod') return style.good
  return kind === 'unknown' ? style.bad : undefined
}

function jsonDestination(destination: Destination | undefined): object | null {
  if (destination === undefined) return null
  const { rule, host, subset, hashing } = destination
  return { object: rule ?? null, host, subset: subset?.name ?? null, hashes: hashing?.what ?? null }
}

function outcomeLines(outcome: SingleOutcome): readonly (readonly [string, string])[] {
  switch (outcome.kind) {
    case 'pod':
      return [
        ['hash', hex(outcome.hash)],
        ['position', positionText(outcome.position)],
        ['pod', outcome.pod],
      ]
    case 'any_pod':
      return [['pod', `any: ${outcome.reason}`]]
    case 'unforeseeable':
      return [['pod', `cannot be foretold: ${outcome.reason}`]]
    case 'answered':
      return [['pod', `none: the filter answers ${outcome.status} itself (${outcome.details})`]]
    case 'unknown':
      return [
        ...(outcome.hash === undefined ? [] : [['hash', hex(outcome.hash)] as const]),
        ['pod', `unknown: ${outcome.reason}`],
      ]
  }
}

function positionText(position: Position): string {
  return position.on === 'ring'
    ? `entry ${position.entry} of ${position.size} on the ring, at ${hex(position.point)}`
    : `slot ${position.slot} of ${position.size} in the Maglev table`
}

function jsonOutcome(outcome: Outcome): unknown {
  switch (outcome.kind) {
    case 'pod': {
      const { position } = outcome
      return {
        ...outcome,
        hash: hex(outcome.hash),
        position: position.on === 'ring' ? { ...position, point: hex(position.point) } : position,
      }
    }
    case 'unknown':
      return { ...outcome, hash: outcome.hash === undefined ? null : hex(outcome.hash) }
    case 'drawn':
      return {
        kind: outcome.kind,
        draws: outcome.draws.map((draw) => ({
          share: draw.share,
          destination: jsonDestination(draw.destination),
          outcome: jsonOutcome(draw.outcome),
        })),
      }
    default:
      return outcome
  }
}

/** 64 bits, as Envoy's source and tools write them. */
function hex(value: bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}`
}
