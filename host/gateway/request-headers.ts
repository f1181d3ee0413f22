/**
 * From a request as node:http read it to the header map that Envoy's filters see, and back to what goes upstream.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { HeaderEntry } from '../envoy/index.ts'
import { HeaderMap } from '../header-map.ts'

/** Headers of one connection, not of the message (RFC 9110, section 7.6.1, and conn_manager_utility.cc). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

/** The entries of node's flat list of names and values, names in lower case. */
export function headerEntries(rawHeaders: readonly string[]): HeaderEntry[] {
  const entries: HeaderEntry[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    entries.push([(rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? ''])
  }
  return entries
}

/**
 * The request's headers before the first filter: pseudo headers first, repeated names apart, without the headers
 * that concern the connection only, and with an x-request-id.
 */
export function requestHeaders(message: IncomingMessage): HeaderMap {
  const received = headerEntries(message.rawHeaders)
  const { authority, path } = targetOf(message)
  const headers = new HeaderMap('request', [
    [':authority', authority],
    [':path', path],
    [':method', message.method ?? 'GET'],
    [':scheme', 'http'],
  ])
  const nominated = new Set(
    received
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/)),
  )
  for (const [name, value] of received) {
    if (name === 'host' || name === 'expect' || HOP_BY_HOP.has(name)) continue
    // `te: trailers` is about the message although it has to be nominated.
    if (nominated.has(name) && name !== 'te') continue
    headers.add(name, value)
  }
  if (!headers.has('x-request-id')) headers.add('x-request-id', randomUUID())
  return headers
}

/** A request line with a whole URL names the authority; the Host header is then ignored (RFC 9112, section 3.2.2). */
function targetOf(message: IncomingMessage): { authority: string; path: string } {
  const target = message.url ?? '/'
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target)
  if (absolute === null) return { authority: message.headers.host ?? '', path: target }
  const rest = absolute[2] ?? ''
  return { authority: absolute[1] ?? '', path: rest.startsWith('/') ? rest : `/${rest}` }
}

/** Whether a message has no body: neither a length above 0 nor chunks. */
export function endsWithHeaders(message: IncomingMessage): boolean {
  return (
    message.headers['transfer-encoding'] === undefined && Number(message.headers['content-length'] ?? 0) === 0
  )
}

/** Headers without pseudo headers and without those of one connection, as node:http takes them: a flat list. */
export function plainHeaders(headers: HeaderMap): string[] {
  return headers
    .toList()
    .filter(([name]) => !name.startsWith(':') && !HOP_BY_HOP.has(name))
    .flat()
}
