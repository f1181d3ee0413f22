import { isIP } from 'node:net'
import { byteStringOf, type HeaderEntry, type HeaderList } from '../../host/envoy/index.ts'
import { UsageError } from '../../tools/usage-error.ts'

/** A request as a proxy meets it, before its filters. */
export interface Request {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** With its port, where that is not the scheme's own. */
  readonly authority: string
  /** With the query. */
  readonly path: string
  /** Beside the pseudo headers, names in lower case, values as byte strings. */
  readonly headers: HeaderList
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * A request of its parts. The URL is written as browsers and curl write it on the wire: host in lower case, the path without
 * `..`. A `host` header takes the place of the URL's host.
 *
 * @param where what is wrong is named by it: `--har visits.har`
 * @throws {UsageError}
 */
export function requestOf(
  method: string,
  url: string,
  headers: readonly (readonly [name: string, value: string])[],
  where = '',
): Request {
  const fail = (message: string): never => {
    throw new UsageError(where === '' ? message : `${where}: ${message}`)
  }
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
  const parsed = URL.canParse(whole) ? new URL(whole) : undefined
  const scheme = parsed?.protocol.slice(0, -1)
  if (parsed === undefined || (scheme !== 'http' && scheme !== 'https')) {
    return fail(`not the URL of a request: ${JSON.stringify(url)}; expected http:// or https://`)
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return fail('the URL has a user in it; write the header authorization instead')
  }
  if (!TOKEN.test(method)) return fail(`not a request method: ${JSON.stringify(method)}`)
  const entries = headers.map(([name, value]): HeaderEntry => {
    if (!TOKEN.test(name)) return fail(`not a header's name: ${JSON.stringify(name)}`)
    // The value may be a credential: it is not shown.
    if (/[\0\r\n]/.test(value)) return fail(`the header ${name} has a line break or a zero in its value`)
    return [name.toLowerCase(), byteStringOf(value).replace(/^[ \t]+|[ \t]+$/g, '')]
  })
  const host = entries.find(([name]) => name === 'host')?.[1]
  return {
    method,
    scheme,
    authority: host ?? parsed.host,
    path: parsed.pathname + parsed.search,
    headers: entries.filter(([name]) => name !== 'host'),
  }
}

/** `Name: value`, or `Name;` for an empty one; none for `Name:`, as curl sends none. Throws {@link UsageError}. */
export function headersOf(line: string): readonly (readonly [name: string, value: string])[] {
  const [, name, end, value = ''] = /^([^:;\s]+)(;|:[ \t]*(.*))$/s.exec(line) ?? []
  if (name === undefined) throw new UsageError('-H takes "Name: value", or "Name;" for an empty one')
  return end !== ';' && value === '' ? [] : [[name, value]]
}

/** `10.0.0.1:80` or `[::1]:80`, of an address with a port or without; a port of 0 is none. Throws {@link UsageError}. */
export function addressOf(option: string, text: string): string {
  const [, bracketed, port = '0'] = /^\[(.*)\](?::(\d{1,5}))?$/.exec(text) ?? []
  if (bracketed !== undefined && isIP(bracketed) === 6) return `[${bracketed}]:${Number(port)}`
  if (isIP(text) === 6) return `[${text}]:0`
  const [, ip = '', plainPort = '0'] = /^([^:]*)(?::(\d{1,5}))?$/.exec(text) ?? []
  if (isIP(ip) !== 4 || Number(plainPort) > 65_535) {
    throw new UsageError(`${option} ${text}: expected an address such as 10.0.0.1:8080 or [fd00::1]:8080`)
  }
  return `${ip}:${Number(plainPort)}`
}
