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
interface Pair {
  readonly name: string
  readonly value: string
  /** Its value stood in double quotes. */
  readonly quoted: boolean
}

interface Cookie extends Pair {
  /** The place of its line among the lines. */
  readonly entry: number
}

/** So many cookies of the session's name are looked at; what comes behind them is no session. */
const LOOKED_AT = 4

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
  const quoted = QUOTED.test(value)
  return {
    name: part.slice(0, equals).replace(/^ +/, ''),
    value: quoted ? value.slice(1, -1) : value,
    quoted,
  }
}

function cookiesOf(lines: readonly string[], name: string): Cookie[] {
  return lines.flatMap((line, entry) =>
    line.split(';').flatMap((part) => {
      const pair = pairOf(part)
      return pair?.name === name ? [{ ...pair, entry }] : []
    }),
  )
}

/** What Envoy's router hashes for the cookie: the first of that name, be it empty; '' for none. */
export function hashedValue(lines: readonly string[], name: string): string {
  return cookiesOf(lines, name)[0]?.value ?? ''
}

/** The session that a client brings. */
export interface Session {
  /** The id: the cookie's value, or the id inside where it has the form of a token. */
  readonly id: string
  /**
   * The request goes on byte for byte: the first cookie of the name is the bare id, without quotes, and no other
   * follows it in its entry.
   */
  readonly asItStands: boolean
}

/** The first well-formed value; undefined where there is none. */
export function sessionOf(lines: readonly string[], name: string): Session | undefined {
  const cookies = cookiesOf(lines, name)
  const cookie = cookies.slice(0, LOOKED_AT).find(({ value }) => SESSION_VALUE.test(value))
  if (cookie === undefined) return undefined
  const id = TOKEN.exec(cookie.value)?.[1] ?? cookie.value
  const { entry, quoted } = cookie
  const alone = cookies[0] === cookie && cookies[1]?.entry !== entry
  return { id, asItStands: alone && !quoted && id === cookie.value }
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

/**
 * Every part goes that an application, or the next proxy, could take for the session: blanks and tabs around a name
 * are nothing to many of them. Where the line's first part goes, so do the spaces in front of what is then the first.
 */
function withoutCookie(line: string, name: string): string {
  const parts = line.split(';')
  const kept = parts.filter((part) => nameForOthers(part) !== name)
  const left = kept.join(';')
  return kept[0] === parts[0] ? left : left.replace(/^ +/, '')
}

function nameForOthers(part: string): string | undefined {
  return /^[ \t]*([^=]*?)[ \t]*=/.exec(part)?.[1]
}
