/** What docs/application.md promises of one request and its answer, computed a second time: with patterns and node:crypto. */
import { K1, K2 } from '../session/keys.ts'
import { type Carrier, type Unwrapped, unwrap, wrap } from '../session/wrapped.ts'
import { placeOfValue } from './application-lines.ts'

const KEYS = [K2, K1]
const LONGEST = 4096
const SUFFIX_LENGTH = '~1.k2..'.length + 2 * 22
/** Values of one request whose suffix is verified. */
const MOST_VERIFIED = 4

export interface Promised {
  /** The carrier's entries as the application gets them. */
  readonly entries: readonly string[]
  /** K of the session; `new` for one that the proxy draws, `none` where a suffix was refused. */
  readonly k: Uint8Array | 'new' | 'none'
}

/** @param entries of `cookie`, or of the carrier's header */
export function promisedRequest(carrier: Carrier, entries: readonly string[]): Promised {
  const found: (Unwrapped & { readonly text: string })[] = []
  const bare = (text: string) => {
    const read = unwrap(text)
    if (read === undefined) return text
    found.push({ ...read, text })
    return read.value
  }
  const [only = ''] = entries
  const left =
    carrier.kind === 'cookie'
      ? entries.map((line) =>
          line
            .split(';')
            .map((piece) => inPiece(piece, carrier.name, bare))
            .join(';'),
        )
      : entries.length === 1
        ? [bare(only)]
        : entries
  const valid = found.slice(0, MOST_VERIFIED).find((read) => verifies(carrier, read))
  // An empty header is none.
  const written = carrier.kind === 'cookie' ? [joined(left)] : left.filter((text) => text !== '')
  return { entries: found.length > 0 ? written : entries, k: valid?.k ?? (found.length > 0 ? 'none' : 'new') }
}

/** One line of all entries, as RFC 9113 (8.2.3) has them joined. */
function joined(lines: readonly string[]): string {
  return lines.reduce((line, next) => (line === '' ? next : `${line}; ${next}`), '')
}

/** One `name=value` of a Cookie header, as Envoy reads it. */
function inPiece(piece: string, name: string, bare: (text: string) => string): string {
  const blanks = /^ */.exec(piece)?.[0] ?? ''
  const start = `${blanks}${name}=`
  if (!piece.startsWith(start)) return piece
  const value = piece.slice(start.length)
  const [, quoted] = /^"([^]*)"$/.exec(value) ?? []
  return start + (quoted === undefined ? bare(value) : `"${bare(quoted)}"`)
}

function verifies(carrier: Carrier, { value, kid, k, text }: Unwrapped & { readonly text: string }): boolean {
  const key = KEYS.find((each) => each.kid === kid)
  return key !== undefined && wrap(key, carrier, value, k) === text
}

/** The carrier's lines as the client gets them, for that K. */
export function promisedAnswer(carrier: Carrier, lines: readonly string[], k: Uint8Array): readonly string[] {
  const wrapped = lines.map((line) => {
    const place = carrier.kind === 'cookie' ? placeOfValue(line) : { from: 0, to: line.length }
    if (place === undefined || place.to === place.from || line.length + SUFFIX_LENGTH > LONGEST) return line
    return (
      line.slice(0, place.from) +
      wrap(K2, carrier, line.slice(place.from, place.to), k) +
      line.slice(place.to)
    )
  })
  return wrapped.every(isFieldValue) ? wrapped : lines
}

/** Whether Envoy can hand it on. */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
}
