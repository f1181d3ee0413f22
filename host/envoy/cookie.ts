/**
 * Cookies as Envoy reads and writes them: Utility::parseCookieValue and Utility::makeSetCookieValue in
 * source/common/http/utility.cc. Envoy is more literal than RFC 6265, section 5.4, and the difference decides
 * which pod a request reaches, so that no cookie library will do:
 *
 *     cookie-line = *( pair-or-junk ";" )
 *     pair        = *SP name "=" value       only U+0020 is dropped, and only in front of the name
 *     value       = all up to ";", and then one surrounding pair of double quotes is dropped
 */
import { headerValues, type HeaderList } from './header-list.ts'

/** A further attribute of a Set-Cookie; without a value, or with an empty one, it is written as a bare name. */
export interface CookieAttribute {
  readonly name: string
  readonly value?: string
}

/**
 * The value of the first cookie of this name, over all `cookie` entries; `''` when there is none. A cookie that
 * is present but empty cannot be told from an absent one, and it hides later ones of its name.
 *
 * @param name Case-sensitive.
 * @example
 * parseCookieValue([['cookie', 'a=1; sid="x y"'], ['cookie', 'sid=z']], 'sid') // 'x y'
 */
export function parseCookieValue(headers: HeaderList, name: string): string {
  for (const line of headerValues(headers, 'cookie')) {
    for (const part of line.split(';')) {
      const equals = part.indexOf('=')
      if (equals < 0) continue
      if (part.slice(0, equals).replace(/^ +/, '') !== name) continue
      return unquote(part.slice(equals + 1))
    }
  }
  return ''
}

function unquote(value: string): string {
  const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"')
  return quoted ? value.slice(1, -1) : value
}

/** What Envoy's router puts into a Set-Cookie beside name and value. */
export interface SetCookieOptions {
  /** Lifetime in whole seconds; 0 leaves Max-Age out, so that the cookie ends with the browser's session. */
  readonly maxAge: number
  /** Left out when empty. */
  readonly path?: string
  readonly attributes?: readonly CookieAttribute[]
}

/**
 * The text of the Set-Cookie header that Envoy writes for a generated cookie. The value stands in quotes, and
 * HttpOnly comes last, always.
 *
 * @example
 * makeSetCookieValue('sid', '5e1192314817394d', { maxAge: 60, path: '/' })
 * // sid="5e1192314817394d"; Max-Age=60; Path=/; HttpOnly
 */
export function makeSetCookieValue(name: string, value: string, options: SetCookieOptions): string {
  const { maxAge, path = '', attributes = [] } = options
  return [
    `${name}="${value}"`,
    ...(maxAge === 0 ? [] : [`Max-Age=${maxAge}`]),
    ...(path === '' ? [] : [`Path=${path}`]),
    ...attributes.map((attribute) =>
      attribute.value === undefined || attribute.value === ''
        ? attribute.name
        : `${attribute.name}=${attribute.value}`,
    ),
    'HttpOnly',
  ].join('; ')
}
