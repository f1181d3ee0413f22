import type { HttpFilter } from '../demo/envoy-bootstrap.ts'
import { COOKIE } from './jobs.ts'

/** Envoy's own filter that keeps the upstream's address in a cookie, where the hash policy keeps nothing. */
export const STATEFUL_SESSION: HttpFilter = {
  name: 'envoy.filters.http.stateful_session',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3.StatefulSession',
    session_state: {
      name: 'envoy.http.stateful_session.cookie',
      typed_config: {
        '@type':
          'type.googleapis.com/envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState',
        cookie: { name: COOKIE, path: '/', ttl: '3600s' },
      },
    },
  },
}

/**
 * The cookie that leads to a port of this machine: base64 of the message `Cookie` in Envoy's
 * source/extensions/http/stateful_session/cookie/cookie.proto, the address as field 1, the end in seconds as field 2.
 */
export function addressCookie(port: number, expires: number): string {
  const address = Buffer.from(`127.0.0.1:${port}`)
  const end: number[] = []
  let rest = expires
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) end.push((rest % 0x80) | 0x80)
  return Buffer.concat([
    Buffer.from([0x0a, address.length]),
    address,
    Buffer.from([0x10, ...end, rest]),
  ]).toString('base64')
}

/** Whether a cookie leads to a port of this machine. */
export function leadsHere(cookie: string): boolean {
  return Buffer.from(cookie.replaceAll('"', ''), 'base64').includes('127.0.0.1:')
}
