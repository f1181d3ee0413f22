/**
 * What applications write into Set-Cookie, and what nobody should: values quoted, escaped, in UTF-8 and with too many signs,
 * attributes in any order and form. Text of one byte a character.
 */
import type { Prng } from './prng.ts'

/** Names of which one begins the other, and one that needs care in a pattern. */
export const COOKIE = 'connect.sid'
const OTHER_NAMES = [
  'connect',
  'connect.sid2',
  'CONNECT.SID',
  'connect-sid',
  '__Host-connect.sid',
  'theme',
  '',
]

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const BASE64 = `${ALPHANUMERIC}+/`
/** What no other rule keeps out: any byte of a field value but the one that ends a cookie's value. */
const ANY = Array.from({ length: 256 }, (_, byte) => byte)
  .filter((byte) => (byte >= 0x20 && byte !== 0x7f && byte !== 0x3b) || byte === 0x09)
  .map((byte) => String.fromCharCode(byte))
  .join('')

const text = (prng: Prng, alphabet: string, most: number) =>
  prng.list(prng.below(most + 1), () => alphabet.charAt(prng.below(alphabet.length))).join('')
const latin1 = (utf8: string) => Buffer.from(utf8).toString('latin1')

/** A session id of one framework or another. */
export const sessionId = (prng: Prng): string =>
  prng.oneOf([
    () => text(prng, '0123456789ABCDEF', 32),
    () => `${text(prng, '0123456789ABCDEF', 32)}.node${prng.below(9)}`,
    () => `s%3A${text(prng, ALPHANUMERIC, 32)}.${text(prng, BASE64, 43).replaceAll('/', '%2F')}`,
    () => `${text(prng, BASE64, 60)}--${text(prng, '0123456789abcdef', 40)}`,
    () => `CfDJ8${text(prng, BASE64, 90)}%3D%3D`,
    () => `eyJ${text(prng, BASE64, 40)}.eyJ${text(prng, BASE64, 80)}.${text(prng, BASE64, 43)}`,
  ])

/** A value as it stands in the line. */
export const value = (prng: Prng): string =>
  prng.oneOf([
    () => sessionId(prng),
    () => sessionId(prng),
    () => `"${sessionId(prng)}"`,
    () => `"${text(prng, ANY, 20)}"`,
    () => text(prng, ANY, 40),
    () =>
      prng.pick([
        '',
        '""',
        '"',
        '"""',
        '"a',
        'a"',
        '=',
        '====',
        'a=b=c==',
        '=a',
        '~',
        '~1.',
        'a~1.k2.',
        '%',
        '%1',
        '%zz',
      ]),
    () =>
      prng.pick([
        'a b',
        ' a  b ',
        '{"user":1,"ok":true}',
        'a,b',
        'a\\"b',
        '%20%22%2c%3b%2f',
        'bar=123&name=Magic+Mouse',
      ]),
    () => latin1(prng.pick(['é', '日本語', '🚢 moored', 'naïve="ü"', '\u00a0'])),
    // Long ones, around the most that a line may have.
    () => text(prng, BASE64, 100).padEnd(3_850 + prng.below(250), 'x'),
  ])

const DATES = [
  'Wed, 21 Oct 2099 07:28:00 GMT',
  'Wed, 21-Oct-2099 07:28:00 GMT',
  'Wednesday, 21-Oct-99 07:28:00 GMT',
  'Wed Oct 21 07:28:00 2099',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  '0',
  '-1',
  'tomorrow',
  '',
]

/** Those that tell a browser to drop the cookie at once. */
const ENDING = [
  'Max-Age=0',
  'max-age=0',
  'MAX-AGE =  -1',
  '\tMax-Age\t=\t0\t',
  'Max-Age=-86400',
  'Max-Age=00',
]
const ATTRIBUTES: readonly ((prng: Prng) => string)[] = [
  (prng) => `Path=${prng.pick(['/', '/shop', '', '"/"', '/a=b', '/%20', latin1('/é')])}`,
  (prng) => `Domain=${prng.pick(['example.com', '.example.com', '', 'EXAMPLE.com'])}`,
  (prng) => `Expires=${prng.pick(DATES)}`,
  (prng) => `${prng.pick(['expires', 'EXPIRES', ' Expires '])}=${prng.pick(DATES)}`,
  (prng) =>
    `${prng.pick(['Max-Age', 'max-age', ' Max-Age '])}=${prng.pick(['60', '1', '31536000', ' 7 ', 'abc', '', '"0"', '+0'])}`,
  (prng) => prng.pick(['Secure', 'secure', 'Secure=', 'Secure=false', 'HttpOnly', 'HTTPONLY ', ' httponly']),
  (prng) => `SameSite=${prng.pick(['Lax', 'strict', 'None', 'Default', ''])}`,
  (prng) =>
    prng.pick([
      'Partitioned',
      'Priority=High',
      'SameParty',
      'Version=1',
      'Comment="a b"',
      'Port="80,443"',
      '$Path=/',
    ]),
  (prng) =>
    prng.pick([
      '',
      ' ',
      '=',
      '==',
      '=0',
      'Max-Age',
      'Max-Ages=0',
      'X-Max-Age=0',
      'a=b=c',
      'connect.sid=evil',
      '"Max-Age=0',
    ]),
  (prng) => text(prng, ANY, 16).replaceAll('=', ''),
]

const blank = (prng: Prng) => prng.pick(['', '', '', ' ', '\t', '  '])

/** A whole line, about the session's cookie more often than not. */
export function setCookieLine(prng: Prng): string {
  const name = prng.onceIn(6) ? prng.pick(OTHER_NAMES) : COOKIE
  const pair = prng.onceIn(40)
    ? prng.pick([name, '', value(prng)])
    : `${blank(prng)}${name}${blank(prng)}=${blank(prng)}${value(prng)}${blank(prng)}`
  const attributes = prng.list(prng.below(7), () => prng.pick(ATTRIBUTES)(prng))
  if (prng.onceIn(12)) attributes.splice(prng.below(attributes.length + 1), 0, prng.pick(ENDING))
  return [pair, ...attributes.map((attribute) => `${blank(prng)}${attribute}`)].join(';')
}

/** Where the value of the session's cookie stands in a line; undefined where there is none to wrap (RFC 6265, 5.2). */
export interface Place {
  readonly from: number
  readonly to: number
}

/** Reads a line as docs/application.md says that it is read, by patterns. */
export function placeOfValue(line: string): Place | undefined {
  const [, before = '', name, gap = '', whole = ''] =
    /^([ \t]*)([^;=]*?)([ \t]*=[ \t]*)([^;]*?)[ \t]*(?:;|$)/.exec(line) ?? []
  if (name !== COOKIE) return undefined
  // Of what RFC 6265 has browsers ignore, such as "-x", nothing follows: its suffix is only missed.
  const lifetimes = [...line.matchAll(/;[ \t]*max-age[ \t]*(?:=([^;]*))?(?=;|$)/gi)]
  // Of several the last one counts (RFC 6265, 5.3).
  if (/^[ \t]*[-0]/.test(lifetimes.at(-1)?.[1] ?? '')) return undefined
  const quoted = /^".*"$/s.test(whole) && whole.length > 1 ? 1 : 0
  const from = before.length + name.length + gap.length + quoted
  const to = from + whole.length - 2 * quoted
  return to > from ? { from, to } : undefined
}
