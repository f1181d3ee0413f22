/**
 * Cookie headers, read a second time: from the description of Envoy's parser (Utility::parseCookieValue in
 * source/common/http/utility.cc, StringUtil::splitToken) and from RFC 6265, section 4.1.1, not from the filter.
 *
 *     lines   every `cookie` entry of a request, in order, one character an octet
 *     part    what stands between two ";", empty ones included
 *     pair    a part with "=": its name runs from the first octet that is no blank to the first "="; its value is all
 *             the rest, without one surrounding pair of double quotes
 */

/** A cookie as Envoy reads it. */
export interface Pair {
  readonly name: string
  readonly value: string
}

const QUOTED = /^"[^]*"$/
/** cookie-octet of RFC 6265, 1 to 128 of them. */
const SESSION_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,128}$/
/** 16 octets in base64url: of the last character four bits are nothing, and must be zero. */
const ID = '[A-Za-z0-9_-]{21}[AQgw]'
const TOKEN = new RegExp(`^1\\.[a-z][a-z0-9-]{0,15}\\.(${ID})\\.[A-Za-z0-9_-]{16}(?:\\.${ID})?\\.${ID}$`)

function pairOf(part: string): Pair | undefined {
  const equals = part.indexOf('=')
  if (equals < 0) return undefined
  const value = part.slice(equals + 1)
  return {
    name: part.slice(0, equals).replace(/^ +/, ''),
    value: value.length > 1 && QUOTED.test(value) ? value.slice(1, -1) : value,
  }
}

function valuesOf(lines: readonly string[], name: string): string[] {
  return lines
    .flatMap((line) => line.split(';'))
    .map(pairOf)
    .filter((pair) => pair?.name === name)
    .map((pair) => pair?.value ?? '')
}

/** What Envoy's router hashes for the cookie: the first of that name, be it empty; '' for none. */
export function hashedValue(lines: readonly string[], name: string): string {
  return valuesOf(lines, name)[0] ?? ''
}

/** The session that a client brings. */
export interface Session {
  /** The id: the cookie's value, or the id inside where it has the form of a token. */
  readonly id: string
  /** The request's cookies already say so to the router and need no rewriting. */
  readonly asItStands: boolean
}

/** The first well-formed value; undefined where there is none. */
export function sessionOf(lines: readonly string[], name: string): Session | undefined {
  const values = valuesOf(lines, name)
  const value = values.find((each) => SESSION_VALUE.test(each))
  if (value === undefined) return undefined
  const id = TOKEN.exec(value)?.[1] ?? value
  return { id, asItStands: id === values[0] }
}

/**
 * The cookies after they were rewritten for a session: all others as one line, byte for byte, in order and with
 * their separators, then the session's.
 */
export function rewrittenFor(lines: readonly string[], name: string, id: string): string {
  return [...lines.map((line) => withoutCookie(line, name)), `${name}=${id}`]
    .filter((line) => line !== '')
    .join('; ')
}

/** Where the line's first part goes, so do the blanks in front of what is then the first. */
function withoutCookie(line: string, name: string): string {
  const parts = line.split(';')
  const kept = parts.filter((part) => pairOf(part)?.name !== name)
  const left = kept.join(';')
  return kept[0] === parts[0] ? left : left.replace(/^ +/, '')
}
